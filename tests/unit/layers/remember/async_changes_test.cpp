// Asynchronous changes of keys whose values are being computed: they wait for a store that is under way, without a
// thread.

#include "support/wait_until.hpp"
#include "unit/event_loop/parts.hpp"
#include "unit/layers/remember/gated_stores.hpp"

#include <cachesite/async_call.hpp>
#include <cachesite/remember_cache.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;
using namespace std::chrono_literals;

namespace {

// Computations stop at the gate of the store.
struct World {
  World() {
    RememberCacheOptions options;
    options.over = Reference<ICache>(below);
    cache = std::make_shared<RememberCache>(options);
  }
  ~World() { below->open(); }

  // Returns when the value is about to be stored.
  std::future<bool> compute(const std::string& key = "k") {
    below->close();
    const int before = below->at_gate();
    auto computed = std::async(std::launch::async, [this, key] {
      return cache->remember(key, 1h, [] { return "computed"; }).hit();
    });
    BOOST_REQUIRE(wait_until([&] { return below->at_gate() > before; }));
    below->forget_questions();
    return computed;
  }
  [[nodiscard]] std::string stored(std::string_view key = "k") const {
    const auto found = memory->get(key);
    return found.hit() ? std::string(found.value().text()) : "nothing";
  }
  auto write(const std::string& value, const CallOptions& options = {}) {
    return cache->async_write("k", value, 1h, options);
  }

  std::shared_ptr<MemoryCache> memory = std::make_shared<MemoryCache>();
  std::shared_ptr<GatedStores> below = std::make_shared<GatedStores>(memory);
  std::shared_ptr<RememberCache> cache;
};

template <class R>
bool is_there(const std::future<R>& soon) {
  return soon.wait_for(0s) == std::future_status::ready;
}

Routine write_from_a_coroutine(ICache& cache, bool& ended) {
  const Status written = co_await cache.async_write("k", "of the coroutine", 1h);
  ended = true;
  (void)written;
}

Outcome outcome_of(const Status& status) {
  return status.ok() ? Outcome::unknown : status.error().outcome();
}
ErrorCode code_of(const Status& status) {
  return status.ok() ? ErrorCode::corrupt : status.error().code();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(async_changes)

BOOST_AUTO_TEST_CASE(a_change_goes_on_without_a_thread_when_nothing_of_its_key_is_stored) {
  World world;
  auto computed = world.compute("another");
  BOOST_TEST(world.write("new").wait().ok());
  BOOST_TEST(world.cache->async_remove("k").wait().value_or(false));
  BOOST_TEST(world.cache->async_increment("n", 2, 1h).wait().value_or(0) == 2);
  BOOST_TEST((world.below->asked() ==
              std::vector{CacheOperation::write, CacheOperation::remove, CacheOperation::increment}));
  BOOST_TEST(world.below->asked_by_threads() == 0);
  world.below->open();
  BOOST_TEST(computed.get());
}

BOOST_AUTO_TEST_CASE(changes_of_a_key_wait_for_its_store_and_keep_their_order) {
  World world;
  auto computed = world.compute();
  auto first = world.write("first").future();
  auto second = world.write("second").future();
  auto third = world.cache->async_add("k", "third", 1h).future();
  BOOST_TEST((!is_there(first) && !is_there(second) && !is_there(third)));
  BOOST_TEST(world.below->asked().empty());
  world.below->open();
  BOOST_TEST(computed.get());
  BOOST_TEST(first.get().ok());
  BOOST_TEST(second.get().ok());
  BOOST_TEST(!third.get().value_or(true));
  BOOST_TEST(world.stored() == "second");
  BOOST_TEST((world.below->asked() == std::vector{CacheOperation::write, CacheOperation::write,
                                                  CacheOperation::write, CacheOperation::add}));
  BOOST_TEST(world.below->asked_by_threads() == 0);
}

BOOST_AUTO_TEST_CASE(more_changes_than_there_are_workers_leave_them_free) {
  World world;
  auto computed = world.compute();
  std::vector<std::future<Status>> changes;
  for (int number = 0; number < 100; ++number)
    changes.push_back(world.write(std::to_string(number)).future());
  world.below->open();
  BOOST_TEST(computed.get());
  for (auto& change : changes)
    BOOST_TEST(change.get().ok());
  BOOST_TEST(world.stored() == "99");
  BOOST_TEST(world.below->asked_by_threads() == 0);
}

BOOST_AUTO_TEST_CASE(changes_of_many_keys_wait_for_each_that_is_stored) {
  using Change = std::function<std::future<bool>(World&)>;
  std::vector<Status> statuses(3, Status(Done{}));
  std::vector<Result<bool>> removed(2, Result<bool>(false));
  const std::vector<Change> all{
      [&](World& world) {
        const std::array<CacheEntry, 3> entries{CacheEntry{"a", ByteView("1"), 1h},
                                                CacheEntry{"k", ByteView("2"), 1h},
                                                CacheEntry{"l", ByteView("3"), 1h}};
        return world.cache->async_set_many(entries, statuses)
            .map([](const Status& status) { return status.ok(); })
            .future();
      },
      [&](World& world) {
        const std::array<std::string_view, 2> keys{"k", "l"};
        return world.cache->async_remove_many(keys, removed)
            .map([](const Status& status) { return status.ok(); })
            .future();
      },
      [](World& world) {
        return world.cache->async_remove_matching("?")
            .map([](const Result<std::uint64_t>& count) { return count.value_or(0) == 2; })
            .future();
      },
      [](World& world) {
        return world.cache->async_clear().map([](const Status& status) { return status.ok(); }).future();
      }};
  for (const auto& change : all) {
    World world;
    auto one = world.compute("k");
    auto other = world.compute("l");
    auto changed = change(world);
    BOOST_TEST(!is_there(changed));
    BOOST_TEST(world.below->asked().empty());
    world.below->open();
    BOOST_TEST(one.get());
    BOOST_TEST(other.get());
    BOOST_TEST(changed.get());
    BOOST_TEST(world.stored("k") == (&change == &all[0] ? "2" : "nothing"));
    BOOST_TEST(world.stored("l") == (&change == &all[0] ? "3" : "nothing"));
    BOOST_TEST(world.below->asked_by_threads() == 0);
  }
}

BOOST_AUTO_TEST_CASE(a_change_by_the_store_itself_does_not_wait_and_undoes_it) {
  World world;
  bool removed = false;
  world.below->before_answer = [&](const CacheRequest& request) {
    if (request.operation == CacheOperation::write && !std::exchange(removed, true))
      BOOST_TEST(world.cache->async_remove("k").wait().ok());
  };
  BOOST_TEST(world.cache->remember("k", 1h, [] { return "computed"; }).hit());
  BOOST_TEST(removed);
  BOOST_TEST(world.stored() == "nothing");
}

BOOST_AUTO_TEST_CASE(a_change_with_less_patience_than_the_store_is_not_made) {
  World world;
  auto computed = world.compute();
  const auto late = world.write("late", {.patience = 5ms}).wait();
  BOOST_TEST((code_of(late) == ErrorCode::timeout));
  BOOST_TEST((outcome_of(late) == Outcome::not_done));
  auto patient = world.write("patient", {.patience = 10min}).future();
  BOOST_TEST(!is_there(patient));
  world.below->open();
  BOOST_TEST(computed.get());
  BOOST_TEST(patient.get().ok());
  BOOST_TEST(world.stored() == "patient");
}

BOOST_AUTO_TEST_CASE(a_cancelled_change_is_not_made) {
  World world;
  auto computed = world.compute();
  std::stop_source stop;
  auto change = world.write("cancelled", {.stop = stop.get_token()}).future();
  BOOST_TEST(!is_there(change));
  stop.request_stop();
  const auto cancelled = change.get();
  BOOST_TEST((code_of(cancelled) == ErrorCode::closed));
  BOOST_TEST((outcome_of(cancelled) == Outcome::not_done));
  world.below->open();
  BOOST_TEST(computed.get());
  BOOST_TEST(world.stored() == "computed");
}

BOOST_AUTO_TEST_CASE(a_change_whose_coroutine_is_destroyed_is_not_made) {
  World world;
  auto computed = world.compute();
  bool ended = false;
  {
    const auto routine = write_from_a_coroutine(*world.cache, ended);
    BOOST_TEST(!routine.done());
  }
  auto next = world.cache->async_add("k", "next", 1h).future();
  world.below->open();
  BOOST_TEST(computed.get());
  BOOST_TEST(!next.get().value_or(true));
  BOOST_TEST(!ended);
  BOOST_TEST(world.stored() == "computed");
}

BOOST_AUTO_TEST_CASE(a_change_that_has_waited_is_abandoned_and_cancelled_below) {
  World world;
  auto computed = world.compute();
  world.below->hold();
  std::stop_source stop;
  auto cancelled = world.write("cancelled", {.stop = stop.get_token()}).future();
  bool ended = false;
  std::optional<Routine> routine(write_from_a_coroutine(*world.cache, ended));
  world.below->open();
  BOOST_TEST(computed.get());
  BOOST_TEST(wait_until([&] { return world.below->held() == 2; }));
  routine.reset();
  BOOST_TEST(world.below->held() == 1U);
  stop.request_stop();
  BOOST_TEST((outcome_of(cancelled.get()) == Outcome::unknown));
  BOOST_TEST(world.below->held() == 0U);
  BOOST_TEST(!ended);
}

BOOST_AUTO_TEST_CASE(a_change_that_has_waited_fails_as_the_store_does_or_when_the_cache_is_stopped) {
  for (const bool stops : {false, true}) {
    World world;
    auto computed = world.compute();
    world.below->failing = 2;  // after the store of what is computed
    auto change = world.write("new").future();
    if (stops) world.cache->stop();
    world.below->open();
    BOOST_TEST(computed.get());
    BOOST_TEST((code_of(change.get()) == (stops ? ErrorCode::closed : ErrorCode::unreachable)));
    BOOST_TEST(world.stored() == "computed");
  }
}

BOOST_AUTO_TEST_CASE(what_is_computed_when_a_change_begins_is_not_stored_afterwards) {
  World world;
  std::promise<void> compute;
  std::promise<void> begun;
  auto computed = std::async(std::launch::async, [&] {
    return world.cache
        ->remember("k", 1h,
                   [&] {
                     begun.set_value();
                     compute.get_future().wait();
                     return "computed";
                   })
        .hit();
  });
  begun.get_future().wait();
  BOOST_TEST(world.write("new").wait().ok());
  compute.set_value();
  BOOST_TEST(computed.get());
  BOOST_TEST(world.stored() == "new");
}

BOOST_AUTO_TEST_SUITE_END()
