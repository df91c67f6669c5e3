#include "redis/exclusive_pool.hpp"

#include "support/redis_server.hpp"
#include "support/wait_until.hpp"

#include <chrono>
#include <future>
#include <optional>
#include <stop_token>
#include <utility>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::redis;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(exclusive_pool)

BOOST_AUTO_TEST_CASE(a_connection_that_falls_to_one_whose_wait_is_stopped_goes_to_the_next_in_line) {
  const test::RedisServer server;
  ExclusivePool::Options options;
  options.connector.address = {"127.0.0.1", server.port(), {}};
  options.most = 1;
  ExclusivePool pool(std::move(options));
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

BOOST_AUTO_TEST_SUITE_END()
