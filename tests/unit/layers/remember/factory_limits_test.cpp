// The soft and the hard limit of a factory: a hanging source does not hang its key.

#include "support/wait_until.hpp"
#include "unit/layers/remember/computing_world.hpp"

#include <cachesite/remember.hpp>

#include <atomic>
#include <chrono>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace std::chrono_literals;
using test::ComputingWorld;
using test::HangingSource;
using test::wait_until;

namespace {

double milliseconds_in(std::chrono::steady_clock::duration time) {
  return std::chrono::duration<double, std::milli>(time).count();
}

std::future<Lookup> ask_for(ComputingWorld& world, std::string key, std::string value) {
  return std::async(std::launch::async, [&world, key = std::move(key), value = std::move(value)] {
    return world.cache->remember(key, 1min, [value] { return value; });
  });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(factory_limits)

// Acceptance test 57; failure F23.
BOOST_AUTO_TEST_CASE(a_hung_factory_does_not_hang_its_key) {
  ComputingWorld world([](auto& options) { options.factory_hard = 20ms; });
  const HangingSource source;
  const auto begin = std::chrono::steady_clock::now();
  const auto first = world.cache->remember("k", 1min, background(source));
  const auto took = std::chrono::steady_clock::now() - begin;
  BOOST_TEST((first.error().code() == ErrorCode::timeout));
  BOOST_TEST_MESSAGE("a caller with a hard limit of 20 ms left after " << milliseconds_in(took) << " ms");
  BOOST_TEST((took >= 20ms));
  BOOST_TEST(world.statistics().abandoned_now == 1U);
  BOOST_TEST(world.give("next").value().text() == "next");
  BOOST_TEST(world.give("v", "another key").hit());
  source.release();
  BOOST_TEST(wait_until([&] { return world.statistics().abandoned_now == 0; }));
  BOOST_TEST(world.cache->get("k").value().text() == "next");
  BOOST_TEST(world.statistics().hard_timeouts == 1U);
  BOOST_TEST(world.statistics().late_dropped == 1U);
}

BOOST_AUTO_TEST_CASE(who_waits_for_a_hung_factory_leaves_with_its_caller) {
  ComputingWorld world([](auto& options) { options.factory_hard = 50ms; });
  const HangingSource source;
  std::vector<std::future<Lookup>> waiting;
  for (int caller = 0; caller < 4; ++caller)
    waiting.push_back(
        std::async(std::launch::async, [&] { return world.cache->remember("k", 1min, background(source)); }));
  for (auto& each : waiting)
    BOOST_TEST((each.get().error().code() == ErrorCode::timeout));
  BOOST_TEST(world.statistics().hard_timeouts >= 1U);
  source.release();
}

BOOST_AUTO_TEST_CASE(the_late_value_of_a_factory_is_stored_when_nothing_happened_meanwhile) {
  ComputingWorld world([](auto& options) { options.factory_hard = 10ms; });
  const HangingSource source;
  BOOST_TEST(world.cache->remember("k", 1min, background(source)).failed());
  source.release();
  BOOST_TEST(wait_until([&] { return world.statistics().late_stored == 1; }));
  BOOST_TEST(world.cache->get("k").value().text() == "late");
}

// Acceptance tests 9 and 68 within the process; peers.md A 16; failure F25.
BOOST_AUTO_TEST_CASE(late_results_of_flights_are_not_stored_after_a_change_of_the_key) {
  const std::vector<std::function<void(RememberCache&)>> changes{
      [](auto& cache) { (void)cache.remove("k"); }, [](auto& cache) { (void)cache.clear(); },
      [](auto& cache) { (void)cache.remove_matching("k*"); },
      [](auto& cache) { (void)cache.write("k", "theirs", 1min); }};
  for (const auto& change : changes) {
    ComputingWorld world([](auto& options) { options.factory_hard = 10ms; });
    const HangingSource source;
    BOOST_TEST(world.cache->remember("k", 1min, background(source)).failed());
    change(*world.cache);
    const auto before = world.cache->get("k");
    source.release();
    BOOST_TEST(wait_until([&] { return world.statistics().late_dropped == 1; }));
    BOOST_TEST(world.cache->get("k").value().text() == before.value().text());
    BOOST_TEST(world.cache->get("k").miss() == before.miss());
  }
}

BOOST_AUTO_TEST_CASE(a_caller_that_runs_its_factory_itself_stays_and_others_do_not) {
  ComputingWorld world([](auto& options) { options.factory_hard = 20ms; });
  const HangingSource source;
  auto leader = std::async(std::launch::async,
                           [&] { return world.cache->remember("k", 1min, [&] { return source(); }); });
  BOOST_TEST(wait_until([&] { return source.started() == 1; }));
  BOOST_TEST(wait_until([&] { return ask_for(world, "k", "next").get().ok(); }));
  source.release();
  BOOST_TEST(leader.get().value().text() == "late");
  BOOST_TEST(world.cache->get("k").value().text() == "next");
}

BOOST_AUTO_TEST_CASE(a_factory_past_its_hard_limit_is_asked_to_stop) {
  ComputingWorld world([](auto& options) { options.factory_hard = 10ms; });
  const auto heeded = std::make_shared<std::atomic<bool>>(false);
  const auto found = world.cache->remember(
      "k", 1min, background([heeded](const ComputeContext& context) -> Result<Computed> {
        while (!context.stop.stop_requested())
          std::this_thread::yield();
        *heeded = true;
        return Error(ErrorCode::closed, "stopped");
      }));
  BOOST_TEST((found.error().code() == ErrorCode::timeout));
  BOOST_TEST(wait_until([&] { return heeded->load(); }));
}

BOOST_AUTO_TEST_CASE(no_further_factory_is_called_while_too_many_are_abandoned) {
  ComputingWorld world([](auto& options) {
    options.factory_hard = 10ms;
    options.most_abandoned = 2;
  });
  const HangingSource source;
  BOOST_TEST(world.cache->remember("a", 1min, background(source)).failed());
  BOOST_TEST(world.cache->remember("b", 1min, background(source)).failed());
  const auto refused = world.give("v", "c");
  BOOST_TEST((refused.error().code() == ErrorCode::refused));
  Computation forced;
  forced.factory = [&]() -> Result<Computed> { return ++world.runs, Computed{"v", {}}; };
  forced.refresh = true;
  BOOST_TEST((world.cache->remember("c", 1min, forced).error().code() == ErrorCode::refused));
  BOOST_TEST(world.runs == 0);
  BOOST_TEST(world.statistics().shed == 2U);
  source.release();
  BOOST_TEST(wait_until([&] { return world.statistics().abandoned_now == 0; }));
  BOOST_TEST(world.give("v", "c").hit());
}

// peers.md A 17.
BOOST_AUTO_TEST_CASE(more_callers_than_may_wait_are_refused_at_once) {
  ComputingWorld world([](auto& options) { options.most_waiting = 2; });
  const HangingSource source;
  std::vector<std::future<Lookup>> callers;
  callers.push_back(std::async(std::launch::async,
                               [&] { return world.cache->remember("k", 1min, [&] { return source(); }); }));
  BOOST_TEST(wait_until([&] { return source.started() == 1; }));
  for (int caller = 0; caller < 2; ++caller)
    callers.push_back(ask_for(world, "k", "unused"));
  BOOST_TEST(wait_until([&] { return world.statistics().joined == 2; }));
  BOOST_TEST((world.give("unused").error().code() == ErrorCode::refused));
  BOOST_TEST(world.statistics().shed == 1U);
  source.release();
  for (auto& caller : callers)
    BOOST_TEST(caller.get().value().text() == "late");
}

BOOST_AUTO_TEST_CASE(past_the_soft_limit_a_stale_value_is_returned_and_the_late_one_stored) {
  ComputingWorld world([](auto& options) {
    options.stale.keep = 1h;
    options.factory_soft = 10ms;
  });
  world.let_value_end();
  const HangingSource source;
  const auto begin = std::chrono::steady_clock::now();
  const auto found = world.cache->remember("k", 1min, background(source));
  const auto took = std::chrono::steady_clock::now() - begin;
  BOOST_TEST(found.value().text() == "old");
  BOOST_TEST(found.stale());
  BOOST_TEST((took >= 10ms));
  BOOST_TEST_MESSAGE("a caller with a soft limit of 10 ms left after " << milliseconds_in(took) << " ms");
  BOOST_TEST(world.statistics().soft_timeouts == 1U);
  source.release();
  BOOST_TEST(wait_until([&] { return world.cache->get("k").hit(); }));
  const auto fresh = world.give("unused");
  BOOST_TEST(fresh.value().text() == "late");
  BOOST_TEST(!fresh.stale());
}

BOOST_AUTO_TEST_CASE(without_a_stale_value_the_soft_limit_says_nothing) {
  ComputingWorld world([](auto& options) {
    options.stale.keep = 1h;
    options.factory_soft = 1ms;
  });
  const auto found = world.cache->remember("k", 1min, background([] {
                                             const auto end = std::chrono::steady_clock::now() + 5ms;
                                             while (std::chrono::steady_clock::now() < end)
                                               std::this_thread::yield();
                                             return "slow";
                                           }));
  BOOST_TEST(found.value().text() == "slow");
  BOOST_TEST(!found.stale());
}

BOOST_AUTO_TEST_CASE(who_waits_for_another_leaves_at_the_soft_limit_too) {
  ComputingWorld world([](auto& options) {
    options.stale.keep = 1h;
    options.factory_soft = 10ms;
  });
  world.let_value_end();
  const HangingSource source;
  auto leader = std::async(std::launch::async,
                           [&] { return world.cache->remember("k", 1min, [&] { return source(); }); });
  BOOST_TEST(wait_until([&] { return source.started() == 1; }));
  BOOST_TEST(world.give("unused").stale());
  source.release();
  BOOST_TEST(leader.get().value().text() == "late");
}

BOOST_AUTO_TEST_CASE(a_call_may_have_a_deadline_of_its_own) {
  ComputingWorld world([](auto&) {});
  const HangingSource source;
  Computation computation;
  computation.factory = [source]() -> Result<Computed> { return Computed{source(), {}}; };
  computation.may_outlive_call = true;
  computation.deadline = 10ms;
  BOOST_TEST((world.cache->remember("k", 1min, computation).error().code() == ErrorCode::timeout));
  BOOST_TEST(world.statistics().hard_timeouts == 0U);
  source.release();
  BOOST_TEST(world.give("unused").value().text() == "late");
}

BOOST_AUTO_TEST_CASE(a_background_factory_that_needs_itself_fails_and_names_the_key) {
  ComputingWorld world([](auto&) {});
  const auto cache = world.cache;
  const auto found = cache->remember("k", 1min, background([&cache]() -> Result<std::string> {
                                       const auto inner = cache->remember("k", 1min, [] { return "v"; });
                                       if (inner.failed()) return inner.error();
                                       return std::string(inner.value().text());
                                     }));
  BOOST_TEST((found.error().code() == ErrorCode::not_computed));
  BOOST_TEST(found.error().message().find("\"k\" needs itself") != std::string_view::npos);
}

BOOST_AUTO_TEST_CASE(what_a_background_factory_throws_reaches_all_callers) {
  ComputingWorld world([](auto&) {});
  const auto found = world.cache->remember(
      "k", 1min, background([]() -> std::string { throw std::runtime_error("no rows"); }));
  BOOST_TEST((found.error().code() == ErrorCode::not_computed));
  BOOST_TEST(found.error().message() == "no rows");
}

BOOST_AUTO_TEST_CASE(a_typed_factory_may_outlive_its_call_too) {
  ComputingWorld world([](auto& options) {
    options.stale.keep = 1h;
    options.factory_soft = 10ms;
  });
  const TypedCache<std::string, TextSerializer> texts(world.cache);
  BOOST_TEST(remember(texts, "k", 1min, background([] { return std::string("v"); })).value() == "v");
  world.clock->advance(61s);
  const HangingSource source;
  const auto found = remember(texts, "k", 1min, background(source));
  BOOST_TEST(found.value() == "v");
  BOOST_TEST(found.stale());
  source.release();
}

BOOST_AUTO_TEST_CASE(a_stopped_cache_lets_waiting_callers_go_and_its_end_waits_for_factories) {
  ComputingWorld world([](auto&) {});
  const HangingSource source;
  auto caller =
      std::async(std::launch::async, [&] { return world.cache->remember("k", 1min, background(source)); });
  BOOST_TEST(wait_until([&] { return source.started() == 1; }));
  world.cache->stop();
  BOOST_TEST((caller.get().error().code() == ErrorCode::closed));
  BOOST_TEST(source.ended() == 0);
  source.release();
  world.cache.reset();
  BOOST_TEST(source.ended() == 1);
}

BOOST_AUTO_TEST_SUITE_END()
