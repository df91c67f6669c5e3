#include "support/sanitized.hpp"

#include <cachesite/queue.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <initializer_list>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace std::chrono_literals;

namespace {

// Fails for each 'f' of its script, has a message for each 'm' and none for each 'n', and is closed after it.
class ScriptedConsumer final : public IQueueConsumer {
 public:
  explicit ScriptedConsumer(std::string script) : script_(std::move(script)) {}

  [[nodiscard]] const std::string& name() const noexcept override { return script_; }

  // From the receiving at that place of the script to the next.
  [[nodiscard]] std::chrono::steady_clock::duration pause_after(std::size_t place) const {
    return asked_.at(place + 1) - asked_.at(place);
  }

 protected:
  Result<std::optional<QueueMessage>> do_receive(std::chrono::milliseconds, const std::stop_token&) override {
    const auto place = asked_.size();
    asked_.push_back(std::chrono::steady_clock::now());
    if (place >= script_.size()) return Error(ErrorCode::closed, "the script is over");
    if (script_[place] == 'f') return Error(ErrorCode::unreachable, "nobody is there");
    if (script_[place] == 'n') return std::optional<QueueMessage>();
    return std::optional<QueueMessage>(std::in_place, Value(), "", 1, nullptr);
  }

 private:
  const std::string script_;
  std::vector<std::chrono::steady_clock::time_point> asked_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(queue_consumer)

BOOST_AUTO_TEST_CASE(pauses_grow_while_the_backend_fails_and_are_short_again_once_it_has_answered) {
  for (const std::string script : {"fffmfmfmf", "fffnfnfnf"})
    BOOST_TEST_CONTEXT(script) {
      ScriptedConsumer consumer(script);
      int messages = 0, failures = 0;
      consumer.consume(
          {}, [&](const QueueMessage&) { ++messages; }, [&](const Error&) { ++failures; });
      BOOST_TEST(messages == std::count(script.begin(), script.end(), 'm'));
      BOOST_TEST(failures == 6);
      BOOST_TEST((consumer.pause_after(0) >= 50ms));
      BOOST_TEST((consumer.pause_after(1) >= 100ms));
      BOOST_TEST((consumer.pause_after(2) >= 200ms));
      const auto later = {consumer.pause_after(4), consumer.pause_after(6), consumer.pause_after(8)};
      BOOST_TEST((std::min(later) >= 50ms));
      BOOST_TEST((std::min(later) < 400ms * test::slowness));
    }
}

BOOST_AUTO_TEST_SUITE_END()
