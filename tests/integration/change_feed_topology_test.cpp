// News of several servers: a cluster, and a master that sentinels name.

#include "integration/change_feed_fixture.hpp"
#include "redis/news/news_feed.hpp"
#include "redis/settings/topology_settings.hpp"
#include "support/redis_lab.hpp"

#include <cachesite/memory_cache.hpp>
#include <cachesite/tiered_cache.hpp>

#include <algorithm>
#include <atomic>
#include <map>
#include <memory>
#include <new>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;

namespace {

/// Who said what, by the number of the server.
class ServersDiary final : public IFeedListener {
 public:
  void on_changed(FeedServer server, std::span<const std::string_view> keys) noexcept override {
    const std::lock_guard lock(mutex_);
    for (const auto key : keys)
      heard_[std::string(key)] = server.index;
  }
  void on_everything_changed(FeedServer server, bool) noexcept override {
    const std::lock_guard lock(mutex_);
    flushed_.push_back(server.index);
  }
  void on_served(FeedServer) noexcept override {}

  [[nodiscard]] int server_of(const std::string& key) const {
    const std::lock_guard lock(mutex_);
    const auto found = heard_.find(key);
    return found == heard_.end() ? -1 : found->second;
  }
  [[nodiscard]] std::vector<int> flushed() const {
    const std::lock_guard lock(mutex_);
    return flushed_;
  }

 private:
  mutable std::mutex mutex_;
  std::map<std::string, int> heard_;
  std::vector<int> flushed_;
};

struct Lookout {
  explicit Lookout(const RedisCache::Options& options)
      : cache(options), watch((cache.start(), cache.watch("", patient_feed(), diary))) {}

  /// Waits until so many servers are named, all of them are coherent and proven, and none is `not_this`.
  [[nodiscard]] bool coherent(std::size_t count, const std::string& not_this = {}) const {
    return wait_until(
        [&] {
          const auto all = watch->servers();
          return all.size() == count && std::all_of(all.begin(), all.end(), [&](const ServerReport& server) {
                   return server.state == "coherent" && server.proven && server.epoch != 0 &&
                          server.address != not_this;
                 });
        },
        std::chrono::seconds(30));
  }
  [[nodiscard]] std::map<std::string, std::uint32_t> epochs() const {
    std::map<std::string, std::uint32_t> all;
    for (const auto& server : watch->servers())
      all[server.address] = server.epoch;
    return all;
  }

  ServersDiary diary;
  RedisCache cache;
  std::unique_ptr<IFeedWatch> watch;
};

/// Copies that are kept true by the news of several servers.
struct ServerTiers {
  explicit ServerTiers(const RedisCache::Options& far) {
    TieredCacheOptions options;
    options.over = Reference<ICache>(std::make_shared<RedisCache>(far));
    options.near = Reference<ICache>(std::make_shared<MemoryCache>());
    options.coherence.mode = CoherenceMode::tracking;
    options.coherence.max_staleness = patient_feed().max_staleness;
    cache = std::make_shared<TieredCache>(options);
    cache->start();
  }
  ~ServerTiers() { cache->stop(); }
  ServerTiers(const ServerTiers&) = delete;
  ServerTiers& operator=(const ServerTiers&) = delete;

  /// Reads until the copy is served.
  [[nodiscard]] bool copies(const std::string& key) const {
    return wait_until([&] { return cache->get(key).hit() && cache->explain_copy(key).served; },
                      std::chrono::seconds(30));
  }
  [[nodiscard]] bool copies_by_batch(const std::string& key) const {
    return wait_until([&] { return cache->get_many({key})[0].hit() && cache->explain_copy(key).served; },
                      std::chrono::seconds(30));
  }
  [[nodiscard]] std::uint16_t server_of(const std::string& key) const {
    return cache->explain_copy(key).server;
  }

  std::shared_ptr<TieredCache> cache;
};

/// One server, of whose change a test tells; a change is heard of in part when memory ends meanwhile.
class ChangedTopology final : public redis::Topology {
 public:
  explicit ChangedTopology(std::shared_ptr<redis::Topology> one) : one_(std::move(one)) {}
  ~ChangedTopology() override { one_->stop(); }
  ChangedTopology(const ChangedTopology&) = delete;
  ChangedTopology& operator=(const ChangedTopology&) = delete;

  void change_without_memory() {
    failures_ = 1;
    ++version_;
    changes().servers_changed();
  }
  [[nodiscard]] bool failed() const noexcept { return failures_ == 0; }
  std::string slot_tag_of(const redis::Endpoint& master) override {
    if (failures_.exchange(0) > 0) throw std::bad_alloc();
    return one_->slot_tag_of(master);
  }
  redis::ServerChanges& changes() noexcept override { return one_->changes(); }

 private:
  void do_start() override { one_->start(); }
  void do_await_started() override { one_->await_started(); }
  void do_stop() noexcept override { one_->stop(); }
  Health do_health() const override { return one_->health(); }
  std::vector<RedisEndpointStatistics> do_statistics() const override { return one_->statistics(); }
  Status do_execute(const redis::Command& command, const redis::Routing& routing, redis::Reply& reply,
                    redis::CallTime time) override {
    return one_->execute(command, routing, reply, time);
  }
  void do_execute_all(std::span<redis::Request> requests, redis::CallTime time) override {
    one_->execute_all(requests, time);
  }
  Status do_for_each_master(const Visit& visit, redis::CallTime time) override {
    return one_->for_each_master(visit, time);
  }
  ServerNow do_server_now(const redis::Command&, const redis::Routing&) override {
    return {one_->only_endpoint()};
  }
  Masters do_masters_now() override { return {version_.load(), {{one_->only_endpoint()}}}; }

  const std::shared_ptr<redis::Topology> one_;
  std::atomic<std::uint64_t> version_{0};
  std::atomic<int> failures_{-1};
};

std::string address_of(const RedisServer& server) {
  return "127.0.0.1:" + std::to_string(server.port());
}

RedisCache::Options cluster_options(const ClusterLab& lab) {
  auto options = patient<RedisCache::Options>();
  for (const auto port : lab.ports())
    options.startup_nodes.push_back("127.0.0.1:" + std::to_string(port));
  return options;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(change_feed_topology)

BOOST_AUTO_TEST_CASE(each_master_of_a_cluster_is_heard_and_moved_slots_begin_epochs) {
  ClusterLab lab({.replicas_per_master = 0});
  Lookout lookout(cluster_options(lab));
  BOOST_REQUIRE(lookout.coherent(3));
  std::vector<int> numbers;
  for (const int slot : {0, 8'000, 16'000}) {
    const auto key = lab.key_in(slot);
    lab.set(key, "1");
    BOOST_REQUIRE(lookout.watch->fence(std::chrono::seconds(10)).ok());
    numbers.push_back(lookout.diary.server_of(key));
  }
  std::sort(numbers.begin(), numbers.end());
  const std::vector<int> expected{0, 1, 2};
  BOOST_TEST(numbers == expected, boost::test_tools::per_element());

  const auto flushed_key = lab.key_in(0);
  lab.node(lab.master_of(0)).probe().flush();
  BOOST_REQUIRE(lookout.watch->fence(std::chrono::seconds(10)).ok());
  const std::vector<int> flushed{lookout.diary.server_of(flushed_key)};
  BOOST_TEST(lookout.diary.flushed() == flushed, boost::test_tools::per_element());

  auto before = lookout.epochs();
  for (const std::size_t target : {std::size_t{1}, std::size_t{0}}) {
    const auto moved = lab.key_in(5);
    BOOST_TEST(lookout.cache.set_value(moved, "1", std::chrono::minutes(1)));
    lab.move_slot(5, target);
    BOOST_TEST(lookout.cache.set_value(moved, "2", std::chrono::minutes(1)));
    BOOST_REQUIRE(wait_until([&] {
      const auto now = lookout.epochs();
      return std::all_of(now.begin(), now.end(),
                         [&](const auto& one) { return one.second > before[one.first]; });
    }));
    BOOST_REQUIRE(lookout.coherent(3));
    before = lookout.epochs();
    lab.set(moved, "3");
    BOOST_REQUIRE(lookout.watch->fence(std::chrono::seconds(10)).ok());
    BOOST_TEST(lookout.diary.server_of(moved) >= 0);
  }
}

BOOST_AUTO_TEST_CASE(a_master_of_a_cluster_that_dies_is_replaced) {
  ClusterLab lab;
  Lookout lookout(cluster_options(lab));
  BOOST_REQUIRE(lookout.coherent(3));
  const auto before = lookout.epochs();
  const auto key = lab.key_in(0);
  lab.set(key, "0");
  BOOST_REQUIRE(lookout.watch->fence(std::chrono::seconds(10)).ok());
  const int number = lookout.diary.server_of(key);
  const auto dying = lab.master_of(0);
  lab.node(dying).kill();
  BOOST_REQUIRE(lab.wait_for_new_master(0, dying));
  BOOST_REQUIRE(wait_until([&] { return lookout.cache.set_value(key, "1", std::chrono::minutes(1)); },
                           std::chrono::seconds(30)));
  BOOST_REQUIRE(lookout.coherent(3, address_of(lab.node(dying))));
  for (const auto& [address, epoch] : lookout.epochs())
    if (const auto known = before.find(address); known != before.end()) BOOST_TEST(epoch > known->second);
  BOOST_TEST(lookout.cache.set_value(key, "2", std::chrono::minutes(1)));
  BOOST_REQUIRE(lookout.watch->fence(std::chrono::seconds(10)).ok());
  BOOST_TEST(lookout.diary.server_of(key) != number);
}

BOOST_AUTO_TEST_CASE(a_fail_over_by_sentinels_leads_to_news_of_the_new_master) {
  SentinelLab lab;
  auto options = patient<RedisCache::Options>();
  for (const auto port : lab.sentinel_ports())
    options.sentinels.push_back("127.0.0.1:" + std::to_string(port));
  options.service_name = lab.service_name();
  Lookout lookout(options);
  BOOST_REQUIRE(lookout.coherent(1));
  const auto first = lab.master_index();
  const FeedServer old_server{0};
  BOOST_TEST(lookout.watch->served(old_server).load() != 0U);
  lab.request_failover();
  BOOST_REQUIRE(lab.wait_for_new_master(first));
  BOOST_REQUIRE(lookout.coherent(1, address_of(lab.server(first))));
  BOOST_TEST(lookout.watch->served(old_server).load() == 0U);
  lab.master().probe().set("after", "1");
  BOOST_REQUIRE(lookout.watch->fence(std::chrono::seconds(10)).ok());
  BOOST_TEST(lookout.diary.server_of("after") > 0);
}

BOOST_AUTO_TEST_CASE(a_change_of_the_servers_is_heeded_though_memory_ends_half_way) {
  const RedisServer server;
  const auto logger = std::make_shared<CollectingLogger>();
  const auto topology = std::make_shared<ChangedTopology>(
      redis::make_topology(connection_options(server.port()), std::size_t{1} << 20, "test", logger));
  redis::NewsFeed feed(topology, {"test", logger, ComponentContext().clock});
  NewsDiary diary;
  const auto watch = feed.watch("", 0, patient_feed(), diary);
  const auto& served = watch->served({0});
  BOOST_REQUIRE(wait_until([&] { return served.load() != 0; }));
  const auto before = served.load();
  topology->change_without_memory();
  BOOST_TEST(wait_until([&] { return served.load() != before && served.load() != 0; }));
  BOOST_TEST(topology->failed());
  feed.stop();
}

BOOST_AUTO_TEST_CASE(a_gap_in_the_news_of_one_master_ends_the_copies_of_its_keys) {
  ClusterLab lab({.replicas_per_master = 0});
  std::vector<std::string> keys;
  for (const int slot : {0, 8'000, 16'000}) {
    keys.push_back(lab.key_in(slot));
    lab.set(keys.back(), "1");
  }
  const ServerTiers tiers(cluster_options(lab));
  BOOST_REQUIRE(tiers.copies(keys[0]));
  BOOST_REQUIRE(tiers.copies_by_batch(keys[1]));
  BOOST_REQUIRE(tiers.copies(keys[2]));
  std::vector<int> numbers;
  for (const auto& key : keys)
    numbers.push_back(tiers.server_of(key));
  std::sort(numbers.begin(), numbers.end());
  const std::vector<int> expected{0, 1, 2};
  BOOST_TEST(numbers == expected, boost::test_tools::per_element());
  for (const auto& key : keys) {
    const auto epoch = tiers.cache->explain_copy(key).epoch;
    auto probe = lab.node(lab.master_of(lab.slot_of(key))).probe();
    probe.checked({"CLIENT", "KILL", "ID", news_connection(probe)});
    BOOST_TEST(wait_until([&] { return tiers.cache->explain_copy(key).served_epoch != epoch; }));
    BOOST_TEST(!tiers.cache->explain_copy(key).served);
    BOOST_REQUIRE(tiers.copies(key));
    for (const auto& other : keys) {
      const auto report = tiers.cache->explain_copy(other);
      BOOST_TEST_CONTEXT(other << " of server " << report.server << ": " << report.why_not)
      BOOST_TEST((report.present && report.epoch == report.served_epoch));
    }
  }
}

BOOST_AUTO_TEST_CASE(copies_are_made_again_after_a_fail_over_by_sentinels) {
  SentinelLab lab;
  auto options = patient<RedisCache::Options>();
  for (const auto port : lab.sentinel_ports())
    options.sentinels.push_back("127.0.0.1:" + std::to_string(port));
  options.service_name = lab.service_name();
  const ServerTiers tiers(options);
  BOOST_REQUIRE(wait_until([&] { return tiers.cache->set_value("key", "1", std::chrono::minutes(1)); }));
  BOOST_REQUIRE(tiers.copies("key"));
  const auto first = lab.master_index();
  const auto number = tiers.server_of("key");
  lab.replicate();
  lab.request_failover();
  BOOST_REQUIRE(lab.wait_for_new_master(first));
  BOOST_TEST(wait_until([&] { return tiers.copies("key") && tiers.server_of("key") != number; },
                        std::chrono::seconds(30)));
  lab.master().probe().set("key", "2");
  BOOST_REQUIRE(tiers.cache->fence(std::chrono::seconds(10)).ok());
  BOOST_TEST(tiers.cache->get("key").value().text() == "2");
}

BOOST_AUTO_TEST_SUITE_END()
