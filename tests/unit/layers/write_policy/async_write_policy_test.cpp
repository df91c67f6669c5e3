// Asynchronous calls of a program whose values are written behind, while the queue is full.

#include "support/wait_until.hpp"
#include "unit/async/parts.hpp"

#include <cachesite/async_call.hpp>
#include <cachesite/cache_layer.hpp>
#include <cachesite/memory_cache.hpp>
#include <cachesite/write_policy_cache.hpp>

#include <atomic>
#include <chrono>
#include <future>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(async_write_policy)

namespace {

/// An origin that takes nothing until it is opened.
class SlowOrigin : public std::enable_shared_from_this<SlowOrigin> {
 public:
  IWritePolicyCache::Writer writer() {
    return [self = shared_from_this()](std::string_view, std::optional<ByteView>) -> Status {
      ++self->begun_;
      self->opened_.wait();
      ++self->ended_;
      return Done{};
    };
  }
  void open() {
    if (!std::exchange(is_open_, true)) open_.set_value();
  }
  [[nodiscard]] int begun() const { return begun_; }
  [[nodiscard]] int ended() const { return ended_; }

 private:
  std::promise<void> open_;
  std::shared_future<void> opened_ = open_.get_future().share();
  bool is_open_ = false;
  std::atomic<int> begun_{0};
  std::atomic<int> ended_{0};
};

/// A layer of a program's own that writes all values behind.
class BehindLayer final : public CacheLayer {
 public:
  BehindLayer(const std::shared_ptr<WritePolicyCache>& below, IWritePolicyCache::Writer writer)
      : CacheLayer(below), policy_(*below), writer_(std::move(writer)) {}

  [[nodiscard]] int entered() const { return entered_; }

 protected:
  void do_begin(CacheRequest& request) override {
    if (request.operation != CacheOperation::write) return forward(request);
    ++entered_;
    const auto written = policy_.write_behind(request.key, request.value, request.time_to_live, writer_);
    request.end(written.ok() ? Status(Done{}) : Status(written.error()));
  }

 private:
  WritePolicyCache& policy_;
  const IWritePolicyCache::Writer writer_;
  std::atomic<int> entered_{0};
};

/// A timer of the shared loop that counts how often it has expired.
class Pace {
 public:
  Pace() { arm(); }
  ~Pace() {
    stopped_ = true;
    // It may just have been on its way to be armed anew.
    for (int times = 0; times < 2; ++times)
      (void)reactor_.disarm(timer_);
  }
  Pace(const Pace&) = delete;
  Pace& operator=(const Pace&) = delete;

  bool goes_on() {
    const int before = times_;
    return wait_until([&] { return times_ >= before + 10; });
  }

 private:
  void arm() { reactor_.arm(timer_, reactor_.now() + 4ms); }

  std::atomic<bool> stopped_{false};
  std::atomic<int> times_{0};
  const std::shared_ptr<EventLoop> loop_ = EventLoop::shared();
  event_loop::IReactor& reactor_ = reactor_of(*loop_);
  TimerOf timer_{[this] {
    ++times_;
    if (!stopped_) arm();
  }};
};

struct World {
  explicit World(OnFull on_full = OnFull::wait) {
    WritePolicyCacheOptions options;
    options.over = Reference<ICache>(memory);
    options.queue_size = 1;
    options.on_full = on_full;
    options.wait_limit = 10min;
    policy = std::make_shared<WritePolicyCache>(options);
    layer = std::make_shared<BehindLayer>(policy, origin->writer());
  }
  ~World() { origin->open(); }

  [[nodiscard]] bool fill() {
    return layer->async_write("first", "value", 1h).wait().ok() &&
           wait_until([this] { return origin->begun() == 1; });
  }

  std::shared_ptr<SlowOrigin> origin = std::make_shared<SlowOrigin>();
  std::shared_ptr<MemoryCache> memory = std::make_shared<MemoryCache>();
  std::shared_ptr<WritePolicyCache> policy;
  std::shared_ptr<BehindLayer> layer;
};

bool is_there(const std::future<Status>& soon) {
  return soon.wait_for(0s) == std::future_status::ready;
}

Detached write(std::shared_ptr<ICache> cache, std::string key, std::shared_ptr<std::promise<Status>> ended) {
  const Status written = co_await cache->async_write(key, "value", 1h);
  ended->set_value(written);
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_full_queue_suspends_the_coroutine_and_not_the_loop) {
  World world;
  Pace pace;
  BOOST_REQUIRE(world.fill());
  const auto told = std::make_shared<std::promise<Status>>();
  auto ended = told->get_future();
  // On the thread of the loop, which it would stop if it waited there.
  WorkOf begin([&] { write(world.layer, "second", told); });
  EventLoop::shared()->execute(begin);
  BOOST_TEST(wait_until([&] { return world.layer->entered() == 2; }));
  BOOST_TEST(pace.goes_on());
  BOOST_TEST(world.layer->async_get("first").wait().hit());
  BOOST_TEST(world.layer->async_get("second").wait().miss());
  BOOST_TEST(world.policy->async_set_value("third", "value", 1h).wait());
  BOOST_TEST(pace.goes_on());
  BOOST_TEST(!is_there(ended));
  BOOST_TEST(world.policy->write_policy_statistics().queued == 1U);

  world.origin->open();
  BOOST_TEST(ended.get().ok());
  BOOST_TEST(world.layer->async_get("second").wait().hit());
  BOOST_TEST(world.policy->flush(10s).ok());
  BOOST_TEST(world.origin->ended() == 2);
}

BOOST_AUTO_TEST_CASE(calls_that_wait_for_room_get_it_one_after_the_other) {
  World world;
  Pace pace;
  BOOST_REQUIRE(world.fill());
  std::vector<std::future<Status>> calls;
  for (int call = 0; call < 20; ++call)
    calls.push_back(world.layer->async_write("key " + std::to_string(call), "value", 1h).future());
  BOOST_TEST(wait_until([&] { return world.layer->entered() == 21; }));
  BOOST_TEST(pace.goes_on());
  BOOST_TEST(world.policy->write_policy_statistics().queued == 1U);
  world.origin->open();
  int stored = 0;
  for (auto& call : calls)
    stored += call.get().ok() ? 1 : 0;
  BOOST_TEST(stored == 20);
  BOOST_TEST(world.policy->flush(10s).ok());
  BOOST_TEST(world.origin->ended() == 21);
  BOOST_TEST(world.policy->write_policy_statistics().written_behind == 21U);
}

BOOST_AUTO_TEST_CASE(a_call_with_less_patience_than_the_queue_leaves_it_early) {
  World world;
  Pace pace;
  BOOST_REQUIRE(world.fill());
  const auto late = world.layer->async_write("second", "value", 1h, {.patience = 5ms}).wait();
  BOOST_REQUIRE(!late.ok());
  BOOST_TEST((late.error().code() == ErrorCode::timeout));
  BOOST_TEST(pace.goes_on());
  BOOST_TEST(world.layer->async_get("first").wait().hit());
}

BOOST_AUTO_TEST_CASE(a_queue_that_refuses_ends_the_call_at_once) {
  World world(OnFull::refuse);
  BOOST_REQUIRE(world.fill());
  const auto refused = world.layer->async_write("second", "value", 1h).wait();
  BOOST_REQUIRE(!refused.ok());
  BOOST_TEST((refused.error().code() == ErrorCode::timeout));
  BOOST_TEST(world.policy->write_policy_statistics().refused == 1U);
  BOOST_TEST(world.memory->get("second").miss());
}

BOOST_AUTO_TEST_SUITE_END()
