// Asynchronous calls whose coroutine is destroyed while a value is computed.

#include "support/wait_until.hpp"
#include "unit/event_loop/parts.hpp"
#include "unit/layers/remember/computing_world.hpp"

#include <cachesite/async_remember.hpp>
#include <cachesite/async_request.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <utility>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace std::chrono_literals;

namespace {

// A cache that may wait, but has this answer at hand: as one whose server is known to be away, or a near tier.
class AnswerAtHand final : public CacheLayer {
 public:
  AnswerAtHand(std::shared_ptr<ICache> below, Result<Found> answer)
      : CacheLayer(std::move(below)), answer_(std::move(answer)) {}

 protected:
  [[nodiscard]] bool may_wait() const noexcept override { return true; }
  void do_begin(CacheRequest& request) override { forward(request); }
  bool do_begin_async(AsyncRequest& call) override {
    call.request().end(Result<Found>(answer_));
    return true;
  }

 private:
  const Result<Found> answer_;
};

test::Routine ask(std::shared_ptr<RememberCache> cache, test::HangingSource source) {
  const auto make = [source] { return source(); };  // without a name, g++ 12 would destroy it twice
  (void)co_await cache->async_remember("k", 1min, make);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(abandoned_calls)

BOOST_AUTO_TEST_CASE(a_call_whose_read_was_answered_at_once_can_be_abandoned_while_it_computes) {
  const Error away(ErrorCode::unreachable, "the server is away");
  for (const auto& answer : {Result<Found>(Found::miss), Result<Found>(away)}) {
    RememberCacheOptions options;
    options.over =
        std::shared_ptr<ICache>(std::make_shared<AnswerAtHand>(std::make_shared<MemoryCache>(), answer));
    const auto cache = std::make_shared<RememberCache>(options);
    const test::HangingSource source;
    {
      const auto asks = ask(cache, source);
      BOOST_TEST(test::wait_until([&] { return source.started() == 1; }));
    }
    source.release();
    BOOST_TEST(test::wait_until([&] { return source.ended() == 1; }));
  }
}

BOOST_AUTO_TEST_SUITE_END()
