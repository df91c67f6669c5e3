// Copies in memory over a real server: every change is seen, whoever makes it.

#include "integration/coherent_tiers_fixture.hpp"
#include "support/redis_lab.hpp"
#include "support/sanitized.hpp"

#include <cachesite/memory_cache.hpp>
#include <cachesite/redis_cache.hpp>
#include <cachesite/tiered_cache.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <set>
#include <span>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;
using namespace std::chrono_literals;

namespace {

RedisServer& server() {
  static RedisServer shared;
  return shared;
}

struct Tiers : CoherentTiers {
  Tiers() : CoherentTiers(empty()) {}
  static RedisServer& empty() {
    server().probe().flush();
    return server();
  }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(coherent_tiers)

BOOST_AUTO_TEST_CASE(every_command_that_changes_an_entry_ends_its_copy) {
  Tiers tiers;
  const std::vector<std::vector<std::string>> changes{
      {"SET", "shop:key", "2"},
      {"APPEND", "shop:key", "3"},
      {"PEXPIRE", "shop:key", "5000000"},
      {"PERSIST", "shop:key"},
      {"GETEX", "shop:key", "EX", "5000"},
      {"EVAL", "return redis.call('SET', 'shop:key', '4')", "0"},
      {"RENAME", "shop:key", "shop:other"},
      {"COPY", "shop:other", "shop:key"},
      {"DEL", "shop:key"},
      {"UNLINK", "shop:key"},
  };
  for (const auto& change : changes)
    BOOST_TEST_CONTEXT(change.front()) {
      if (!tiers.probe.exists("shop:key")) tiers.probe.set("shop:key", "1");
      if (change.front() == "COPY") tiers.probe.erase("shop:key");
      if (change.front() == "COPY") {
        BOOST_TEST(wait_until([&] { return tiers.text("key") == "nothing"; }));
        tiers.probe.checked(change);
        BOOST_TEST(wait_until([&] { return tiers.text("key") != "nothing"; }));
        continue;
      }
      BOOST_TEST(tiers.copied("key"));
      tiers.probe.checked(change);
      BOOST_TEST(wait_until([&] { return !tiers.cache->explain_copy("key").present; }));
    }
}

BOOST_AUTO_TEST_CASE(after_a_fence_no_copy_is_older_than_it) {
  Tiers tiers;
  const int rounds = sanitized ? 30 : 300;
  int old = 0;
  for (int round = 0; round < rounds; ++round) {
    const auto text = std::to_string(round);
    tiers.probe.set("shop:key", text);
    BOOST_REQUIRE(tiers.cache->fence(10s).ok());
    if (tiers.text("key") != text) ++old;
    (void)tiers.text("key");
  }
  BOOST_TEST(old == 0);
  BOOST_TEST(tiers.cache->tier_statistics().near_hits > 0U);
}

BOOST_AUTO_TEST_CASE(what_one_process_writes_another_sees) {
  Tiers one;
  Tiers other;
  BOOST_TEST(one.cache->set_value("key", "1", 1h));
  BOOST_TEST(other.copied("key"));
  BOOST_TEST(one.cache->set_value("key", "2", 1h));
  BOOST_TEST(one.text("key") == "2");
  BOOST_TEST(wait_until([&] { return other.text("key") == "2"; }));
  BOOST_TEST(one.cache->remove("key").value());
  BOOST_TEST(wait_until([&] { return other.text("key") == "nothing"; }));
}

BOOST_AUTO_TEST_CASE(a_removal_of_everything_is_seen) {
  Tiers tiers;
  tiers.probe.set("shop:key", "1");
  BOOST_TEST(tiers.copied("key"));
  tiers.probe.checked({"FLUSHALL"});
  BOOST_TEST(wait_until([&] { return tiers.text("key") == "nothing"; }));
}

BOOST_AUTO_TEST_CASE(a_copy_ends_when_its_entry_does_although_the_server_may_be_late) {
  Tiers tiers;
  tiers.probe.checked({"SET", "shop:key", "1", "PX", "400"});
  BOOST_TEST(tiers.text("key") == "1");
  tiers.probe.let_pass(401ms);
  BOOST_TEST(tiers.text("key") == "nothing");
}

BOOST_AUTO_TEST_CASE(without_the_right_to_hear_news_reads_go_to_the_server) {
  server().probe().checked({"ACL", "SETUSER", "deaf", "on", ">secret", "~*", "+@all", "-client|tracking"});
  auto redis = patient<RedisCacheOptions>();
  redis.host = "127.0.0.1";
  redis.port = server().port();
  redis.username = "deaf";
  redis.password = Secret("secret");
  const auto far = std::make_shared<RedisCache>(redis);
  TieredCacheOptions options;
  options.over = std::static_pointer_cast<ICache>(far);
  options.near = std::static_pointer_cast<ICache>(std::make_shared<MemoryCache>());
  options.coherence.mode = CoherenceMode::tracking;
  TieredCache cache(options);
  BOOST_TEST(cache.set_value("key", "1", 1h));
  BOOST_TEST(wait_until([&] {
    return cache.get_value("key").has_value() && cache.health().state == HealthState::degraded &&
           !cache.coherence().reason.empty();
  }));
  BOOST_TEST(cache.tier_statistics().near_hits == 0U);
}

BOOST_AUTO_TEST_CASE(on_a_cluster_each_copy_hangs_on_the_server_of_its_key) {
  ClusterLab lab({.replicas_per_master = 0});
  auto redis = patient<RedisCacheOptions>();
  for (const auto port : lab.ports())
    redis.startup_nodes.push_back("127.0.0.1:" + std::to_string(port));
  TieredCacheOptions options;
  options.over = std::static_pointer_cast<ICache>(std::make_shared<RedisCache>(redis));
  options.near = std::static_pointer_cast<ICache>(std::make_shared<MemoryCache>());
  options.coherence.mode = CoherenceMode::tracking;
  TieredCache cache(options);
  (void)cache.get("begin");
  const auto is_coherent = [&] {
    return cache.coherence().servers.size() == 3 && cache.coherence().state == Coherence::coherent;
  };
  const auto copied = [&](const std::string& key) {
    return wait_until([&] {
      (void)cache.get(key);
      return cache.explain_copy(key).served;
    });
  };
  BOOST_REQUIRE(wait_until(is_coherent, 30s));
  std::vector<std::string> keys;
  std::set<int> servers;
  for (const int slot : {0, 8'000, 16'000}) {
    keys.push_back(lab.key_in(slot));
    lab.set(keys.back(), "1");
    BOOST_TEST(copied(keys.back()));
    servers.insert(cache.explain_copy(keys.back()).server);
  }
  BOOST_TEST(servers.size() == 3U);
  const std::vector<std::string_view> asked(keys.begin(), keys.end());
  for (const auto& found : cache.get_many(std::span<const std::string_view>(asked)))
    BOOST_TEST(found.value().text() == "1");
  for (const auto& key : keys) {
    lab.set(key, "2");
    BOOST_REQUIRE(cache.fence(10s).ok());
    BOOST_TEST(cache.get(key).value().text() == "2");
  }
  const auto moved = lab.key_in(5);
  lab.set(moved, "1");
  BOOST_TEST(copied(moved));
  const auto before = cache.explain_copy(moved).epoch;
  lab.move_slot(5, 1);
  lab.set(moved, "2");
  BOOST_TEST(wait_until([&] {
    const auto found = cache.get(moved);
    return found.hit() && found.value().text() == "2";
  }));
  BOOST_REQUIRE(wait_until(is_coherent, 30s));
  BOOST_TEST(copied(moved));
  BOOST_TEST(cache.explain_copy(moved).epoch != before);
}

BOOST_AUTO_TEST_CASE(readers_beside_a_foreign_writer_see_no_old_value_in_the_end) {
  Tiers tiers;
  std::atomic<bool> done{false};
  std::vector<std::thread> readers;
  for (int reader = 0; reader < 2; ++reader)
    readers.emplace_back([&] {
      while (!done)
        for (int key = 0; key < 20; ++key)
          (void)tiers.cache->get(std::to_string(key));
    });
  const int writes = sanitized ? 200 : 2'000;
  for (int write = 0; write < writes; ++write)
    tiers.probe.set("shop:" + std::to_string(write % 20), std::to_string(write));
  done = true;
  for (auto& reader : readers)
    reader.join();
  BOOST_REQUIRE(tiers.cache->fence(10s).ok());
  int different = 0;
  for (int key = 0; key < 20; ++key)
    if (tiers.text(std::to_string(key)) != tiers.probe.get("shop:" + std::to_string(key))) ++different;
  BOOST_TEST(different == 0);
}

BOOST_AUTO_TEST_SUITE_END()
