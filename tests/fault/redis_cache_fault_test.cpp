// One Redis cache, one fault at a time, through a proxy before a real server. Every call has to end by its
// deadline with the right reason, no answer may reach the wrong question, and the cache has to work again
// when the fault is over.

#include "fault/redis_world.hpp"

#include <atomic>
#include <csignal>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(redis_cache_faults)

BOOST_AUTO_TEST_CASE(a_server_that_restarts_between_two_calls_costs_no_read) {
  RedisWorld world;
  BOOST_REQUIRE(world.cache->set_value("key", "value", 1min));
  for (int round = 0; round < 5; ++round) {
    world.server.kill();
    world.server.restart();
    const auto lookup = world.cache->get("key");
    BOOST_TEST(!lookup.failed());
  }
}

BOOST_AUTO_TEST_CASE(a_frozen_server_costs_no_more_than_the_deadline) {
  RedisWorld world;
  world.server.freeze();
  for (int call = 0; call < 3; ++call) {
    const auto spent = RedisWorld::duration_of([&] { BOOST_TEST(world.cache->get("key").failed()); });
    BOOST_TEST(spent.count() <= (RedisWorld::deadline + RedisWorld::slack).count());
  }
  world.server.thaw();
  BOOST_TEST(world.recovers());
}

BOOST_AUTO_TEST_CASE(a_timed_out_write_is_reported_as_outcome_unknown_and_not_repeated) {
  RedisWorld world;
  world.proxy.set(Direction::to_client, {.flow = Flow::hold});
  const auto status = world.cache->write("once", "value", TimeToLive(1min));
  BOOST_REQUIRE(!status.ok());
  BOOST_TEST((status.error().code() == ErrorCode::timeout));
  BOOST_TEST((status.error().outcome() == Outcome::unknown));
  world.proxy.pass();
  BOOST_TEST(world.recovers());
  RedisProbe probe(world.server.address());
  BOOST_TEST(probe.command({"INFO", "commandstats"}).text.find("cmdstat_psetex:calls=1,") ==
             std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_server_that_drips_one_byte_a_time_costs_no_more_than_the_deadline) {
  RedisWorld world;
  BOOST_REQUIRE(world.cache->set_value("key", std::string(100, 'v'), 1min));
  world.proxy.set(Direction::to_client, {.piece_size = 1, .piece_interval = 100ms});
  const auto spent = RedisWorld::duration_of([&] {
    const auto lookup = world.cache->get("key");
    BOOST_REQUIRE(lookup.failed());
    BOOST_TEST((lookup.error().code() == ErrorCode::timeout));
  });
  BOOST_TEST(spent.count() <= (RedisWorld::deadline + RedisWorld::slack).count());
  world.proxy.pass();
  BOOST_TEST(world.recovers());
}

BOOST_AUTO_TEST_CASE(a_host_that_swallows_the_connection_attempt_costs_no_more_than_the_connect_timeout) {
  RedisWorld world;
  world.proxy.set_accepting(Accepting::black_hole);
  world.proxy.drop_connections();
  for (int call = 0; call < 3; ++call) {
    const auto spent = RedisWorld::duration_of([&] { BOOST_TEST(world.cache->get("key").failed()); });
    BOOST_TEST(spent.count() <= (RedisWorld::deadline + RedisWorld::slack).count());
  }
  world.proxy.set_accepting(Accepting::forward);
  BOOST_TEST(world.recovers());
}

BOOST_AUTO_TEST_CASE(
    a_connection_reset_at_any_byte_of_a_reply_gives_the_value_or_a_failure_but_never_another_value) {
  RedisWorld world;
  BOOST_REQUIRE(world.cache->set_value("key", "0123456789", 1min));
  for (std::uint64_t byte = 0; byte <= 17; ++byte) {
    world.proxy.set(Direction::to_client, {.cut_after = byte, .cut = Cut::reset, .cut_once = true});
    const auto lookup = world.cache->get("key");
    BOOST_TEST((lookup.failed() || (lookup.hit() && lookup.value().text() == "0123456789")));
    world.proxy.pass();
    BOOST_TEST(world.recovers());
  }
}

BOOST_AUTO_TEST_CASE(a_reply_split_at_every_byte_is_read_whole) {
  RedisWorld world;
  world.proxy.set(Direction::to_client, {.piece_size = 1});
  for (const std::size_t size : {0u, 1u, 10u, 500u}) {
    const std::string text(size, 'x');
    BOOST_REQUIRE(world.cache->set_value("split", text, 1min));
    const auto value = world.cache->get_value("split");
    BOOST_REQUIRE(value.has_value());
    BOOST_TEST((value->text() == text));
  }
}

BOOST_AUTO_TEST_CASE(a_surplus_reply_never_answers_the_next_question) {
  RedisWorld world;
  BOOST_REQUIRE(world.cache->set_value("a", "value of a", 1min));
  BOOST_REQUIRE(world.cache->set_value("b", "value of b", 1min));
  for (int round = 0; round < 20; ++round) {
    world.proxy.duplicate_replies(1);
    const auto first = world.cache->get("a");
    BOOST_TEST((first.failed() || first.value().text() == "value of a"));
    const auto second = world.cache->get("b");
    BOOST_TEST((second.failed() || second.value().text() == "value of b"));
  }
  BOOST_TEST(world.recovers());
}

BOOST_AUTO_TEST_CASE(a_late_reply_never_answers_the_next_question) {
  RedisWorld world;
  BOOST_REQUIRE(world.cache->set_value("a", "value of a", 1min));
  BOOST_REQUIRE(world.cache->set_value("b", "value of b", 1min));
  for (int round = 0; round < 3; ++round) {
    world.proxy.set(Direction::to_client, {.delay = RedisWorld::deadline + 200ms});
    BOOST_TEST(world.cache->get("a").failed());
    world.proxy.pass();
    for (int call = 0; call < 20; ++call) {
      const auto lookup = world.cache->get("b");
      BOOST_TEST((lookup.failed() || lookup.value().text() == "value of b"));
    }
    BOOST_TEST(world.recovers());
  }
}

BOOST_AUTO_TEST_CASE(writing_to_a_closed_connection_does_not_kill_the_process) {
  BOOST_REQUIRE((::signal(SIGPIPE, SIG_DFL) != SIG_ERR));
  RedisWorld world;
  for (int round = 0; round < 10; ++round) {
    world.proxy.drop_connections();
    (void)world.cache->set_value("key", std::string(200000, 'x'), 1min);
    (void)world.cache->get_value("key");
  }
  BOOST_TEST(world.recovers());
}

BOOST_AUTO_TEST_CASE(eight_threads_never_see_each_others_values_while_connections_break) {
  RedisWorld world;
  std::atomic<bool> stop{false};
  std::atomic<int> wrong{0};
  std::atomic<int> late{0};
  std::atomic<int> calls{0};
  std::vector<std::thread> workers;
  for (int number = 0; number < 8; ++number)
    workers.emplace_back([&, number] {
      const auto key = "key " + std::to_string(number);
      const auto value = "value of " + key;
      while (!stop) {
        const auto start = std::chrono::steady_clock::now();
        (void)world.cache->set_value(key, value, 1min);
        const auto lookup = world.cache->get(key);
        if (lookup.hit() && lookup.value().text() != value) ++wrong;
        if (std::chrono::steady_clock::now() - start > 2 * (RedisWorld::deadline + RedisWorld::slack)) ++late;
        ++calls;
      }
    });
  for (int fault = 0; fault < 10; ++fault) {
    const int before = calls;
    wait_until([&] { return calls > before + 50; });
    switch (fault % 4) {
      case 0:
        world.proxy.drop_connections();
        break;
      case 1:
        world.proxy.duplicate_replies(1);
        break;
      case 2:
        world.proxy.set(Direction::to_client, {.cut_after = 100, .cut_once = true});
        break;
      default:
        world.proxy.close_connections();
        break;
    }
    world.recovers();
    world.proxy.pass();
  }
  stop = true;
  for (auto& worker : workers)
    worker.join();
  BOOST_TEST(wrong.load() == 0);
  BOOST_TEST(late.load() == 0);
}

BOOST_AUTO_TEST_SUITE_END()
