// Asynchronous calls of a RedisCache on a cluster.

#include "support/patient.hpp"
#include "support/redis_lab.hpp"
#include "support/wait_until.hpp"

#include <cachesite/async_call.hpp>
#include <cachesite/redis_cache.hpp>

#include <atomic>
#include <string>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(redis_async_topology)

BOOST_AUTO_TEST_CASE(calls_follow_a_slot_that_moves_under_them) {
  ClusterLab lab({.replicas_per_master = 0});
  auto options = patient<RedisCacheOptions>();
  options.startup_nodes = {"127.0.0.1:" + std::to_string(lab.node(0).port())};
  const auto cache = std::make_shared<RedisCache>(options);
  const int slot = 100;
  const std::string tag = "{" + lab.key_in(slot) + "}";
  const auto target = (lab.master_of(slot) + 1) % 3;
  std::atomic<int> ended{0}, wrong{0};
  int begun = 0;
  const auto begin = [&](const std::string& key) {
    ++begun;
    cache->async_increment(key, 1, TimeToLive::never_expires()).start([&](const Result<std::int64_t>& sum) {
      if (!sum.ok() || sum.value() != 1) ++wrong;
      ++ended;
    });
  };
  const auto begin_many = [&](const std::string& name) {
    for (int number = 0; number < 100; ++number) {
      begin(tag + name + std::to_string(number));
      begin(name + std::to_string(number));
    }
  };
  begin_many("before");
  BOOST_REQUIRE(wait_until([&] { return ended == begun; }));
  lab.begin_move(slot, target);
  begin_many("asking");
  for (bool more = true; more;) {
    begin_many("move" + std::to_string(begun));
    more = lab.move_keys(slot, target, 50) > 0;
    BOOST_REQUIRE(wait_until([&] { return ended == begun; }));
    if (begun > 1600) break;
  }
  while (lab.move_keys(slot, target) > 0) {
  }
  lab.finish_move(slot, target);
  begin_many("after");
  BOOST_REQUIRE(wait_until([&] { return ended == begun; }));
  BOOST_TEST(wrong == 0);
}

BOOST_AUTO_TEST_SUITE_END()
