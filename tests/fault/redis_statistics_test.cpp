// What the statistics of a server say when things happen to it, and what signs of life are for.

#include "fault/redis_world.hpp"
#include "support/patient.hpp"

#include <string>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;
using namespace std::chrono_literals;

namespace {

RedisEndpointStatistics of(const RedisWorld& world) {
  const auto all = world.cache->endpoint_statistics();
  BOOST_REQUIRE(all.size() == 1u);
  return all.front();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(redis_statistics)

BOOST_AUTO_TEST_CASE(calls_bytes_and_latencies_are_counted) {
  RedisWorld world;
  const auto before = of(world);
  BOOST_TEST(before.address == "127.0.0.1:" + std::to_string(world.proxy.port()));
  BOOST_TEST((before.state == RedisEndpointState::up));
  BOOST_TEST(before.connects == 1u);
  BOOST_TEST(before.answered == 0u);
  BOOST_TEST(before.last_error == "");
  BOOST_REQUIRE(world.cache->set_value("key", std::string(5000, 'v'), 1min));
  for (int call = 0; call < 9; ++call)
    BOOST_REQUIRE(world.cache->get_value("key").has_value());
  const auto after = of(world);
  BOOST_TEST(after.answered == 10u);
  BOOST_TEST(after.failed == 0u);
  BOOST_TEST(after.latency.count() == 10u);
  BOOST_TEST((after.latency.quantile(0.5) > 0ns && after.latency.quantile(0.5) < RedisWorld::deadline));
  BOOST_TEST(after.bytes_sent - before.bytes_sent > 5000u);
  BOOST_TEST(after.bytes_sent == world.proxy.arrived(Direction::to_server));
  BOOST_TEST(after.bytes_received - before.bytes_received > 45000u);
  BOOST_TEST((after.since == before.since));
}

BOOST_AUTO_TEST_CASE(a_lost_connection_a_repetition_and_the_next_connection_are_counted) {
  RedisWorld world;
  BOOST_REQUIRE(world.cache->set_value("key", "value", 1min));
  world.proxy.set(Direction::to_client, {.cut_after = 0, .cut_once = true});
  BOOST_TEST(world.cache->get("key").hit());
  const auto statistics = of(world);
  BOOST_TEST(statistics.connects == 2u);
  BOOST_TEST(statistics.losses == 1u);
  BOOST_TEST(statistics.retries == 1u);
  BOOST_TEST(statistics.failed == 0u);
  BOOST_TEST(statistics.last_error != "");
}

BOOST_AUTO_TEST_CASE(a_timeout_counts_by_whether_the_command_was_sent) {
  RedisWorld world;
  world.proxy.set(Direction::to_client, {.flow = Flow::hold});
  BOOST_TEST(world.cache->get("key").failed());
  const auto statistics = of(world);
  BOOST_TEST(statistics.timeouts_sent == 1u);
  BOOST_TEST(statistics.timeouts_queued == 0u);
  BOOST_TEST(statistics.failed == 1u);
  BOOST_TEST(statistics.last_error.find("no answer") != std::string::npos);
  BOOST_TEST((statistics.last_error_at.time_since_epoch() > 0s));
  world.proxy.pass();
}

BOOST_AUTO_TEST_CASE(a_server_that_is_away_is_down_with_the_reason) {
  RedisWorld world;
  world.server.kill();
  world.proxy.set_accepting(Accepting::refuse);
  world.proxy.drop_connections();
  BOOST_TEST(wait_until([&] {
    (void)world.cache->get_value("key");
    return of(world).state == RedisEndpointState::down;
  }));
  const auto statistics = of(world);
  BOOST_TEST(statistics.failed_connects > 0u);
  BOOST_TEST(statistics.last_error.find("connection refused") != std::string::npos);
  world.cache->stop();
  BOOST_TEST((of(world).state == RedisEndpointState::stopped));
}

BOOST_AUTO_TEST_CASE(a_link_that_died_in_silence_is_found_without_a_call) {
  auto options = patient<RedisCacheOptions>();
  options.health_check_interval = 50ms;
  RedisWorld world(options);
  BOOST_REQUIRE(world.recovers());
  world.proxy.set(Direction::to_client, {.flow = Flow::discard});
  world.proxy.set(Direction::to_server, {.flow = Flow::discard});
  BOOST_TEST(wait_until([&] { return of(world).losses == 1; }, 5s));
  world.proxy.pass();
  world.proxy.drop_connections();
  BOOST_TEST(wait_until([&] { return of(world).connects >= 2; }, 5s));
  BOOST_TEST(world.recovers());
}

BOOST_AUTO_TEST_CASE(without_an_interval_nobody_asks) {
  RedisWorld world;
  BOOST_REQUIRE(world.recovers());
  const auto sent = of(world).bytes_sent;
  auto options = patient<RedisCacheOptions>();
  options.health_check_interval = 10ms;
  RedisWorld asking(options);
  const auto before = of(asking).bytes_sent;
  BOOST_TEST(wait_until([&] { return of(asking).bytes_sent >= before + 5 * 14; }));
  BOOST_TEST(of(world).bytes_sent == sent);
}

BOOST_AUTO_TEST_SUITE_END()
