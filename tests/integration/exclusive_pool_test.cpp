#include "redis/lent/exclusive_pool.hpp"

#include "redis/lent/raw_command.hpp"
#include "support/redis_server.hpp"
#include "support/wait_until.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <future>
#include <optional>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::redis;
using namespace std::chrono_literals;

namespace {

ExclusivePool::Options options_for(const test::RedisServer& server, std::size_t most) {
  ExclusivePool::Options options;
  options.connector.address = {"127.0.0.1", server.port(), {}};
  options.most = most;
  return options;
}

std::vector<ExclusivePool::Lease> take_all(ExclusivePool& pool, std::size_t most) {
  std::vector<ExclusivePool::Lease> leases;
  for (std::size_t taken = 0; taken < most; ++taken) {
    auto lease = pool.acquire(SteadyTime::now() + 10s);
    BOOST_REQUIRE(lease.ok());
    leases.push_back(std::move(lease).value());
  }
  return leases;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(exclusive_pool)

BOOST_AUTO_TEST_CASE(a_connection_that_falls_to_one_whose_wait_is_stopped_goes_to_the_next_in_line) {
  const test::RedisServer server;
  ExclusivePool pool(options_for(server, 1));
  const auto deadline = SteadyTime::now() + 60s;
  std::optional<ExclusivePool::Lease> lent;
  {
    auto only = pool.acquire(deadline);
    BOOST_REQUIRE(only.ok());
    lent.emplace(std::move(only).value());
  }
  std::stop_source stop;
  auto first = std::async(std::launch::async, [&] { return pool.acquire(deadline, stop.get_token()).ok(); });
  BOOST_TEST(test::wait_until([&] { return pool.waiting() == 1U; }));
  auto second = std::async(std::launch::async, [&] { return pool.acquire(deadline).ok(); });
  BOOST_TEST(test::wait_until([&] { return pool.waiting() == 2U; }));
  {
    // The stop is requested already, and whoever is told of it last was there first.
    const std::stop_callback give_back(stop.get_token(), [&] {
      lent.reset();
      test::wait_until([&] { return pool.waiting() < 2U; });
    });
    stop.request_stop();
  }
  BOOST_TEST(!first.get());
  BOOST_TEST(second.get());
  BOOST_TEST((SteadyTime::now() < deadline - 20s));
}

BOOST_AUTO_TEST_CASE(connections_that_die_lent_or_idle_or_are_closed_after_long_idleness_leave_their_places) {
  constexpr std::size_t most = 2;
  test::RedisServer server;
  ExclusivePool pool(options_for(server, most));
  const auto restart = [&] {
    server.kill();
    server.restart();
  };
  take_all(pool, most);
  BOOST_TEST(pool.idle() == most);
  restart();
  {
    const auto leases = take_all(pool, most);
    for (const auto& lease : leases)
      BOOST_TEST(lease.fresh());
    BOOST_TEST(pool.size() == most);
    restart();
  }
  BOOST_TEST(pool.size() == 0U);
  take_all(pool, most);
  BOOST_TEST(pool.size() == most);

  auto options = options_for(server, most);
  options.longest_idle = 10ms;
  ExclusivePool impatient(std::move(options));
  for (int round = 0; round < 2; ++round) {
    take_all(impatient, most);
    BOOST_TEST(test::wait_until([&] { return impatient.size() == 0U; }));
  }
}

BOOST_AUTO_TEST_CASE(when_several_come_back_at_once_each_that_waits_has_one_at_once) {
  constexpr std::size_t most = 8;
  const test::RedisServer server;
  ExclusivePool pool(options_for(server, most));
  for (int round = 0; round < 6; ++round) {
    auto lent = take_all(pool, most);
    std::atomic<std::size_t> served{0};
    std::vector<std::future<void>> waiting;
    for (std::size_t number = 0; number < most; ++number)
      waiting.push_back(std::async(std::launch::async, [&] {
        const auto lease = pool.acquire(SteadyTime::now() + 60s);
        if (lease.ok()) ++served;
        test::wait_until([&] { return served == most; });
      }));
    BOOST_REQUIRE(test::wait_until([&] { return pool.waiting() == most; }));
    if (round % 2 == 1)
      for (const auto& lease : lent)
        lease->retire();
    lent.clear();
    BOOST_REQUIRE(test::wait_until([&] { return served == most; }, 5s));
  }
}

BOOST_AUTO_TEST_CASE(at_its_deadline_the_wait_for_an_answer_ends_however_much_of_it_is_there) {
  test::RedisServer server;
  ExclusivePool pool(options_for(server, 1));
  auto lease = std::move(take_all(pool, 1).front());
  const std::string value(1000, 'v');
  server.probe().set("key", value);
  RedisCommand command("MGET");
  for (int element = 0; element < 50; ++element)
    command.add("key");
  lease->write(RawCommand(command).command());
  Reply reply;
  BOOST_REQUIRE((lease->next(reply, SteadyTime::now()) == ExclusiveConnection::Progress::timed_out));
  BOOST_REQUIRE(
      test::wait_until([&] { return std::stoul(server.probe().info("total_net_output_bytes")) > 50'000; }));
  int late = 0;
  BOOST_REQUIRE(test::wait_until([&] {
    const auto progress = lease->next(reply, SteadyTime::now());
    if (progress == ExclusiveConnection::Progress::timed_out) ++late;
    return progress == ExclusiveConnection::Progress::reply;
  }));
  BOOST_TEST(late >= 2);
  BOOST_REQUIRE(reply.elements.size() == 50U);
  BOOST_TEST(reply.elements.back().text() == value);
}

BOOST_AUTO_TEST_SUITE_END()
