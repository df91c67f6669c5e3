// A server that takes connections, greets, and answers no call in time.

#include "fault/redis_world.hpp"
#include "support/patient.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <string>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;
using namespace std::chrono_literals;

namespace {

struct World : RedisWorld {
  explicit World(std::uint32_t failures, std::chrono::milliseconds pause = 20ms)
      : RedisWorld(options(failures, pause)) {
    greeting = proxy.bytes(Direction::to_client);
  }

  static RedisCacheOptions options(std::uint32_t failures, std::chrono::milliseconds pause) {
    auto options = patient<RedisCacheOptions>();
    options.breaker_failures = failures;
    options.breaker_delay = pause;
    options.breaker_max_delay = std::max<std::chrono::milliseconds>(pause, 100ms);
    return options;
  }
  void say_no_more_than_the_greeting() {
    proxy.set(Direction::to_client, {.cut_after = greeting, .cut = Cut::hold});
    proxy.drop_connections();
  }
  RedisEndpointStatistics statistics() const { return cache->endpoint_statistics().front(); }
  bool is(RedisBreakerState state) const { return statistics().breaker == state; }
  bool is_connected() {
    return wait_until([this] { return statistics().state == RedisEndpointState::up; });
  }
  /// Calls, with a connection, until there is something else than a timeout.
  Error call_until_refused() {
    for (;;) {
      BOOST_REQUIRE(is_connected());
      auto found = cache->get("key");
      BOOST_REQUIRE(found.failed());
      if (found.error().code() != ErrorCode::timeout) return found.error();
    }
  }

  std::uint64_t greeting = 0;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(redis_breaker_faults)

BOOST_AUTO_TEST_CASE(calls_in_a_row_without_an_answer_make_calls_fail_at_once_until_one_is_answered) {
  World world(3);
  BOOST_REQUIRE(world.cache->set_value("key", "value", 1min));
  world.say_no_more_than_the_greeting();
  BOOST_TEST(wait_until([&] {
    (void)world.call_until_refused();
    return world.statistics().breaker_openings >= 1u;
  }));
  BOOST_TEST(world.statistics().timeouts_sent >= 3u);
  BOOST_TEST(wait_until([&] {
    const auto refused = world.call_until_refused();
    return refused.code() == ErrorCode::unreachable && refused.outcome() == Outcome::not_done &&
           refused.message().find("calls in a row were not answered in time") != std::string_view::npos;
  }));
  BOOST_TEST(wait_until([&] {
    (void)world.cache->get("key");
    return world.statistics().breaker_openings >= 3u;
  }));
  world.proxy.pass();
  BOOST_TEST(world.recovers());
  BOOST_TEST(world.is(RedisBreakerState::closed));
  BOOST_TEST((world.cache->health().state == HealthState::up));
  BOOST_TEST(world.cache->get("key").hit());
  // Once, unless a greeting took too long as well.
  const auto losses = world.logger->count(LogLevel::warning);
  BOOST_TEST((losses >= 1u && losses < 4u));
  BOOST_TEST(world.logger->count(LogLevel::info, "is back") == losses);
}

BOOST_AUTO_TEST_CASE(while_one_of_many_threads_tries_the_others_are_refused) {
  World world(3);
  world.say_no_more_than_the_greeting();
  std::atomic<bool> over{false};
  std::atomic<std::uint64_t> refusals{0};
  std::vector<std::thread> callers;
  for (int caller = 0; caller < 8; ++caller)
    callers.emplace_back([&] {
      while (!over) {
        const auto found = world.cache->get("key");
        if (found.failed() && found.error().code() == ErrorCode::unreachable) ++refusals;
        std::this_thread::yield();
      }
    });
  BOOST_TEST(wait_until([&] { return world.statistics().breaker_openings >= 4u; }));
  BOOST_TEST(refusals > 100u);
  world.proxy.pass();
  BOOST_TEST(world.recovers());
  over = true;
  for (auto& caller : callers)
    caller.join();
  BOOST_TEST(world.is(RedisBreakerState::closed));
}

BOOST_AUTO_TEST_CASE(a_server_that_restarts_while_the_breaker_is_open_is_used_again) {
  World world(1);
  world.say_no_more_than_the_greeting();
  BOOST_TEST(wait_until([&] {
    (void)world.call_until_refused();
    return world.statistics().breaker_openings >= 1u;
  }));
  world.server.kill();
  world.proxy.drop_connections();
  world.proxy.pass();
  world.server.restart();
  BOOST_TEST(world.recovers());
  BOOST_TEST(world.is(RedisBreakerState::closed));
}

BOOST_AUTO_TEST_CASE(without_a_breaker_every_call_takes_its_time) {
  World world(0);
  world.say_no_more_than_the_greeting();
  for (int timeouts = 0; timeouts < 7;) {
    BOOST_REQUIRE(world.is_connected());
    const auto found = world.cache->get("key");
    BOOST_REQUIRE(found.failed());
    if (found.error().code() == ErrorCode::timeout) ++timeouts;
  }
  BOOST_TEST(world.statistics().breaker_openings == 0u);
}

BOOST_AUTO_TEST_CASE(the_cache_is_down_during_the_pause_and_no_longer_though_nobody_calls) {
  constexpr std::chrono::milliseconds brief = 1s, lengthy = 1h;
  for (const auto pause : {brief, lengthy}) {
    World world(1, pause);
    world.say_no_more_than_the_greeting();
    BOOST_TEST(wait_until([&] {
      (void)world.call_until_refused();
      return world.statistics().breaker_openings >= 1u;
    }));
    world.proxy.pass();
    BOOST_REQUIRE(world.is_connected());
    BOOST_TEST(wait_until([&] {
      return world.cache->health().state == (pause == brief ? HealthState::up : HealthState::down);
    }));
  }
}

BOOST_AUTO_TEST_CASE(a_stop_does_not_wait_for_an_open_breaker) {
  World world(1, 1h);
  world.say_no_more_than_the_greeting();
  BOOST_TEST(wait_until([&] {
    (void)world.call_until_refused();
    return world.statistics().breaker_openings >= 1u;
  }));
  world.cache->stop();
  BOOST_TEST((world.cache->get("key").error().code() == ErrorCode::closed));
}

BOOST_AUTO_TEST_CASE(a_probe_whose_connection_is_cut_lets_the_next_call_try_at_once) {
  World world(1);
  for (int round = 0; round < 2; ++round) {
    world.proxy.set(Direction::to_client, {.cut_after = world.greeting, .cut = Cut::hold});
    world.proxy.drop_connections();
    const auto openings = world.statistics().breaker_openings;
    BOOST_REQUIRE(wait_until([&] {
      (void)world.call_until_refused();
      return world.statistics().breaker_openings > openings;
    }));
    world.proxy.set(Direction::to_client, {.cut_after = world.greeting, .cut = Cut::reset});
    world.proxy.drop_connections();
    // A write is not repeated: it ends with its connection.
    BOOST_REQUIRE(wait_until([&] {
      const auto written = world.cache->write("key", "value", TimeToLive(1min));
      return !written.ok() && written.error().outcome() == Outcome::unknown &&
             written.error().code() == ErrorCode::unreachable;
    }));
    world.proxy.pass();
    BOOST_REQUIRE(world.is_connected());
    BOOST_TEST(world.cache->write("key", "value", TimeToLive(1min)).ok());
    BOOST_TEST(world.is(RedisBreakerState::closed));
  }
}

BOOST_AUTO_TEST_CASE(a_server_that_greets_and_answers_no_call_is_told_once_and_so_is_its_return) {
  for (const std::uint32_t failures : {0u, 3u}) {
    World world(failures);
    for (std::size_t round = 1; round <= 2; ++round) {
      BOOST_REQUIRE(world.recovers());
      world.say_no_more_than_the_greeting();
      for (int timeouts = 0; timeouts < 3;) {
        const auto found = world.cache->get("key");
        BOOST_REQUIRE(found.failed());
        if (found.error().code() == ErrorCode::timeout) ++timeouts;
      }
      BOOST_TEST(world.logger->count(LogLevel::warning) == round);
      BOOST_TEST(world.logger->count(LogLevel::info, "is back") == round - 1);
      world.proxy.pass();
      BOOST_TEST(world.recovers());
      BOOST_TEST(world.logger->count(LogLevel::warning) == round);
      BOOST_TEST(world.logger->count(LogLevel::info, "is back") == round);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
