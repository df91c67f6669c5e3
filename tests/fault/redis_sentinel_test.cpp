// Pretended sentinels and masters, and real ones whose master is away: what is chosen, how soon, how often is
// asked, and what calls are told that run meanwhile.

#include "fault/pretended_sentinel.hpp"
#include "support/failing_threads.hpp"
#include "support/redis_lab.hpp"
#include "support/scripted_server.hpp"
#include "support/wait_until.hpp"

#include <cachesite/redis_cache.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <memory>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <thread>
#include <type_traits>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;
using namespace std::chrono_literals;

namespace {

/// A call on a thread of its own, and what it returns.
template <class Call>
class Running {
 public:
  explicit Running(Call call) : thread_([this, call] { result_ = call(); }) {}
  ~Running() {
    if (thread_.joinable()) thread_.join();
  }
  auto end() {
    thread_.join();
    return *result_;
  }

 private:
  std::optional<std::invoke_result_t<Call>> result_;
  std::thread thread_;
};

bool all_ok(const std::vector<Status>& results) {
  return std::all_of(results.begin(), results.end(), [](const auto& result) { return result.ok(); });
}

// How many connections have brought this command.
std::size_t connections_with(const ScriptedServer& server, std::string_view command) {
  std::set<std::size_t> connections;
  for (const auto& received : server.commands())
    if (received.name() == command) connections.insert(received.connection);
  return connections.size();
}

void expect_unreachable(const Error& error) {
  BOOST_TEST((error.code() == ErrorCode::unreachable), error.message());
  BOOST_TEST((error.outcome() == Outcome::unknown));
  BOOST_TEST(error.message().find("stopped") == std::string_view::npos, error.message());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(redis_sentinel_choices)

BOOST_AUTO_TEST_CASE(a_server_that_says_it_is_no_master_is_passed_over_although_most_sentinels_name_it) {
  PretendedServer old_master("slave");
  RedisServer master;
  const PretendedSentinel cut_off(old_master.port());
  const PretendedSentinel also_cut_off(old_master.port());
  const PretendedSentinel right(master.port());
  const auto cache = started(behind({&cut_off, &also_cut_off, &right}));
  BOOST_TEST(wait_until([&] { return cache->set_value("key", "value", 1min); }, 2s));
  BOOST_TEST(master.probe().exists("key"));
  // And again, when the connections are lost.
  master.probe().checked({"CLIENT", "KILL", "TYPE", "normal"});
  BOOST_TEST(wait_until([&] { return cache->set_value("later", "value", 1min); }, 2s));
  BOOST_TEST(master.probe().exists("later"));
  BOOST_TEST(old_master.script().count("SETEX") == 0u);
  BOOST_TEST(old_master.script().count("ROLE") <= 20u);
}

BOOST_AUTO_TEST_CASE(a_server_that_becomes_a_master_is_used_though_it_said_that_it_is_none) {
  PretendedServer server("slave");
  const PretendedSentinel sentinel(server.port());
  const auto cache = started(behind({&sentinel}));
  BOOST_REQUIRE(wait_until([&] { return server.script().count("ROLE") >= 3; }));
  BOOST_TEST(!cache->set_value("key", "value", 1min));
  server.set_master(true);
  BOOST_TEST(wait_until([&] { return cache->set_value("key", "value", 1min); }, 2s));
}

BOOST_AUTO_TEST_CASE(a_new_master_that_no_thread_could_be_had_for_is_used_once_there_is_one) {
  PretendedServer old_master("master");
  RedisServer master;
  PretendedSentinel sentinel(old_master.port());
  const auto cache = started(behind({&sentinel}));
  BOOST_REQUIRE(cache->set_value("key", "value", 1min));
  FailingThreads shortage;
  old_master.set_master(false);
  sentinel.announce(old_master.port(), master.port());
  BOOST_REQUIRE(wait_until([&] { return shortage.failed() >= 2; }));
  BOOST_TEST(!cache->set_value("key", "value", 1min));
  shortage.end();
  BOOST_TEST(wait_until([&] { return cache->set_value("key", "value", 1min); }, 2s));
  BOOST_TEST(master.probe().exists("key"));
}

BOOST_AUTO_TEST_CASE(a_fail_over_ends_no_call_as_if_the_cache_were_stopped) {
  PretendedServer old_master("master", "SETEX");
  RedisServer master;
  PretendedSentinel sentinel(old_master.port());
  auto options = behind({&sentinel});
  options.socket_timeout = 20s;
  const auto cache = started(options);
  BOOST_REQUIRE(cache->get("key").miss());
  Running write([&] { return cache->write("key", "value", TimeToLive(1min)).error(); });
  BOOST_REQUIRE(wait_until([&] { return old_master.script().count("SETEX") >= 1; }));
  // Nothing of these has been sent, or may be sent again, so they go on at the new master.
  Running batch([&] { return all_ok(cache->set_many({{"a", "1", 1min}, {"b", "2", 1min}})); });
  Running read([&] { return cache->get("key").miss(); });
  old_master.set_master(false);
  sentinel.announce(old_master.port(), master.port());
  expect_unreachable(write.end());
  BOOST_TEST(batch.end());
  BOOST_TEST(read.end());
  BOOST_TEST(wait_until([&] { return cache->set_value("key", "value", 1min); }, 2s));
  BOOST_TEST(master.probe().exists("key"));
  cache->stop();
  BOOST_TEST((cache->get("key").error().code() == ErrorCode::closed));
}

BOOST_AUTO_TEST_CASE(a_node_that_leaves_a_cluster_ends_no_call_as_if_the_cache_were_stopped) {
  const auto slots = [](std::uint16_t port) {
    return "*1\r\n*3\r\n:0\r\n:16383\r\n*2\r\n" + bulk_reply("127.0.0.1") + ":" + std::to_string(port) +
           "\r\n";
  };
  std::atomic<std::uint16_t> new_port{0};
  std::atomic<std::uint16_t> old_port{0};
  ScriptedServer successor(ScriptedServer::after_setup([&](const ScriptedCommand& command) -> ScriptedAnswer {
    if (command.name() == "CLUSTER") return {slots(new_port)};
    if (command.name() == "GET") return {"$-1\r\n"};
    return {"+OK\r\n"};
  }));
  std::atomic<bool> has_lost_its_slots{false};
  ScriptedServer leaving(ScriptedServer::after_setup([&](const ScriptedCommand& command) -> ScriptedAnswer {
    if (command.name() == "CLUSTER") return {slots(old_port)};
    if (command.name() == "SETEX") return {};
    if (!has_lost_its_slots) return {.bytes = "$-1\r\n", .delay = 20ms};
    return {"-MOVED 1 127.0.0.1:" + std::to_string(new_port) + "\r\n"};
  }));
  old_port = leaving.port();
  new_port = successor.port();
  auto options = patient<RedisCacheOptions>();
  options.startup_nodes = {"127.0.0.1:" + std::to_string(leaving.port())};
  options.socket_timeout = 20s;
  const auto cache = started(options);
  // Calls that meet make it open a second connection, and use it once it is there.
  BOOST_REQUIRE(wait_until([&] {
    Running other([&] { return cache->get("key").miss(); });
    return cache->get("key").miss() && other.end() && connections_with(leaving, "GET") >= 2;
  }));
  has_lost_its_slots = true;
  Running write([&] { return cache->write("key", "value", TimeToLive(1min)).error(); });
  BOOST_REQUIRE(wait_until([&] { return leaving.count("SETEX") >= 1; }));
  BOOST_TEST(cache->get("key").miss());
  expect_unreachable(write.end());
  BOOST_TEST(cache->set_value("key", "value", 1min));
}

BOOST_AUTO_TEST_CASE(a_fail_over_is_followed_by_sentinels_that_were_only_named_by_those_that_are_gone) {
  PretendedServer old_master("master");
  RedisServer master;
  PretendedSentinel last(old_master.port());
  auto second = std::make_unique<PretendedSentinel>(old_master.port());
  second->set_sentinel(last.port());
  auto first = std::make_unique<PretendedSentinel>(old_master.port());
  first->set_sentinel(second->port());
  const auto cache = started(behind({first.get()}));
  BOOST_REQUIRE(cache->set_value("key", "value", 1min));
  BOOST_REQUIRE(wait_until([&] { return last.accepted() >= 2; }));
  first.reset();
  second.reset();
  old_master.set_master(false);
  last.announce(old_master.port(), master.port());
  auto probe = master.probe();
  BOOST_TEST(wait_until(
      [&] {
        (void)cache->set_value("key", "value", 1min);
        return probe.exists("key");
      },
      5s));
}

BOOST_AUTO_TEST_CASE(a_demoted_master_is_read_from_as_a_replica) {
  PretendedServer first("master");
  PretendedServer second("master");
  PretendedSentinel sentinel(first.port());
  sentinel.set_replica(first.port());  // it knows before it announces
  auto options = behind({&sentinel});
  options.read_from_replicas = true;
  const auto cache = started(options);
  BOOST_REQUIRE(cache->get("key").miss());
  sentinel.announce(first.port(), second.port());
  BOOST_REQUIRE(wait_until([&] {
    (void)cache->set_value("key", "value", 1min);
    return second.script().count("SETEX") > 0;
  }));
  first.set_master(false);
  first.script().drop_connections();
  const auto before = first.script().count("GET");
  BOOST_TEST(wait_until(
      [&] {
        (void)cache->get("key");
        return first.script().count("GET") >= before + 5;
      },
      5s));
}

BOOST_AUTO_TEST_CASE(while_the_master_is_away_sentinels_are_not_connected_to_again_and_again) {
  SentinelLab lab({.replicas = 0, .down_after = 60s});
  auto options = patient<RedisCacheOptions>();
  options.service_name = lab.service_name();
  for (const auto port : lab.sentinel_ports())
    options.sentinels.push_back("127.0.0.1:" + std::to_string(port));
  const auto cache = started(options);
  BOOST_REQUIRE(wait_until([&] { return cache->set_value("key", "value", 1min); }));
  lab.master().kill();
  std::vector<RedisProbe> probes;
  for (std::size_t index = 0; index < lab.sentinels(); ++index)
    probes.push_back(lab.sentinel(index).probe());
  const auto received = [&](RedisProbe& probe) {
    return std::stoull(probe.info("total_connections_received"));
  };
  std::vector<std::uint64_t> before;
  for (auto& probe : probes)
    before.push_back(received(probe));
  constexpr auto outage = 3s;
  const auto begin = std::chrono::steady_clock::now();
  std::uint64_t calls = 0;
  while (std::chrono::steady_clock::now() - begin < outage) {
    BOOST_REQUIRE(cache->get("key").failed());
    ++calls;
    std::this_thread::sleep_for(10ms);  // the pace of the client
  }
  for (std::size_t index = 0; index < probes.size(); ++index) {
    const auto connections = received(probes[index]) - before[index];
    BOOST_TEST(connections <= 2u * outage.count());
    BOOST_TEST_MESSAGE(connections << " connections to sentinel " << index << " in " << outage.count()
                                   << " s and " << calls << " calls");
  }
}

BOOST_AUTO_TEST_SUITE_END()
