// Which threads call the hooks of asynchronous calls, and what they are told.

#include "support/fake_clock.hpp"
#include "support/faulty_cache.hpp"
#include "support/wait_until.hpp"
#include "unit/async/parts.hpp"
#include "unit/layers/waiting_cache.hpp"

#include <cachesite/async_call.hpp>
#include <cachesite/composite_hook.hpp>
#include <cachesite/hooked_cache.hpp>
#include <cachesite/memory_cache.hpp>

#include <array>
#include <chrono>
#include <future>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;
using namespace std::chrono_literals;

namespace {

/// Writes down every event and its thread.
class Diary final : public ICacheHook {
 public:
  struct Event {
    std::string text;
    std::thread::id thread;
    std::chrono::nanoseconds duration;
  };

  explicit Diary(bool needs_thread) : needs_thread_(needs_thread) {}

  void before(const CacheCall& call) override { add("before", call, "", {}); }
  void after(const CacheCall& call, const CacheCallResult& result,
             std::chrono::nanoseconds duration) override {
    add("after", call, " " + std::string(to_string(result.kind)) + " " + std::to_string(result.count),
        duration);
  }
  void on_error(const CacheCall& call, const Error& error, std::chrono::nanoseconds duration) override {
    add("error", call, " " + std::string(to_string(error.code())), duration);
  }
  [[nodiscard]] bool needs_thread() const noexcept override { return needs_thread_; }

  [[nodiscard]] std::vector<Event> events() {
    const std::lock_guard lock(mutex_);
    return events_;
  }
  [[nodiscard]] std::vector<std::string> texts() {
    std::vector<std::string> texts;
    for (const auto& event : events())
      texts.push_back(event.text);
    return texts;
  }

 private:
  void add(const std::string& what, const CacheCall& call, const std::string& end,
           std::chrono::nanoseconds duration) {
    std::string text = what + " " + std::string(to_string(call.operation)) + " " + std::string(call.key) +
                       "/" + std::to_string(call.keys) + end;
    const std::lock_guard lock(mutex_);
    events_.push_back({std::move(text), std::this_thread::get_id(), duration});
  }

  const bool needs_thread_;
  std::mutex mutex_;
  std::vector<Event> events_;
};

using Hooks = std::vector<std::shared_ptr<ICacheHook>>;

struct World {
  explicit World(bool needs_thread = false) : hook(std::make_shared<Diary>(needs_thread)) { make({hook}); }
  void make(Hooks hooks) {
    ComponentContext context;
    context.clock = clock;
    cache = std::make_shared<HookedCache>(below, std::move(hooks), context);
  }

  std::shared_ptr<Diary> hook;
  std::shared_ptr<FakeClock> clock = std::make_shared<FakeClock>();
  std::shared_ptr<FaultyCache> faults = std::make_shared<FaultyCache>(std::make_shared<MemoryCache>());
  std::shared_ptr<WaitingCache::Diary> asked = std::make_shared<WaitingCache::Diary>();
  std::shared_ptr<WaitingCache> below = std::make_shared<WaitingCache>("below", faults, asked);
  std::shared_ptr<HookedCache> cache;
};

Routine get(ICache& cache, std::string key, std::optional<Lookup>& found, CallOptions options = {}) {
  auto call = cache.async_get(key, options);
  found = co_await std::move(call);
}

using Texts = std::vector<std::string>;

// A hit, a miss, a batch and a failure.
void make_calls(World& world) {
  BOOST_TEST(world.cache->async_set_value("key", "value", 1h).wait());
  BOOST_TEST(world.cache->async_get("key").wait().hit());
  BOOST_TEST(world.cache->async_get("other").wait().miss());
  std::array<Lookup, 2> found;
  const std::array<std::string_view, 2> keys{"key", "other"};
  BOOST_TEST(world.cache->async_get_many(keys, found).wait().ok());
  ScanPosition position;
  std::vector<std::string> walked{"already there"};
  while (!position.finished)
    BOOST_TEST(world.cache->async_scan("k*", position, walked).wait().ok());
  world.faults->fail(Error(ErrorCode::timeout));
  BOOST_TEST(!world.cache->async_remove("key").wait().ok());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(hooked_async)

BOOST_AUTO_TEST_CASE(hooks_are_told_the_same_with_and_without_a_thread) {
  World with(true);
  World without(false);
  make_calls(with);
  make_calls(without);
  BOOST_TEST(with.hook->texts() == without.hook->texts(), boost::test_tools::per_element());
  const auto texts = without.hook->texts();
  BOOST_REQUIRE(texts.size() > 8U);
  BOOST_TEST(
      Texts(texts.begin(), texts.begin() + 4) == (Texts{"before write key/1", "after write key/1 done 0",
                                                        "before read key/1", "after read key/1 hit 0"}),
      boost::test_tools::per_element());
  BOOST_TEST(texts.back() == "error remove key/1 timeout");
  BOOST_TEST(without.asked->from_threads == 0U);
  BOOST_TEST(with.asked->from_threads == with.asked->lines.size());
}

BOOST_AUTO_TEST_CASE(both_events_of_a_hook_that_needs_a_thread_come_on_one_of_the_pool) {
  World world(true);
  BOOST_TEST(world.cache->async_get("key").wait().miss());
  const auto events = world.hook->events();
  BOOST_REQUIRE(events.size() == 2U);
  BOOST_TEST((events[0].thread == events[1].thread));
  BOOST_TEST((events[0].thread != std::this_thread::get_id()));
}

BOOST_AUTO_TEST_CASE(a_call_waits_without_a_thread_and_its_end_is_told_where_it_ends) {
  World world;
  world.below->hold(true);
  std::future<Lookup> found;
  {
    const std::string key(100, 'k');
    found = world.cache->async_get(key).future();
  }
  BOOST_TEST(world.hook->texts() == Texts{"before read " + std::string(100, 'k') + "/1"},
             boost::test_tools::per_element());
  world.clock->advance(7ms);
  std::thread::id ended_by;
  std::thread ending([&] {
    ended_by = std::this_thread::get_id();
    (void)world.below->answer();
  });
  ending.join();
  BOOST_TEST(found.get().miss());
  const auto events = world.hook->events();
  BOOST_REQUIRE(events.size() == 2U);
  BOOST_TEST(events[1].text == "after read " + std::string(100, 'k') + "/1 miss 0");
  BOOST_TEST((events[1].duration == 7ms));
  BOOST_TEST((events[0].thread == std::this_thread::get_id()));
  BOOST_TEST((events[1].thread == ended_by));
  BOOST_TEST(world.asked->from_threads == 0U);
}

BOOST_AUTO_TEST_CASE(a_caller_that_leaves_is_an_error_once) {
  for (const bool cancels : {false, true})
    BOOST_TEST_CONTEXT("cancels: " << cancels) {
      World world;
      world.below->hold(true);
      std::stop_source stop;
      std::optional<Lookup> found;
      std::optional<Routine> routine(get(*world.cache, "key", found, {.stop = stop.get_token()}));
      BOOST_REQUIRE(world.below->waiting() == 1U);
      if (cancels) {
        stop.request_stop();
        BOOST_TEST(wait_until([&] { return routine->done(); }));
        BOOST_TEST((found->error().code() == ErrorCode::closed));
      }
      routine.reset();
      BOOST_TEST(world.below->waiting() == 0U);
      BOOST_TEST(world.hook->texts() == (Texts{"before read key/1", "error read key/1 closed"}),
                 boost::test_tools::per_element());
    }
}

BOOST_AUTO_TEST_CASE(a_stop_while_a_call_waits_ends_later_calls_with_an_error) {
  World world;
  world.below->hold(true);
  std::optional<Lookup> found;
  const auto routine = get(*world.cache, "key", found);
  world.cache->stop();
  BOOST_TEST((world.cache->async_get("late").wait().error().code() == ErrorCode::closed));
  BOOST_REQUIRE(world.below->answer());
  BOOST_TEST(wait_until([&] { return routine.done(); }));
  BOOST_TEST(world.hook->texts() == (Texts{"before read key/1", "before read late/1",
                                           "error read late/1 closed", "after read key/1 miss 0"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(one_hook_that_needs_a_thread_is_enough_alone_or_within_another) {
  const auto needs = std::make_shared<Diary>(true);
  const auto needs_none = std::make_shared<Diary>(false);
  for (const bool nested : {false, true}) {
    World world;
    world.make(nested ? Hooks{std::make_shared<CompositeHook>(Hooks{needs_none, needs})}
                      : Hooks{needs_none, needs});
    BOOST_TEST(world.cache->async_get("key").wait().miss());
    BOOST_TEST(world.asked->from_threads == 1U);
    world.make(nested ? Hooks{std::make_shared<CompositeHook>(Hooks{needs_none})} : Hooks{needs_none});
    BOOST_TEST(world.cache->async_get("key").wait().miss());
    world.make({});
    BOOST_TEST(world.cache->async_get("key").wait().miss());
    BOOST_TEST(world.asked->from_threads == 1U);
  }
}

BOOST_AUTO_TEST_SUITE_END()
