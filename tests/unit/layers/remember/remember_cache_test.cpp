// Get-or-compute over any cache: one computation for all who ask, within a process.

#include "support/fake_clock.hpp"
#include "support/wait_until.hpp"
#include "unit/layers/remember/moody_cache.hpp"

#include <cachesite/memory_cache.hpp>
#include <cachesite/memory_mutex_site.hpp>
#include <cachesite/remember_cache.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <latch>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace std::chrono_literals;
using test::MoodyCache;
using test::wait_until;

BOOST_AUTO_TEST_SUITE(remember_cache)

namespace {

using Factory = std::function<Result<std::optional<std::string>>()>;

struct World {
  explicit World(RememberCacheOptions options = {}) {
    ComponentContext context;
    context.clock = clock;
    below = std::make_shared<MoodyCache>(std::make_shared<MemoryCache>(MemoryCacheOptions{}, context));
    options.over = Reference<ICache>(below);
    cache = std::make_shared<RememberCache>(options, context);
  }

  // Asks from many threads at once, and lets the factory end when all others wait for it.
  std::vector<Lookup> ask(int threads, std::string_view key, const Factory& factory) {
    std::vector<Lookup> answers(static_cast<std::size_t>(threads));
    const auto waits = cache->statistics().stampede_waits + static_cast<std::uint64_t>(threads) - 1;
    std::vector<std::thread> callers;
    for (auto& answer : answers)
      callers.emplace_back([&] {
        answer = cache->remember(key, 1min, [&] {
          ++runs;
          wait_until([&] { return cache->statistics().stampede_waits >= waits; });
          return factory();
        });
      });
    for (auto& caller : callers)
      caller.join();
    return answers;
  }

  std::shared_ptr<test::FakeClock> clock = std::make_shared<test::FakeClock>();
  std::shared_ptr<MoodyCache> below;
  std::shared_ptr<RememberCache> cache;
  std::atomic<int> runs{0};
};

RememberCacheOptions with(std::function<void(RememberCacheOptions&)> change) {
  RememberCacheOptions options;
  change(options);
  return options;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_missing_value_is_computed_and_found_from_then_on) {
  World world;
  const auto compute = [&] {
    ++world.runs;
    return "Ada";
  };
  BOOST_TEST(world.cache->remember("user:42", 1min, compute).value().text() == "Ada");
  BOOST_TEST(world.cache->remember("user:42", 1min, compute).value().text() == "Ada");
  BOOST_TEST(world.cache->get("user:42").value().text() == "Ada");
  BOOST_TEST(world.runs == 1);
  world.clock->advance(61s);
  BOOST_TEST(world.cache->remember("user:42", 1min, compute).hit());
  BOOST_TEST(world.runs == 2);
}

BOOST_AUTO_TEST_CASE(a_factory_may_return_text_optionals_results_and_a_ttl) {
  World world;
  const std::string text = "x";
  BOOST_TEST(world.cache->remember("a", 1min, [&] { return text; }).value().text() == "x");
  BOOST_TEST(world.cache->remember("b", 1min, [&]() -> const std::string& { return text; }).hit());
  BOOST_TEST(world.cache->remember("c", 1min, [] { return std::string_view("x"); }).hit());
  BOOST_TEST(world.cache->remember("d", 1min, [] { return std::optional<std::string>("x"); }).hit());
  BOOST_TEST(world.cache->remember("e", 1min, [] { return std::nullopt; }).null());
  BOOST_TEST(world.cache->remember("f", 1min, [] { return Result<std::string>("x"); }).hit());
  BOOST_TEST(world.cache->remember("g", 1min, [] { return Error(ErrorCode::timeout); }).failed());
  BOOST_TEST(world.cache->remember("h", 1min, [] { return Computed{"x", TimeToLive(1s)}; }).hit());
  BOOST_TEST((world.cache->time_to_live("h").value().left == 1000ms));
  BOOST_TEST((world.cache->time_to_live("a").value().left == 60000ms));
  const auto forever = world.cache->remember("i", TimeToLive::never_expires(), [] { return "x"; });
  BOOST_TEST(forever.hit());
}

BOOST_AUTO_TEST_CASE(a_long_value_comes_back_whole_from_the_factory_and_from_the_cache) {
  World world;
  const std::string text(100'000, 'x');
  BOOST_TEST(world.cache->remember("k", 1min, [&] { return text; }).value().text() == text);
  BOOST_TEST(world.cache->remember("k", 1min, [] { return "other"; }).value().text() == text);
}

BOOST_AUTO_TEST_CASE(sixty_four_threads_run_the_factory_of_a_missing_key_once) {
  World world;
  const auto answers = world.ask(64, "k", [] { return std::optional<std::string>("v"); });
  BOOST_TEST(world.runs == 1);
  for (const auto& answer : answers)
    BOOST_TEST(answer.value().text() == "v");
  BOOST_TEST(world.cache->statistics().stampede_waits == 63U);
  BOOST_TEST(world.below->writes == 1);
  BOOST_TEST_MESSAGE("64 threads, 1 key: the factory ran " << world.runs << " time, 63 waited");
}

// Nobody is held back here: threads come and go while flights land.
BOOST_AUTO_TEST_CASE(no_second_computation_starts_in_the_gap_after_the_first) {
  World world;
  constexpr int threads = 16;
  constexpr int keys = 300;
  std::vector<std::atomic<int>> runs(keys);
  std::latch begin(threads);
  std::vector<std::thread> callers;
  for (int thread = 0; thread < threads; ++thread)
    callers.emplace_back([&] {
      begin.arrive_and_wait();
      for (int key = 0; key < keys; ++key)
        (void)world.cache->remember("k" + std::to_string(key), 1min, [&] {
          ++runs[static_cast<std::size_t>(key)];
          std::this_thread::yield();
          return "v";
        });
    });
  for (auto& caller : callers)
    caller.join();
  for (const auto& count : runs)
    BOOST_TEST(count == 1);
}

BOOST_AUTO_TEST_CASE(a_null_goes_to_all_who_wait_and_is_cached_for_its_own_time) {
  World world;
  for (const auto& answer : world.ask(8, "k", [] { return std::optional<std::string>(); }))
    BOOST_TEST(answer.null());
  BOOST_TEST(world.runs == 1);
  BOOST_TEST((world.cache->time_to_live("k").value().left == 5s));  // a tenth of 60 s is more
  (void)world.cache->remember("short", 1s, [] { return std::nullopt; });
  BOOST_TEST((world.cache->time_to_live("short").value().left == 100ms));
  (void)world.cache->remember("ever", TimeToLive::never_expires(), [] { return std::nullopt; });
  BOOST_TEST((world.cache->time_to_live("ever").value().left == 5s));
}

BOOST_AUTO_TEST_CASE(negative_ttl_is_how_long_a_null_is_cached_and_0_does_not_cache_it) {
  World minute(with([](auto& options) { options.negative_ttl = 60s; }));
  (void)minute.cache->remember("k", 1h, [] { return std::nullopt; });
  BOOST_TEST((minute.cache->time_to_live("k").value().left == 60s));
  (void)minute.cache->remember("shorter", 10s, [] { return std::nullopt; });
  BOOST_TEST((minute.cache->time_to_live("shorter").value().left == 10s));

  World never(with([](auto& options) { options.negative_ttl = 0s; }));
  BOOST_TEST(never.cache->remember("k", 1h, [] { return std::nullopt; }).null());
  BOOST_TEST(never.cache->get("k").miss());
  BOOST_TEST(never.below->writes == 0);
}

BOOST_AUTO_TEST_CASE(a_failure_of_the_factory_goes_to_all_who_wait_and_is_not_cached) {
  World world;
  for (const auto& answer : world.ask(8, "k", [] { return Error(ErrorCode::refused, "no such table"); })) {
    BOOST_REQUIRE(answer.failed());
    BOOST_TEST(answer.error().message() == "no such table");
  }
  BOOST_TEST(world.runs == 1);
  BOOST_TEST(world.below->writes == 0);
  BOOST_TEST(world.cache->remember("k", 1min, [] { return "v"; }).hit());
}

BOOST_AUTO_TEST_CASE(an_exception_of_the_factory_is_a_failure_with_its_text) {
  World world;
  const auto throws = []() -> Result<std::optional<std::string>> { throw std::runtime_error("no database"); };
  for (const auto& answer : world.ask(8, "k", throws)) {
    BOOST_REQUIRE(answer.failed());
    BOOST_TEST((answer.error().code() == ErrorCode::not_computed));
    BOOST_TEST(answer.error().message() == "no database");
  }
  const auto odd = world.cache->remember("k", 1min, []() -> std::string { throw 1; });
  BOOST_TEST((odd.error().code() == ErrorCode::not_computed));
  BOOST_TEST(world.cache->remember("k", 1min, [] { return "v"; }).hit());
}

BOOST_AUTO_TEST_CASE(weakness_20_an_invalid_ttl_is_refused_before_the_factory_runs) {
  World world;
  for (const auto ttl : {TimeToLive(0s), TimeToLive(-1s), TimeToLive(1us)}) {
    const auto answer = world.cache->remember("k", ttl, [&] {
      ++world.runs;
      return "v";
    });
    BOOST_TEST((answer.error().code() == ErrorCode::bad_argument));
  }
  const auto no_key = world.cache->remember("", 1min, [&] {
    ++world.runs;
    return "v";
  });
  BOOST_TEST((no_key.error().code() == ErrorCode::bad_argument));
  const auto long_key = world.cache->remember(std::string(70'000, 'k'), 1min, [&] {
    ++world.runs;
    return "v";
  });
  BOOST_TEST((long_key.error().code() == ErrorCode::too_large));
  BOOST_TEST(world.runs == 0);
  BOOST_TEST(world.below->reads == 0);
  BOOST_TEST(world.cache->statistics().refusals == 5U);
}

BOOST_AUTO_TEST_CASE(weakness_19_waiters_are_counted_and_do_not_inflate_hits_or_misses) {
  World world;
  (void)world.ask(16, "k", [] { return std::optional<std::string>("v"); });
  auto statistics = world.cache->statistics();
  BOOST_TEST(statistics.misses == 16U);
  BOOST_TEST(statistics.hits == 0U);
  BOOST_TEST(statistics.writes == 1U);
  BOOST_TEST(statistics.stampede_waits == 15U);
  (void)world.cache->remember("k", 1min, [] { return "v"; });
  statistics = world.cache->statistics();
  BOOST_TEST(statistics.misses == 16U);
  BOOST_TEST(statistics.hits == 1U);
}

BOOST_AUTO_TEST_CASE(weakness_19_a_second_look_behind_the_lock_is_not_counted) {
  RememberCacheOptions options;
  options.locks = Reference<IMutexSite>(std::make_shared<MemoryMutexSite>());
  World world(options);
  (void)world.cache->remember("k", 1min, [] { return "v"; });
  BOOST_TEST(world.below->reads == 2);
  BOOST_TEST(world.cache->statistics().misses == 1U);
  BOOST_TEST(world.cache->statistics().hits == 0U);
}

BOOST_AUTO_TEST_CASE(a_lonely_miss_reads_once_and_writes_once) {
  World world;
  (void)world.cache->remember("k", 1min, [] { return "v"; });
  BOOST_TEST(world.below->reads == 1);
  BOOST_TEST(world.below->writes == 1);
}

BOOST_AUTO_TEST_CASE(weakness_31_a_dead_backend_still_runs_the_factory_once_for_all) {
  World world;
  world.below->reads_fail = true;
  world.below->writes_fail = true;
  for (const auto& answer : world.ask(32, "k", [] { return std::optional<std::string>("v"); }))
    BOOST_TEST(answer.value().text() == "v");
  BOOST_TEST(world.runs == 1);
}

BOOST_AUTO_TEST_CASE(weakness_33_a_value_that_cannot_be_stored_is_returned_and_the_reason_is_told) {
  World world;
  world.below->writes_fail = true;
  std::vector<Error> told;
  Computation computation;
  computation.factory = []() -> Result<Computed> { return Computed{"v", {}}; };
  computation.report = [&](const Error& error) { told.push_back(error); };
  BOOST_TEST(world.cache->remember("k", 1min, computation).value().text() == "v");
  BOOST_REQUIRE(told.size() == 1U);
  BOOST_TEST(told.front().message() == "the server is away");
  computation.factory = []() -> Result<Computed> { return Computed{"v", TimeToLive(0s)}; };
  BOOST_TEST(world.cache->remember("k", 1min, computation).value().text() == "v");
  BOOST_REQUIRE(told.size() == 2U);
  BOOST_TEST((told.back().code() == ErrorCode::bad_argument));
}

BOOST_AUTO_TEST_CASE(a_cache_that_cannot_be_read_is_a_failure_when_the_caller_says_so) {
  World world;
  world.below->reads_fail = true;
  Computation computation;
  computation.factory = [&]() -> Result<Computed> {
    ++world.runs;
    return Computed{"v", {}};
  };
  computation.compute_without_cache = false;
  BOOST_TEST((world.cache->remember("k", 1min, computation).error().code() == ErrorCode::unreachable));
  BOOST_TEST(world.runs == 0);
}

BOOST_AUTO_TEST_CASE(an_entry_that_the_caller_does_not_accept_is_computed_anew) {
  World world;
  BOOST_TEST(world.cache->set_value("k", "broken", 1min));
  Computation computation;
  computation.factory = []() -> Result<Computed> { return Computed{"whole", {}}; };
  computation.accepts = [](Found, const Value& value) { return value.text() != "broken"; };
  BOOST_TEST(world.cache->remember("k", 1min, computation).value().text() == "whole");
  BOOST_TEST(world.cache->get("k").value().text() == "whole");
}

BOOST_AUTO_TEST_CASE(factories_may_ask_for_other_keys) {
  World world;
  const auto outer = world.cache->remember("sum", 1min, [&] {
    const auto inner = world.cache->remember("part", 1min, [] { return "1"; });
    return std::string(inner.value().text()) + "+1";
  });
  BOOST_TEST(outer.value().text() == "1+1");
  BOOST_TEST(world.cache->get("part").value().text() == "1");
}

BOOST_AUTO_TEST_CASE(a_factory_that_asks_for_its_own_key_gets_an_error_that_names_the_key) {
  World world;
  std::optional<Error> inner;
  const auto outer = world.cache->remember("a \"secret\"\nkey that is long", 1min, [&] {
    inner = world.cache->remember("a \"secret\"\nkey that is long", 1min, [] { return "never"; }).error();
    return "v";
  });
  BOOST_TEST(outer.value().text() == "v");
  BOOST_REQUIRE(inner.has_value());
  BOOST_TEST((inner->code() == ErrorCode::not_computed));
  BOOST_TEST(inner->message() == "the value under \"a \\\"secret\\\"\\x0akey t...\" needs itself");
}

BOOST_AUTO_TEST_CASE(two_factories_that_need_each_others_keys_do_not_wait_for_each_other) {
  World world;
  std::latch both(2);
  std::atomic<int> circles{0};
  const auto ask = [&](const char* own, const char* other) {
    (void)world.cache->remember(own, 1min, [&] {
      both.arrive_and_wait();
      const auto needed = world.cache->remember(other, 1min, [] { return "v"; });
      if (needed.failed() && needed.error().code() == ErrorCode::not_computed) ++circles;
      return "v";
    });
  };
  std::thread first([&] { ask("a", "b"); });
  std::thread second([&] { ask("b", "a"); });
  first.join();
  second.join();
  BOOST_TEST(circles == 1);  // the other one then gets its value
}

BOOST_AUTO_TEST_CASE(who_waits_for_too_long_computes_or_fails_as_it_is_set) {
  for (const auto choice : {OnLockFailure::compute, OnLockFailure::error}) {
    World world(with([&](auto& options) {
      options.wait = 20ms;
      options.on_lock_failure = choice;
    }));
    std::latch computing(1);
    std::latch end(1);
    std::thread slow([&] {
      (void)world.cache->remember("k", 1min, [&] {
        computing.count_down();
        end.wait();
        return "slow";
      });
    });
    computing.wait();
    const auto answer = world.cache->remember("k", 1min, [] { return "own"; });
    if (choice == OnLockFailure::compute)
      BOOST_TEST(answer.value().text() == "own");
    else
      BOOST_TEST((answer.error().code() == ErrorCode::timeout));
    end.count_down();
    slow.join();
  }
}

BOOST_AUTO_TEST_CASE(stopping_ends_the_waits_and_loses_no_value) {
  World world;
  std::latch computing(1);
  Lookup owner;
  Lookup waiter;
  std::thread first([&] {
    owner = world.cache->remember("k", 1min, [&] {
      computing.count_down();
      wait_until([&] { return world.cache->statistics().stampede_waits == 1; });
      world.cache->stop();
      return "v";
    });
  });
  computing.wait();
  std::thread second([&] { waiter = world.cache->remember("k", 1min, [] { return "never"; }); });
  first.join();
  second.join();
  BOOST_TEST(owner.value().text() == "v");
  // It may have seen the end of the flight first.
  BOOST_TEST((waiter.hit() || waiter.error().code() == ErrorCode::closed));
  const auto late = world.cache->remember("k", 1min, [] { return "v"; });
  BOOST_TEST((late.error().code() == ErrorCode::closed));
}

BOOST_AUTO_TEST_CASE(stopping_ends_the_wait_for_a_lock) {
  const auto locks = std::make_shared<MemoryMutexSite>();
  World world(with([&](auto& options) { options.locks = Reference<IMutexSite>(locks); }));
  const auto held = locks->get_mutex("k")->take();
  Lookup answer;
  std::thread waiter([&] { answer = world.cache->remember("k", 1min, [] { return "never"; }); });
  BOOST_TEST(wait_until([&] { return world.cache->statistics().stampede_waits == 1; }));
  world.cache->stop();
  waiter.join();
  BOOST_TEST((answer.error().code() == ErrorCode::closed));
}

BOOST_AUTO_TEST_CASE(the_lock_is_named_by_the_key_and_given_back_whatever_happens) {
  const auto locks = std::make_shared<MemoryMutexSite>();
  World world(with([&](auto& options) { options.locks = Reference<IMutexSite>(locks); }));
  const auto is_free = [&](std::string_view name) {
    return locks->get_mutex(name)->holders().value().empty();
  };
  const std::string long_key(5000, 'k');
  for (const std::string& key : {std::string("k"), long_key}) {
    (void)world.cache->remember(key, 1min, [&] {
      if (key != long_key) BOOST_TEST(!is_free(key));
      return "v";
    });
    BOOST_TEST(world.cache->get(key).hit());
  }
  (void)world.cache->remember("thrown", 1min, [&]() -> std::string { throw std::runtime_error("no"); });
  (void)world.cache->remember("failed", 1min, [&] { return Error(ErrorCode::refused); });
  for (const auto* key : {"k", "thrown", "failed"})
    BOOST_TEST(is_free(key));
}

BOOST_AUTO_TEST_CASE(a_lock_that_cannot_be_had_is_told_and_the_value_is_computed_or_not_as_it_is_set) {
  for (const auto choice : {OnLockFailure::compute, OnLockFailure::error}) {
    const auto locks = std::make_shared<MemoryMutexSite>();
    World world(with([&](auto& options) {
      options.locks = Reference<IMutexSite>(locks);
      options.on_lock_failure = choice;
    }));
    locks->stop();
    int told = 0;
    Computation computation;
    computation.factory = []() -> Result<Computed> { return Computed{"v", {}}; };
    computation.report = [&](const Error&) { ++told; };
    const auto answer = world.cache->remember("k", 1min, computation);
    BOOST_TEST(answer.hit() == (choice == OnLockFailure::compute));
    BOOST_TEST(told == (choice == OnLockFailure::compute ? 1 : 0));
  }
}

BOOST_AUTO_TEST_CASE(what_is_removed_or_written_while_it_is_computed_is_not_overwritten) {
  World world;
  const auto during = [&](const std::function<void()>& change) {
    const auto answer = world.cache->remember("k", 1min, [&] {
      change();
      return "old";
    });
    BOOST_TEST(answer.value().text() == "old");
  };
  during([&] { (void)world.cache->remove("k"); });
  BOOST_TEST(world.cache->get("k").miss());
  during([&] { (void)world.cache->remove_many({"a", "k"}); });
  BOOST_TEST(world.cache->get("k").miss());
  during([&] { (void)world.cache->remove_matching("k*"); });
  BOOST_TEST(world.cache->get("k").miss());
  during([&] { (void)world.cache->clear(); });
  BOOST_TEST(world.cache->get("k").miss());
  during([&] { (void)world.cache->remove_matching("other*"); });
  BOOST_TEST(world.cache->get("k").value().text() == "old");
  BOOST_TEST(world.cache->remove("k").value());
  during([&] { (void)world.cache->write("k", "new", 1min); });
  BOOST_TEST(world.cache->get("k").value().text() == "new");
}

BOOST_AUTO_TEST_CASE(who_asks_after_a_removal_does_not_get_what_was_computed_before_it) {
  World world;
  std::latch computing(1);
  std::latch end(1);
  std::thread old([&] {
    (void)world.cache->remember("k", 1min, [&] {
      computing.count_down();
      end.wait();
      return "old";
    });
  });
  computing.wait();
  (void)world.cache->remove("k");
  BOOST_TEST(world.cache->remember("k", 1min, [] { return "new"; }).value().text() == "new");
  end.count_down();
  old.join();
  BOOST_TEST(world.cache->get("k").value().text() == "new");
}

BOOST_AUTO_TEST_CASE(it_needs_a_cache_below_and_sane_options) {
  BOOST_CHECK_THROW(RememberCache{RememberCacheOptions{}}, std::invalid_argument);
  auto options = with([](auto& all) { all.negative_ttl = -1s; });
  options.over = Reference<ICache>(std::make_shared<MemoryCache>());
  BOOST_CHECK_THROW(RememberCache{options}, std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()
