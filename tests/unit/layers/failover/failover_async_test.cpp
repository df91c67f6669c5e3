// Asynchronous calls of a FailoverCache whose callers leave, or which wait while others change its state.

#include "support/fake_clock.hpp"
#include "support/faulty_cache.hpp"
#include "support/wait_until.hpp"
#include "unit/async/parts.hpp"
#include "unit/layers/waiting_cache.hpp"

#include <cachesite/async_call.hpp>
#include <cachesite/failover_cache.hpp>
#include <cachesite/memory_cache.hpp>

#include <array>
#include <chrono>
#include <future>
#include <memory>
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

const Error outage(ErrorCode::unreachable, "no server");

struct World {
  explicit World(FailoverCacheOptions options = {}) {
    if (!options.over.component()) options.over = std::shared_ptr<ICache>(first);
    if (!options.failover.component()) options.failover = std::shared_ptr<ICache>(second);
    ComponentContext context;
    context.clock = clock;
    cache = std::make_shared<FailoverCache>(options, context);
  }
  void hold(bool holds) const {
    first->hold(holds);
    second->hold(holds);
  }
  void next_try() const { clock->advance(1s); }
  [[nodiscard]] FailoverStatistics figures() const { return cache->failover_statistics(); }
  /// What has been asked since the last time.
  [[nodiscard]] std::vector<std::string> asked() const {
    const std::lock_guard lock(diary->mutex);
    return std::exchange(diary->lines, {});
  }
  /// Down, with `key` to be removed; then the first cache works again.
  void leave_a_key_owed() const {
    faults->fail(outage);
    BOOST_REQUIRE(cache->set_value("key", "of the outage", 1h));
    faults->work();
    next_try();
    (void)asked();
  }

  std::shared_ptr<FakeClock> clock = std::make_shared<FakeClock>();
  std::shared_ptr<MemoryCache> memory = std::make_shared<MemoryCache>();
  std::shared_ptr<MemoryCache> spare = std::make_shared<MemoryCache>();
  std::shared_ptr<FaultyCache> faults = std::make_shared<FaultyCache>(memory);
  std::shared_ptr<FaultyCache> spare_faults = std::make_shared<FaultyCache>(spare);
  std::shared_ptr<WaitingCache::Diary> diary = std::make_shared<WaitingCache::Diary>();
  std::shared_ptr<WaitingCache> first = std::make_shared<WaitingCache>("first", faults, diary);
  std::shared_ptr<WaitingCache> second = std::make_shared<WaitingCache>("second", spare_faults, diary);
  std::shared_ptr<FailoverCache> cache;
};

using Asked = std::vector<std::string>;

Routine write(ICache& cache, std::string value, std::optional<Status>& done, CallOptions options = {}) {
  auto call = cache.async_write("key", value, 1h, options);
  done = co_await std::move(call);
}
Routine get(ICache& cache, std::string key, std::string& found, CallOptions options = {}) {
  auto call = cache.async_get(key, options);
  const auto lookup = co_await std::move(call);
  found = lookup.hit()      ? std::string(lookup.value().text())
          : lookup.failed() ? std::string(to_string(lookup.error().code()))
                            : "miss";
}

/// Answers the first question of either cache that waits; false without any.
bool answer_one(const World& world) {
  return world.first->answer() || world.second->answer();
}
/// Lets a routine go on until it has ended.
void finish(const World& world, const Routine& routine) {
  BOOST_TEST(wait_until([&] {
    while (answer_one(world)) {
    }
    return routine.done();
  }));
}

}  // namespace

BOOST_AUTO_TEST_SUITE(failover_async)

BOOST_AUTO_TEST_CASE(a_call_waits_for_each_cache_without_a_thread) {
  World world;
  BOOST_REQUIRE(world.cache->set_value("key", "old", 1h));
  world.leave_a_key_owed();
  world.diary->from_threads = 0;
  world.hold(true);
  std::optional<Status> done;
  const auto routine = write(*world.cache, "new", done);
  finish(world, routine);
  BOOST_TEST(done->ok());
  BOOST_TEST(world.asked() ==
                 (Asked{"first remove_many  key", "second remove_many  key", "first write key for 3600000"}),
             boost::test_tools::per_element());
  BOOST_TEST(world.diary->from_threads == 0U);
  BOOST_TEST(world.memory->get("key").value().text() == "new");
  BOOST_TEST(world.spare->get("key").miss());
  BOOST_TEST(world.figures().keys_to_repair == 0U);
  BOOST_TEST(!world.figures().down);
}

BOOST_AUTO_TEST_CASE(a_call_that_fails_in_the_first_cache_goes_on_in_the_second_with_what_its_caller_gave) {
  World world;
  world.hold(true);
  std::future<Status> done;
  {
    const std::string key(100, 'k');
    const std::string value(1000, 'v');
    done = world.cache->async_write(key, value, 1h).future();
  }
  BOOST_REQUIRE(world.first->fail(outage));
  BOOST_TEST(world.figures().down);
  BOOST_TEST(world.figures().keys_to_repair == 1U);
  BOOST_REQUIRE(world.second->answer());
  BOOST_TEST(done.get().ok());
  BOOST_TEST(world.spare->get(std::string(100, 'k')).value().text() == std::string(1000, 'v'));
  BOOST_TEST(world.asked() == (Asked{"first write " + std::string(100, 'k') + " for 3600000",
                                     "second write " + std::string(100, 'k') + " for 60000"}),
             boost::test_tools::per_element());
  BOOST_TEST(world.figures().failover_calls == 1U);
}

BOOST_AUTO_TEST_CASE(on_the_way_back_the_second_cache_is_asked_only_what_concerns_it) {
  World world;
  world.leave_a_key_owed();
  BOOST_TEST(world.cache->async_size().wait().ok());  // finds that it works
  world.faults->fail_for("key", Error(ErrorCode::refused, "MISCONF the disk is full"));
  std::array<Result<bool>, 2> removed{false, false};
  const std::array<std::string_view, 2> keys{"a", "b"};
  BOOST_TEST(world.cache->async_remove_many(keys, removed).wait().ok());
  BOOST_TEST(world.cache->async_remove_matching("c*").wait().ok());
  BOOST_TEST(world.asked() == (Asked{"first size ", "first remove_many  key", "first remove_many  a b",
                                     "second remove_matching c*", "first remove_matching c*"}),
             boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_caller_that_leaves_at_any_question_loses_no_removal) {
  for (int answered = 0; answered < 3; ++answered)
    for (const bool cancels : {false, true})
      BOOST_TEST_CONTEXT("left after " << answered << " answers, cancels: " << cancels) {
        World world;
        BOOST_REQUIRE(world.cache->set_value("key", "old", 1h));
        world.leave_a_key_owed();
        world.hold(true);
        std::optional<Status> done;
        std::stop_source stop;
        std::optional<Routine> routine(write(*world.cache, "new", done, {.stop = stop.get_token()}));
        for (int count = 0; count < answered; ++count)
          BOOST_REQUIRE(answer_one(world));
        if (cancels) {
          stop.request_stop();
          BOOST_TEST(wait_until([&] { return routine->done(); }));
          BOOST_TEST((done->error().code() == ErrorCode::closed));
        }
        routine.reset();
        BOOST_TEST(world.first->waiting() + world.second->waiting() == 0U);
        world.hold(false);
        world.next_try();
        BOOST_TEST(world.cache->get("elsewhere").miss());
        BOOST_TEST(!world.cache->get("key").hit());
        BOOST_TEST(world.spare->get("key").miss());
        world.next_try();
        BOOST_TEST(world.cache->get("elsewhere").miss());
        BOOST_TEST(world.figures().keys_to_repair == 0U);
        BOOST_TEST(!world.figures().down);
      }
}

BOOST_AUTO_TEST_CASE(
    a_change_in_the_second_cache_whose_caller_leaves_is_undone_when_the_first_is_back_already) {
  for (const bool batch : {false, true})
    for (const bool cancels : {false, true})
      BOOST_TEST_CONTEXT("batch: " << batch << ", cancels: " << cancels) {
        World world;
        world.hold(true);
        std::stop_source stop;
        std::array<Status, 2> results{Done{}, Done{}};
        const std::array<CacheEntry, 2> entries{{{"key", "new", 1h}, {"other", "new", 1h}}};
        const CallOptions options{.stop = stop.get_token()};
        auto begin = [](ICache& cache, bool many, std::span<const CacheEntry> given, std::span<Status> ends,
                        CallOptions with) -> Routine {
          if (many) {
            auto call = cache.async_set_many(given, ends, with);
            (void)co_await std::move(call);
          } else {
            auto call = cache.async_write("key", "new", 1h, with);
            (void)co_await std::move(call);
          }
        };
        std::optional<Routine> routine(begin(*world.cache, batch, entries, results, options));
        BOOST_REQUIRE(world.first->fail(outage));
        BOOST_REQUIRE(world.second->waiting() == 1U);
        world.hold(false);
        world.next_try();
        BOOST_TEST(world.cache->get("another").miss());  // finds that it works
        BOOST_TEST(world.cache->get("another").miss());  // and removes what is owed
        BOOST_TEST(world.figures().keys_to_repair == 0U);
        BOOST_REQUIRE(world.cache->set_value("key", "newest", 1h));
        if (cancels) {
          stop.request_stop();
          BOOST_TEST(wait_until([&] { return routine->done(); }));
        }
        routine.reset();
        BOOST_TEST(world.spare->set_value("key", "new", 1h));  // the server carries it out all the same
        BOOST_TEST(world.figures().keys_to_repair == (batch ? 2U : 1U));
        world.next_try();
        BOOST_TEST(world.cache->get("another").miss());
        BOOST_TEST(world.figures().keys_to_repair == 0U);
        world.faults->fail(outage);
        BOOST_TEST(world.cache->get("key").miss());
      }
}

BOOST_AUTO_TEST_CASE(a_change_that_ends_in_the_second_cache_after_the_first_is_back_is_removed_there) {
  World world;
  world.hold(true);
  std::optional<Status> done;
  const auto routine = write(*world.cache, "old", done);
  BOOST_REQUIRE(world.first->fail(outage));
  world.hold(false);
  world.next_try();
  BOOST_TEST(world.cache->get("another").miss());  // finds that it works
  BOOST_TEST(world.cache->get("another").miss());  // and removes what is owed
  (void)world.asked();
  finish(world, routine);
  BOOST_TEST(done->ok());
  BOOST_TEST(world.asked() == Asked{"second remove key"}, boost::test_tools::per_element());
  BOOST_TEST(world.spare->get("key").miss());
}

BOOST_AUTO_TEST_CASE(what_is_owed_is_removed_by_one_call_at_a_time_and_goes_on_when_that_has_left) {
  for (const std::string_view what : {"key", "pattern", "everything"})
    BOOST_TEST_CONTEXT(what) {
      World world;
      BOOST_REQUIRE(world.cache->set_value("key", "old", 1h));
      world.faults->fail(outage);
      if (what == "key") (void)world.cache->remove("key");
      if (what == "pattern") (void)world.cache->remove_matching("k*");
      if (what == "everything") (void)world.cache->clear();
      world.faults->work();
      world.next_try();
      BOOST_TEST(world.cache->get("another").miss());
      (void)world.asked();
      world.first->hold(true);
      std::string found;
      {
        const auto gone = get(*world.cache, "another", found);
        const auto also_gone = get(*world.cache, "another", found);
        BOOST_TEST(world.first->waiting() == 3U);  // one removal, two reads
      }
      BOOST_TEST(world.first->waiting() == 1U);
      BOOST_TEST(world.figures().keys_to_repair == (what == "everything" ? 0U : 1U));
      BOOST_REQUIRE(world.first->answer());
      BOOST_TEST(wait_until([&] { return world.figures().keys_to_repair == 0U; }));
      BOOST_TEST(world.memory->get("key").miss());
      const auto last = get(*world.cache, "another", found);
      finish(world, last);
      BOOST_TEST(world.first->waiting() == 0U);
    }
}

BOOST_AUTO_TEST_CASE(a_removal_that_fails_ends_the_return_and_is_made_up_for) {
  World world;
  BOOST_REQUIRE(world.cache->set_value("key", "old", 1h));
  world.faults->fail(outage);
  (void)world.cache->remove("key");
  world.faults->work();
  world.next_try();
  BOOST_TEST(world.cache->get("another").miss());
  world.first->hold(true);
  std::string found;
  const auto routine = get(*world.cache, "another", found);
  BOOST_REQUIRE(world.first->fail(outage));
  BOOST_TEST(wait_until([&] { return world.figures().down; }));
  finish(world, routine);
  BOOST_TEST(found == "miss");
  BOOST_TEST(world.figures().keys_to_repair == 1U);
  world.hold(false);
  world.next_try();
  BOOST_TEST(world.cache->async_get("key").wait().miss());
  BOOST_TEST(world.figures().keys_to_repair == 0U);
}

BOOST_AUTO_TEST_CASE(who_has_no_time_left_says_nothing_about_the_first_cache) {
  const auto gated = std::make_shared<GatedCache>();
  FailoverCacheOptions options;
  options.over = std::shared_ptr<ICache>(gated);
  World world(options);
  gated->close();
  const auto late = world.cache->async_get("key", {.patience = 5ms}).wait();
  BOOST_REQUIRE(late.failed());
  BOOST_TEST((late.error().code() == ErrorCode::timeout));
  std::array<Lookup, 2> found;
  const std::array<std::string_view, 2> keys{"key", "other"};
  BOOST_TEST(world.cache->async_get_many(keys, found, {.patience = 5ms}).wait().ok());
  BOOST_REQUIRE(found[1].failed());
  BOOST_TEST((found[1].error().code() == ErrorCode::timeout));
  const auto written = world.cache->async_write("key", "value", 1h, {.patience = 5ms}).wait();
  BOOST_TEST((written.error().code() == ErrorCode::timeout));
  gated->open();
  BOOST_TEST(!world.figures().down);
  BOOST_TEST(world.figures().outage_errors == 0U);
  BOOST_TEST(world.figures().keys_to_repair == 0U);
  BOOST_TEST(world.asked().empty());
}

BOOST_AUTO_TEST_CASE(who_has_no_time_left_in_the_second_cache_is_told_so_and_the_key_stays_owed) {
  const auto gated = std::make_shared<GatedCache>();
  FailoverCacheOptions options;
  options.failover = std::shared_ptr<ICache>(gated);
  World world(options);
  world.faults->fail(outage);
  gated->close();
  const auto written = world.cache->async_write("key", "value", 1h, {.patience = 5ms}).wait();
  gated->open();
  BOOST_REQUIRE(!written.ok());
  BOOST_TEST((written.error().code() == ErrorCode::timeout));
  BOOST_TEST(world.figures().degraded_calls == 0U);
  BOOST_TEST(world.figures().keys_to_repair == 1U);
}

BOOST_AUTO_TEST_CASE(what_the_first_cache_may_have_done_is_not_said_to_be_not_done) {
  const std::array<CacheEntry, 2> entries{{{"a", ByteView("1"), 1h}, {"b", ByteView("2"), 1h}}};
  for (const auto first_outcome : {Outcome::not_done, Outcome::unknown}) {
    FailoverCacheOptions options;
    options.on_error = OnError::error;
    World world(options);
    world.faults->fail(Error(ErrorCode::unreachable, "lost", first_outcome));
    world.spare_faults->fail(Error(ErrorCode::unreachable, "no server", Outcome::not_done));
    const auto check = [&](const Status& written, Outcome expected) {
      BOOST_REQUIRE(!written.ok());
      BOOST_TEST((written.error().outcome() == expected));
    };
    check(world.cache->write("key", "value", 1h), first_outcome);
    world.next_try();
    check(world.cache->async_write("key", "value", 1h).wait(), first_outcome);
    world.next_try();
    for (const auto& stored : world.cache->set_many(entries))
      check(stored, first_outcome);
    world.next_try();
    std::array<Status, 2> stored{Done{}, Done{}};
    BOOST_TEST(world.cache->async_set_many(entries, stored).wait().ok());
    check(stored[0], first_outcome);
    // The first cache is not asked now.
    check(world.cache->write("key", "value", 1h), Outcome::not_done);
  }
}

BOOST_AUTO_TEST_CASE(a_stop_while_a_call_waits_lets_it_end_and_closes_the_cache_for_others) {
  World world;
  world.hold(true);
  std::optional<Status> done;
  const auto routine = write(*world.cache, "value", done);
  world.cache->stop();
  std::string found;
  const auto closed = get(*world.cache, "key", found);
  BOOST_TEST(found == "closed");
  BOOST_REQUIRE(world.first->fail(outage));
  finish(world, routine);
  BOOST_TEST(done->ok());
  BOOST_TEST(world.spare->get("key").hit());
}

BOOST_AUTO_TEST_CASE(a_function_that_is_told_of_failures_is_called_by_a_thread_of_the_pool) {
  std::thread::id told_by;
  FailoverCacheOptions options;
  options.on_error = OnError::callback;
  options.on_error_callback = [&](std::string_view, std::string_view, const Error&) {
    told_by = std::this_thread::get_id();
  };
  World world(options);
  world.faults->fail(outage);
  BOOST_TEST(world.cache->async_get("key").wait().miss());
  BOOST_TEST((told_by != std::thread::id() && told_by != std::this_thread::get_id()));
}

BOOST_AUTO_TEST_CASE(a_call_that_needs_more_memory_than_there_is_fails_and_leaves_the_state_as_it_is) {
  World world;
  world.faults->fail(Error(ErrorCode::no_memory));
  BOOST_TEST((world.cache->async_get("key").wait().error().code() == ErrorCode::no_memory));
  BOOST_TEST(!world.figures().down);
}

BOOST_AUTO_TEST_SUITE_END()
