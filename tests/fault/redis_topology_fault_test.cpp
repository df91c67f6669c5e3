// Sentinel and Cluster on real servers: masters die, slots move, and calls go on.

#include "fault/redis_topology_world.hpp"
#include "support/sanitized.hpp"
#include "support/scripted_server.hpp"

#include <memory>
#include <set>
#include <stdexcept>
#include <string>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;
using namespace std::chrono_literals;

namespace {

constexpr auto timeout = 1000ms;
constexpr auto slack = 50ms * slowness;

RedisCacheOptions common() {
  RedisCacheOptions options;
  options.socket_timeout = timeout;
  options.socket_connect_timeout = timeout;
  return options;
}

std::unique_ptr<RedisCache> started_cache(const RedisCacheOptions& options) {
  ComponentContext context;
  context.label = "RedisCache \"tested\"";
  context.logger = std::make_shared<CollectingLogger>();
  auto cache = std::make_unique<RedisCache>(options, context);
  cache->start();
  cache->await_started();
  return cache;
}

RedisCacheOptions behind(const SentinelLab& lab) {
  auto options = common();
  // One of them is enough to find the others.
  options.sentinels = {"127.0.0.1:" + std::to_string(lab.sentinel_ports().front())};
  options.service_name = lab.service_name();
  return options;
}

RedisCacheOptions on(const ClusterLab& lab) {
  auto options = common();
  options.startup_nodes = {"127.0.0.1:" + std::to_string(lab.ports().front())};
  return options;
}

std::string key_of_thread(std::size_t thread, std::uint64_t place) {
  return "thread" + std::to_string(thread) + ":" + std::to_string(place);
}

std::uint64_t calls_of(RedisProbe& probe, const std::string& command) {
  const std::string text = probe.checked({"INFO", "commandstats"}).text;
  const auto at = text.find("cmdstat_" + command + ":calls=");
  return at == std::string::npos ? 0 : std::stoull(text.substr(text.find('=', at) + 1));
}

std::set<std::string> servers_of(const RedisCache& cache) {
  std::set<std::string> addresses;
  for (const auto& server : cache.endpoint_statistics())
    addresses.insert(server.address);
  return addresses;
}

std::string address_of(const RedisServer& server) {
  return "127.0.0.1:" + std::to_string(server.port());
}

std::uint64_t slot_questions(ClusterLab& lab) {
  std::uint64_t sum = 0;
  for (std::size_t index = 0; index < lab.nodes(); ++index) {
    RedisProbe probe = lab.node(index).probe();
    sum += calls_of(probe, "cluster|slots");
  }
  return sum;
}

std::uint64_t errors_of(ClusterLab& lab, const std::string& name) {
  std::uint64_t sum = 0;
  for (std::size_t index = 0; index < lab.nodes(); ++index) {
    const std::string text = lab.node(index).probe().checked({"INFO", "errorstats"}).text;
    const auto at = text.find("errorstat_" + name + ":count=");
    if (at != std::string::npos) sum += std::stoull(text.substr(text.find('=', at) + 1));
  }
  return sum;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(redis_sentinel_faults)

BOOST_AUTO_TEST_CASE(a_killed_master_is_replaced_within_the_fail_over_and_a_second) {
  SentinelLab lab;
  auto cache = started_cache(behind(lab));
  TopologyLoad load(*cache, 4, key_of_thread);
  load.expects_latest = false;
  BOOST_REQUIRE(load.proceeds(200));
  BOOST_TEST(load.tally.failures == 0);
  const auto master = lab.master_index();
  lab.server(master).kill();
  BOOST_REQUIRE(lab.wait_for_new_master(master));
  const auto replaced = TopologyLoad::now();
  const auto writes = [&] { return cache->set_value("after", "the fail-over", 1min); };
  BOOST_TEST(wait_until(writes, 1s));
  BOOST_TEST_MESSAGE("written " << TopologyLoad::now() - replaced << " ms after the fail-over");
  BOOST_REQUIRE(load.proceeds(200));
  load.stop();
  BOOST_TEST(load.tally.last_failure <= replaced + 1000);
  BOOST_TEST(load.tally.wrong == 0);
  BOOST_TEST(load.tally.longest <= (timeout + slack).count());
  BOOST_TEST_MESSAGE("longest call " << load.tally.longest << " ms, " << load.tally.failures << " of "
                                     << load.tally.calls << " failed");
}

BOOST_AUTO_TEST_CASE(a_planned_fail_over_brings_writes_to_the_new_master) {
  SentinelLab lab;
  auto cache = started_cache(behind(lab));
  TopologyLoad load(*cache, 4, key_of_thread);
  load.expects_latest = false;
  BOOST_REQUIRE(load.proceeds(200));
  const auto master = lab.master_index();
  lab.request_failover();
  BOOST_REQUIRE(lab.wait_for_new_master(master));
  // Until the sentinels demote it, the old master still takes writes, and they are lost with it.
  auto probe = lab.master().probe();
  BOOST_TEST(wait_until(
      [&] { return cache->set_value("after", "the fail-over", 1min) && probe.exists("after"); }, 1s));
  // And it stays so, until the last sentinel has heard of it and the old master is demoted.
  std::uint64_t elsewhere = 0;
  const auto demoted = [&] {
    const std::string key = "later:" + std::to_string(load.tally.calls);
    if (!cache->set_value(key, "value", 1min) || !probe.exists(key)) ++elsewhere;
    try {
      return lab.server(master).probe().info("role") == "slave";
    } catch (const std::runtime_error&) {
      return false;  // a sentinel ends the connections of a server that it demotes
    }
  };
  BOOST_TEST(wait_until(demoted, 20s));
  BOOST_TEST(elsewhere == 0);
  BOOST_REQUIRE(load.proceeds(200));
  load.stop();
  BOOST_TEST(load.tally.wrong == 0);
  BOOST_TEST(load.tally.longest <= (timeout + slack).count());
}

BOOST_AUTO_TEST_CASE(a_frozen_master_of_sentinels_costs_no_call_more_than_its_deadline) {
  SentinelLab lab;
  auto cache = started_cache(behind(lab));
  TopologyLoad load(*cache, 4, key_of_thread);
  load.expects_latest = false;
  BOOST_REQUIRE(load.proceeds(200));
  const auto master = lab.master_index();
  lab.server(master).freeze();
  BOOST_REQUIRE(lab.wait_for_new_master(master));
  const auto replaced = TopologyLoad::now();
  BOOST_TEST(wait_until([&] { return cache->set_value("after", "the fail-over", 1min); }, 1s));
  BOOST_REQUIRE(load.proceeds(200));
  // When it wakes it takes itself for the master still.
  lab.server(master).thaw();
  BOOST_REQUIRE(load.proceeds(200));
  load.stop();
  auto probe = lab.master().probe();
  BOOST_TEST(cache->set_value("at last", "value", 1min));
  BOOST_TEST(probe.exists("at last"));
  BOOST_TEST(load.tally.failures > 0);
  BOOST_TEST(load.tally.last_failure <= replaced + 1000);
  BOOST_TEST(load.tally.wrong == 0);
  BOOST_TEST(load.tally.longest <= (timeout + slack).count());
}

BOOST_AUTO_TEST_CASE(a_master_that_turns_into_a_replica_behind_our_back_takes_no_more_writes) {
  SentinelLab lab;
  auto cache = started_cache(behind(lab));
  BOOST_REQUIRE(cache->set_value("before", "value", 1min));
  const auto master = lab.master_index();
  // No sentinel announces this; its own clients are not closed either.
  lab.server(master).probe().checked({"CONFIG", "SET", "replica-read-only", "yes"});
  lab.server(master).probe().checked(
      {"REPLICAOF", "127.0.0.1", std::to_string(lab.server((master + 1) % lab.servers()).port())});
  const auto status = cache->write("after", "value", TimeToLive(1min));
  if (!status.ok()) BOOST_TEST((status.error().outcome() == Outcome::not_done));
  BOOST_TEST(wait_until([&] { return cache->set_value("later", "value", 1min); }, 20s));
}

BOOST_AUTO_TEST_CASE(reads_go_to_replicas_when_they_are_asked_for) {
  SentinelLab lab;
  auto options = behind(lab);
  options.read_from_replicas = true;
  auto cache = started_cache(options);
  const auto master = lab.master_index();
  BOOST_REQUIRE(cache->set_value("key", "value", 1min));
  RedisProbe on_master = lab.server(master).probe();
  lab.replicate();  // a replica that has not got the key yet would say so
  const auto reads_by_replicas = [&] {
    std::uint64_t sum = 0;
    for (std::size_t index = 0; index < lab.servers(); ++index) {
      RedisProbe probe = lab.server(index).probe();
      if (index != master) sum += calls_of(probe, "get");
    }
    return sum;
  };
  BOOST_TEST(wait_until([&] { return cache->get_value("key") && reads_by_replicas() > 0; }));
  const auto before = calls_of(on_master, "get");
  for (int call = 0; call < 50; ++call)
    BOOST_TEST(cache->get_value("key").has_value());
  BOOST_TEST(calls_of(on_master, "get") == before);
}

BOOST_AUTO_TEST_CASE(sentinels_that_need_a_password_get_theirs_and_the_servers_get_another) {
  SentinelLab lab({.password = "of servers", .sentinel_password = "of sentinels"});
  auto options = behind(lab);
  options.password = Secret("of servers");
  options.sentinel_password = Secret("of sentinels");
  auto cache = started_cache(options);
  BOOST_TEST(cache->set_value("key", "value", 1min));
}

BOOST_AUTO_TEST_CASE(a_name_that_no_sentinel_knows_fails_quickly_and_says_so) {
  SentinelLab lab;
  auto options = behind(lab);
  options.service_name = "nobody";
  auto cache = started_cache(options);
  const auto begin = TopologyLoad::now();
  const auto lookup = cache->get("key");
  BOOST_TEST(TopologyLoad::now() - begin < 500);
  BOOST_REQUIRE(lookup.failed());
  BOOST_TEST(lookup.error().message().find("nobody") != std::string_view::npos);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(redis_cluster_faults)

BOOST_AUTO_TEST_CASE(a_killed_master_costs_its_own_slots_until_the_fail_over_and_nothing_else) {
  ClusterLab lab;
  auto cache = started_cache(on(lab));
  const std::size_t victim = 1;
  const int slot = 8000;
  const std::string elsewhere = lab.key_in(100);
  const std::string there = lab.key_in(slot);
  BOOST_REQUIRE(lab.master_of(slot) == victim);
  TopologyLoad load(*cache, 4, key_of_thread);
  load.expects_latest = false;
  BOOST_REQUIRE(load.proceeds(200));
  BOOST_TEST(load.tally.failures == 0);
  lab.node(victim).kill();
  std::uint64_t calls = 0;
  std::uint64_t failures = 0;
  std::atomic<bool> done{false};
  std::thread others([&] {
    while (!done) {
      ++calls;
      if (!cache->set_value(elsewhere, "value", 1min)) ++failures;
    }
  });
  const bool replaced = lab.wait_for_new_master(slot, victim);
  const auto when = TopologyLoad::now();
  const bool written = wait_until([&] { return cache->set_value(there, "value", 1min); }, 1s);
  BOOST_TEST_MESSAGE("written " << TopologyLoad::now() - when << " ms after the fail-over");
  done = true;
  others.join();
  BOOST_REQUIRE(replaced);
  BOOST_TEST(written);
  BOOST_TEST(calls > 0);
  BOOST_TEST(failures == 0);
  BOOST_REQUIRE(load.proceeds(200));
  load.stop();
  BOOST_TEST(load.tally.last_failure <= when + 1000);
  BOOST_TEST(load.tally.wrong == 0);
  BOOST_TEST(load.tally.longest <= (timeout + slack).count());
  BOOST_TEST_MESSAGE("longest call " << load.tally.longest << " ms, " << load.tally.failures << " of "
                                     << load.tally.calls << " failed");
}

BOOST_AUTO_TEST_CASE(walks_alone_find_the_new_master_of_a_killed_one) {
  ClusterLab lab;
  auto cache = started_cache(on(lab));
  BOOST_REQUIRE(cache->size().ok());
  lab.node(1).kill();
  BOOST_REQUIRE(lab.wait_for_new_master(8000, 1));
  BOOST_TEST(wait_until([&] { return cache->size().ok(); }));
}

BOOST_AUTO_TEST_CASE(a_slot_that_moves_under_load_costs_no_call_and_at_most_two_refreshes) {
  ClusterLab lab;
  auto cache = started_cache(on(lab));
  const int slot = 100;
  const std::string tag = "{" + lab.key_in(slot) + "}";
  TopologyLoad load(*cache, 16, [&](std::size_t thread, std::uint64_t place) {
    return tag + key_of_thread(thread, place);
  });
  BOOST_REQUIRE(load.proceeds(1000));
  for (const std::size_t target : {1u, 0u, 2u}) {
    const auto before = slot_questions(lab);
    std::uint64_t own_questions = 0;  // each step of the lab asks every node
    lab.begin_move(slot, target);
    own_questions += lab.nodes();
    bool more = true;
    while (more) {
      more = lab.move_keys(slot, target, 20) > 0;
      own_questions += lab.nodes();
      load.proceeds(200);
    }
    lab.finish_move(slot, target);
    own_questions += lab.nodes();
    BOOST_REQUIRE(load.proceeds(1000));
    const auto questions = slot_questions(lab) - before - own_questions;
    BOOST_TEST(questions <= 2);
    BOOST_TEST_MESSAGE("questions about slots in the move: " << questions);
  }
  load.stop();
  BOOST_TEST(errors_of(lab, "ASK") > 0);
  BOOST_TEST(errors_of(lab, "MOVED") > 0);
  BOOST_TEST(load.tally.failures == 0);
  BOOST_TEST(load.tally.wrong == 0);
  BOOST_TEST(load.tally.longest <= (timeout + slack).count());
  BOOST_TEST_MESSAGE("longest call " << load.tally.longest << " ms of " << load.tally.calls);
}

BOOST_AUTO_TEST_CASE(slots_without_a_server_fail_quickly_and_the_others_are_served) {
  ClusterLab lab({.replicas_per_master = 0});
  auto cache = started_cache(on(lab));
  const std::string elsewhere = lab.key_in(100);
  const std::string there = lab.key_in(8000);
  BOOST_REQUIRE(cache->set_value(elsewhere, "value", 1min));
  lab.node(1).kill();
  BOOST_TEST(wait_until([&] { return cache->get(there).failed(); }));
  for (int call = 0; call < 20; ++call) {
    const auto begin = TopologyLoad::now();
    BOOST_TEST(cache->get(there).failed());
    BOOST_TEST(TopologyLoad::now() - begin < 400);
    BOOST_TEST(cache->get_value(elsewhere).has_value());
  }
}

BOOST_AUTO_TEST_CASE(reads_go_to_replicas_of_the_slot_when_they_are_asked_for) {
  ClusterLab lab;
  auto options = on(lab);
  options.read_from_replicas = true;
  auto cache = started_cache(options);
  const std::string key = lab.key_in(100);
  BOOST_REQUIRE(cache->set_value(key, "value", 1min));
  RedisProbe on_master = lab.node(0).probe();
  RedisProbe on_replica = lab.node(lab.replica_of(0)).probe();
  BOOST_TEST(wait_until([&] { return cache->get_value(key) && calls_of(on_replica, "get") > 0; }));
  const auto before = calls_of(on_master, "get");
  for (int call = 0; call < 50; ++call)
    BOOST_TEST(cache->get_value(key).has_value());
  BOOST_TEST(calls_of(on_master, "get") == before);
}

BOOST_AUTO_TEST_CASE(a_frozen_master_costs_no_call_more_than_its_deadline_and_the_other_slots_nothing) {
  ClusterLab lab;
  auto cache = started_cache(on(lab));
  const std::string elsewhere = lab.key_in(100);
  const std::string there = lab.key_in(8000);
  BOOST_REQUIRE(cache->set_value(there, "value", 1min));
  lab.node(1).freeze();
  std::atomic<bool> replaced{false};
  std::int64_t longest = 0;
  std::thread frozen([&] {
    while (!replaced) {
      const auto begin = TopologyLoad::now();
      [[maybe_unused]] const auto lookup = cache->get(there);
      longest = std::max(longest, TopologyLoad::now() - begin);
    }
  });
  std::uint64_t failures = 0;
  const auto served = [&] {
    if (!cache->set_value(elsewhere, "value", 1min)) ++failures;
    return lab.wait_for_new_master(8000, 1, 10ms);
  };
  BOOST_TEST(wait_until(served, 20s));
  replaced = true;
  frozen.join();
  BOOST_TEST(wait_until([&] { return cache->set_value(there, "value", 1min); }, 1s));
  BOOST_TEST(failures == 0);
  BOOST_TEST(longest <= (timeout + slack).count());
  lab.node(1).thaw();
}

BOOST_AUTO_TEST_CASE(a_server_that_sends_every_command_to_itself_ends_after_five_redirections) {
  std::atomic<std::uint16_t> port{0};
  ScriptedServer server(ScriptedServer::after_setup([&](const ScriptedCommand& command) {
    const auto number = std::to_string(port);
    if (command.name() == "CLUSTER")
      return ScriptedAnswer{"*1\r\n*3\r\n:0\r\n:16383\r\n*2\r\n$9\r\n127.0.0.1\r\n:" + number + "\r\n"};
    return ScriptedAnswer{"-MOVED 5 127.0.0.1:" + number + "\r\n"};
  }));
  port = server.port();
  auto options = common();
  options.startup_nodes = {"127.0.0.1:" + std::to_string(server.port())};
  auto cache = started_cache(options);
  for (int call = 1; call <= 5; ++call) {
    const auto lookup = cache->get("key");
    BOOST_REQUIRE(lookup.failed());
    BOOST_TEST((lookup.error().outcome() == Outcome::not_done));
    BOOST_TEST(server.count("GET") == static_cast<std::size_t>(6 * call));
  }
  BOOST_TEST(server.count("CLUSTER") <= 25u);
}

BOOST_AUTO_TEST_CASE(a_seed_that_is_no_cluster_is_reported_as_such) {
  RedisServer server;
  auto options = common();
  options.startup_nodes = {"127.0.0.1:" + std::to_string(server.port())};
  auto cache = started_cache(options);
  const auto lookup = cache->get("key");
  BOOST_REQUIRE(lookup.failed());
  BOOST_TEST((lookup.error().code() == ErrorCode::refused));
  BOOST_TEST(lookup.error().message().find("cluster support disabled") != std::string_view::npos);
  BOOST_TEST((cache->health().state == HealthState::down));
}

BOOST_AUTO_TEST_CASE(each_server_of_a_topology_is_shown_by_itself) {
  ClusterLab cluster;
  const auto spread = started_cache(on(cluster));
  for (int key = 0; key < 100; ++key)
    BOOST_REQUIRE(spread->set_value("key" + std::to_string(key), "value", 1min));
  for (std::size_t master = 0; master < 3; ++master)
    BOOST_TEST(servers_of(*spread).count(address_of(cluster.node(master))) == 1U);
  SentinelLab sentinels;
  const auto replicated = started_cache(behind(sentinels));
  BOOST_REQUIRE(replicated->set_value("key", "value", 1min));
  BOOST_TEST(servers_of(*replicated).count(address_of(sentinels.master())) == 1U);
  auto alone = common();
  alone.port = sentinels.master().port();
  alone.host = "127.0.0.1";
  BOOST_TEST((servers_of(*started_cache(alone)) == std::set{address_of(sentinels.master())}));
}

BOOST_AUTO_TEST_SUITE_END()
