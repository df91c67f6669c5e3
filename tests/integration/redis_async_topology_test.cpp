// Asynchronous calls of a RedisCache on a cluster whose slots move.

#include "integration/redis_async_fixture.hpp"
#include "support/patient.hpp"
#include "support/redis_lab.hpp"
#include "support/wait_until.hpp"

#include <cachesite/async_call.hpp>
#include <cachesite/redis_cache.hpp>

#include <atomic>
#include <cstddef>
#include <deque>
#include <memory>
#include <random>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;
using namespace std::chrono_literals;

namespace {

/// A slot of a cluster that moves from one master to another, with half of its keys moved.
struct MovingSlot {
  MovingSlot() {
    auto options = patient<RedisCacheOptions>();
    options.startup_nodes = {"127.0.0.1:" + std::to_string(lab.node(0).port())};
    cache = std::make_shared<RedisCache>(options);
    for (std::size_t number = 0; number < count; ++number) {
      names.push_back((number % 3 == 0 ? "" : tag) + "key" + std::to_string(number));
      BOOST_REQUIRE(cache->set_value(names.back(), names.back(), 1h));
    }
    keys.assign(names.begin(), names.end());
    lab.begin_move(slot, target);
    lab.move_keys(slot, target, static_cast<int>(count) / 3);
  }
  [[nodiscard]] std::vector<CacheEntry> entries() const {
    std::vector<CacheEntry> entries;
    for (const auto key : keys)
      entries.push_back({key, ByteView(key), 1h});
    return entries;
  }
  void finish() {
    while (lab.move_keys(slot, target) > 0) {
    }
    lab.finish_move(slot, target);
  }

  static constexpr std::size_t count = 600;
  static constexpr int slot = 100;
  ClusterLab lab{{.replicas_per_master = 0}};
  const std::string tag = "{" + lab.key_in(slot) + "}";
  const std::size_t target = (lab.master_of(slot) + 1) % 3;
  std::shared_ptr<RedisCache> cache;
  std::vector<std::string> names;
  std::vector<std::string_view> keys;
};

}  // namespace

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

BOOST_FIXTURE_TEST_CASE(batches_follow_a_slot_that_moves_under_them, MovingSlot) {
  for (const bool moved : {false, true}) {
    if (moved) finish();
    std::vector<Lookup> found(count);
    BOOST_TEST(cache->async_get_many(keys, found).wait().ok());
    for (std::size_t number = 0; number < count; ++number)
      BOOST_REQUIRE((found[number].hit() && found[number].value().text() == keys[number]));
    std::vector<Result<Remaining>> left(count, Error(ErrorCode::unsupported));
    BOOST_TEST(cache->async_time_to_live_many(keys, left).wait().ok());
    for (const auto& each : left)
      BOOST_REQUIRE((each.ok() && each.value().state == Remaining::State::expires));
    std::vector<Result<bool>> removed(count, Error(ErrorCode::unsupported));
    BOOST_TEST(cache->async_remove_many(keys, removed).wait().ok());
    for (const auto& each : removed)
      BOOST_REQUIRE((each.ok() && each.value()));
    std::vector<Status> stored(count, Status(Error(ErrorCode::unsupported)));
    BOOST_TEST(cache->async_set_many(entries(), stored).wait().ok());
    for (const auto& each : stored)
      BOOST_REQUIRE(each.ok());
    for (const auto key : keys)
      BOOST_REQUIRE(cache->get(key).hit());
  }
}

BOOST_FIXTURE_TEST_CASE(each_batch_ends_once_whenever_it_is_cancelled, MovingSlot) {
  constexpr int rounds = 60;
  std::atomic<int> ends{0}, wrong{0};
  std::deque<std::vector<Lookup>> found;
  std::mt19937 random(1);
  for (int round = 0; round < rounds; ++round) {
    std::stop_source stop;
    CallOptions options;
    options.stop = stop.get_token();
    auto& results = found.emplace_back(count);
    cache->async_get_many(keys, results, options).start([&](const Status&) {
      for (std::size_t number = 0; number < count; ++number) {
        const auto& each = results[number];
        const bool right = each.failed() ? each.error().code() == ErrorCode::closed
                                         : each.hit() && each.value().text() == keys[number];
        if (!right) ++wrong;
      }
      ++ends;
    });
    std::thread([&, when = std::chrono::steady_clock::now() + std::chrono::microseconds(random() % 2000)] {
      while (std::chrono::steady_clock::now() < when) {
      }
      stop.request_stop();
    }).join();
  }
  BOOST_TEST(wait_until([&] { return ends == rounds; }));
  BOOST_TEST(wrong == 0);
  BOOST_TEST(cache->get(keys.front()).hit());
}

BOOST_FIXTURE_TEST_CASE(a_batch_may_be_left_at_any_time, MovingSlot) {
  OwnLoop own;
  auto options = patient<RedisCacheOptions>();
  options.startup_nodes = {"127.0.0.1:" + std::to_string(lab.node(0).port())};
  options.event_loop = std::shared_ptr<IEventLoop>(own.loop);
  const auto looped = std::make_shared<RedisCache>(options);
  std::vector<Lookup> found(count);
  int ends = 0;
  const auto ask = [](ICache& asked, MovingSlot& world, std::vector<Lookup>& into,
                      int& count_of_ends) -> Routine {
    (void)co_await asked.async_get_many(world.keys, into);
    ++count_of_ends;
  };
  for (int turns = 0; turns < 60; ++turns) {
    std::vector<Lookup> results(count);
    const Routine left = ask(*looped, *this, results, ends);
    for (int turn = 0; turn < turns; ++turn)
      own.loop->run_ready();
  }
  const int before = ends;
  const Routine last = ask(*looped, *this, found, ends);
  BOOST_TEST(own.run_until([&] { return ends > before; }));
  for (const auto& each : found)
    BOOST_REQUIRE(each.hit());
}

BOOST_AUTO_TEST_SUITE_END()
