// Servers that answer something odd: one that cannot save, that has no PING, that is a replica now, that
// belongs to a cluster, that says nothing at all.

#include "support/chaos_proxy.hpp"
#include "support/collecting_logger.hpp"
#include "support/patient.hpp"
#include "support/redis_lab.hpp"
#include "support/scripted_server.hpp"
#include "support/temporary_directory.hpp"
#include "support/wait_until.hpp"

#include <cachesite/redis_cache.hpp>
#include <cachesite/redis_connection.hpp>
#include <cachesite/redis_mutex_site.hpp>
#include <cachesite/redis_stream_queue_site.hpp>

#include <atomic>
#include <chrono>
#include <filesystem>
#include <functional>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;
using namespace std::chrono_literals;

namespace {

template <class Component>
std::shared_ptr<Component> started(
    std::uint16_t port, typename Component::Options options = patient<typename Component::Options>(),
    const std::shared_ptr<ILogger>& logger = std::make_shared<SilentLogger>()) {
  options.host = "127.0.0.1";
  options.port = port;
  ComponentContext context;
  context.logger = logger;
  auto component = std::make_shared<Component>(std::move(options), context);
  component->start();
  component->await_started();
  return component;
}

bool all_ok(const std::vector<Status>& results) {
  for (const auto& result : results)
    if (!result.ok()) return false;
  return !results.empty();
}

/// A name, here a port, that leads to one server and later to another, while connections stay where they are.
class Name {
 public:
  explicit Name(const RedisServer& server) { lead_to(server); }

  std::uint16_t port() const { return proxy_.port(); }
  std::uint64_t connections() const { return proxy_.accepted(); }
  void lead_to(const RedisServer& server) {
    std::filesystem::remove(path_);
    std::filesystem::create_symlink(server.unix_socket_path(), path_);
  }

 private:
  TemporaryDirectory directory_;
  const std::string path_ = directory_.file("name");
  ChaosProxy proxy_{path_};
};

void follow(RedisServer& replica, const RedisServer& master) {
  replica.probe().checked({"REPLICAOF", "127.0.0.1", std::to_string(master.port())});
}

}  // namespace

BOOST_AUTO_TEST_SUITE(redis_odd_server)

BOOST_AUTO_TEST_CASE(a_server_that_cannot_save_serves_reads_after_a_reconnect_and_writes_tell_why) {
  const TemporaryDirectory directory;
  const auto data = directory.path() / "data";
  std::filesystem::create_directory(data);
  RedisServer server({.directives = {"save 3600 1", "dir " + data.string()}});
  auto probe = server.probe();
  probe.set("key", "value");
  const auto cache = started<RedisCache>(server.port());
  const auto redis = started<RedisConnection>(server.port());
  std::filesystem::remove_all(data);
  probe.checked({"BGSAVE"});
  BOOST_REQUIRE(wait_until([&] { return probe.info("rdb_last_bgsave_status") == "err"; }));
  BOOST_REQUIRE(probe.command({"PING"}).text.starts_with("MISCONF"));
  for (int round = 0; round < 2; ++round) {
    probe.checked({"CLIENT", "KILL", "TYPE", "normal"});
    BOOST_TEST(cache->get("key").hit());
    BOOST_TEST(cache->get_many({"key"}).front().hit());
    BOOST_TEST(cache->contains("key").ok());
    BOOST_TEST(cache->time_to_live("key").ok());
    BOOST_TEST(cache->size().ok());
    const auto written = cache->write("key", "other", TimeToLive(1min));
    BOOST_REQUIRE(!written.ok());
    BOOST_TEST((written.error().code() == ErrorCode::refused));
    BOOST_TEST(written.error().message().starts_with("MISCONF"));
    BOOST_TEST(!cache->increment("n", 1, TimeToLive(1min)).ok());
    BOOST_TEST(!cache->remove("key").ok());
    BOOST_TEST((cache->health().state == HealthState::up));
    // Repeatable: Redis 8 may close the connection that it was told to kill after this was sent.
    BOOST_TEST(redis->call(RedisCommand("GET", "key").repeatable()).ok());
    const RedisCommand commands[]{{"GET", "key"}};
    BOOST_TEST(redis->pipeline(commands).front().ok());
    auto session = redis->open_session();
    BOOST_REQUIRE(session.ok());
    BOOST_TEST(session.value()->call({"GET", "key"}).ok());
    BOOST_TEST(!session.value()->call({"SET", "key", "other"}).ok());
  }
}

BOOST_AUTO_TEST_CASE(any_answer_to_a_greeting_is_a_sign_of_life_but_one_that_turns_the_client_away) {
  struct Row {
    const char* answer;
    bool usable;
  };
  constexpr Row rows[] = {
      {"MISCONF Redis is configured to save RDB snapshots, but is unable to", true},
      {"ERR unknown command 'PING', with args beginning with: ", true},
      {"NOPERM this user has no permissions to run the command", true},
      {"BUSY Redis is busy running a script", true},
      {"LOADING Redis is loading the dataset in memory", false},
      {"MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.", false},
      {"NOAUTH Authentication required.", false},
      {"WRONGPASS invalid username-password pair or user is disabled.", false},
      {"DENIED Redis is running in protected mode", false},
      {"ERR max number of clients reached", false},
  };
  for (const std::string name : {"PING", "CLIENT"}) {
    for (const auto& row : rows) {
      ScriptedServer server([&](const ScriptedCommand& command) -> ScriptedAnswer {
        if (command.name() == name) return {"-" + std::string(row.answer) + "\r\n"};
        if (command.name() == "GET") return {"$5\r\nvalue\r\n"};
        return {"+OK\r\n"};
      });
      auto options = patient<RedisCacheOptions>();
      options.client_name = "tested";
      const auto cache = started<RedisCache>(server.port(), options);
      const auto found = cache->get("key");
      BOOST_TEST(found.hit() == row.usable, name << ": " << row.answer);
      if (found.failed()) {
        const std::string word(row.answer, std::string_view(row.answer).find(' '));
        BOOST_TEST(found.error().message().find(word) != std::string_view::npos, row.answer);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(a_write_succeeds_soon_after_the_name_of_a_demoted_server_has_moved_to_the_new_master) {
  RedisServer first;
  RedisServer second;
  Name name(first);
  struct Operation {
    const char* what;
    std::function<bool()> succeeds;
  };
  const auto cache = [&] { return started<RedisCache>(name.port()); };
  const auto redis = [&] { return started<RedisConnection>(name.port()); };
  std::vector<Operation> operations;
  operations.push_back({"write", [cache = cache()] { return cache->set_value("a", "b", 1min); }});
  operations.push_back(
      {"increment", [cache = cache()] { return cache->increment("n", 1, TimeToLive(1min)).ok(); }});
  operations.push_back(
      {"set_many", [cache = cache()] {
         return all_ok(cache->set_many({{"a", "1", TimeToLive(1min)}, {"b", "2", TimeToLive(1min)}}));
       }});
  operations.push_back({"clear", [cache = cache()] { return cache->clear().ok(); }});
  operations.push_back({"INCR", [redis = redis()] { return redis->call({"INCR", "n"}).ok(); }});
  operations.push_back(
      {"script", [redis = redis()] {
         return redis->run(redis->make_script("return redis.call('INCR', 'n')"), {}, {}).ok();
       }});
  operations.push_back({"pipeline", [redis = redis()] {
                          const RedisCommand commands[]{{"INCR", "n"}};
                          return redis->pipeline(commands).front().ok();
                        }});
  operations.push_back({"session", [redis = redis()] {
                          auto session = redis->open_session();
                          return session.ok() && session.value()->call({"INCR", "n"}).ok();
                        }});
  operations.push_back({"queue", [site = started<RedisStreamQueueSite>(name.port())] {
                          return site->get_producer("jobs")->send("message").ok();
                        }});
  std::atomic<int> locks{0};
  operations.push_back({"lock", [&locks, site = started<RedisMutexSite>(name.port())] {
                          try {
                            return site->get_mutex("door " + std::to_string(++locks))->try_lock();
                          } catch (const MutexError&) {
                            return false;
                          }
                        }});
  RedisServer* old_master = &first;
  RedisServer* new_master = &second;
  for (int round = 0; round < 2; ++round) {
    for (const auto& operation : operations)
      BOOST_REQUIRE_MESSAGE(operation.succeeds(), operation.what);
    new_master->probe().set("kept", "so that there is something to clear");
    follow(*old_master, *new_master);
    BOOST_REQUIRE(wait_until([&] { return old_master->probe().info("master_link_status") == "up"; }));
    for (const auto& operation : operations)
      BOOST_TEST(!operation.succeeds(), operation.what << " succeeded on a replica");
    name.lead_to(*new_master);
    const auto moved = std::chrono::steady_clock::now();
    for (const auto& operation : operations)
      BOOST_TEST(wait_until([&] { return operation.succeeds(); }, 2s), operation.what);
    BOOST_TEST_MESSAGE("all of them " << (std::chrono::steady_clock::now() - moved) / 1ms
                                      << " ms after the move");
    // The next round goes back.
    old_master->probe().checked({"REPLICAOF", "NO", "ONE"});
    std::swap(old_master, new_master);
  }
}

BOOST_AUTO_TEST_CASE(
    writes_to_a_replica_do_not_make_it_connect_more_often_than_every_half_second_nor_fail_reads) {
  RedisServer master;
  RedisServer replica;
  master.probe().set("key", "value");
  follow(replica, master);
  Name name(replica);
  const auto cache = started<RedisCache>(name.port());
  BOOST_REQUIRE(wait_until([&] { return cache->get("key").hit(); }));
  const auto before = name.connections();
  const auto end = std::chrono::steady_clock::now() + 1700ms;
  std::uint64_t failed_reads = 0;
  while (std::chrono::steady_clock::now() < end) {
    const auto written = cache->write("key", "other", TimeToLive(1min));
    BOOST_REQUIRE(!written.ok());
    if (written.error().code() == ErrorCode::refused)
      BOOST_TEST(written.error().message().starts_with("READONLY"));
    if (!cache->get("key").hit()) ++failed_reads;
  }
  BOOST_TEST(failed_reads == 0u);
  BOOST_TEST(name.connections() - before >= 2u);
  BOOST_TEST(name.connections() - before <= 4u);
}

BOOST_AUTO_TEST_CASE(a_node_of_a_cluster_that_is_used_as_the_only_server_is_told_to_be_one) {
  ScriptedServer server(ScriptedServer::after_setup([](const ScriptedCommand& command) -> ScriptedAnswer {
    if (command.name() == "MULTI") return {"+OK\r\n"};
    return {"-MOVED 15495 127.0.0.1:7733\r\n"};
  }));
  const auto cache = started<RedisCache>(server.port());
  const auto redis = started<RedisConnection>(server.port());
  const auto tells = [](const Error& error) {
    BOOST_TEST((error.code() == ErrorCode::refused));
    BOOST_TEST(error.message().starts_with("MOVED 15495 127.0.0.1:7733 "));
    BOOST_TEST(error.message().find("startup_nodes") != std::string_view::npos);
  };
  for (int round = 0; round < 2; ++round) {
    tells(cache->get("key").error());
    tells(cache->write("key", "value", TimeToLive(1min)).error());
    tells(cache->increment("key", 1, TimeToLive::never_expires()).error());
    tells(cache->get_many({"key"}).front().error());
    tells(redis->call({"GET", "key"}).error());
    const RedisCommand commands[]{{"GET", "key"}};
    tells(redis->pipeline(commands).front().error());
    tells(redis->open_session().value()->call({"GET", "key"}).error());
  }
}

BOOST_AUTO_TEST_CASE(a_cluster_that_prefers_host_names_and_has_none_is_used_by_its_addresses) {
  ClusterLab lab;
  for (std::size_t index = 0; index < lab.nodes(); ++index)
    lab.node(index).probe().checked({"CONFIG", "SET", "cluster-preferred-endpoint-type", "hostname"});
  auto options = patient<RedisCacheOptions>();
  options.startup_nodes = {"127.0.0.1:" + std::to_string(lab.ports().front())};
  RedisCache cache(options);
  for (int key = 0; key < 30; ++key)
    BOOST_TEST(cache.write(std::to_string(key), "value", TimeToLive(1min)).ok());
  // A redirection has no name either.
  const std::string key = lab.key_in(5);
  BOOST_TEST(cache.set_value(key, "before", 1min));
  lab.move_slot(5, (lab.master_of(5) + 1) % 3);
  const auto written = cache.write(key, "after", TimeToLive(1min));
  BOOST_TEST(written.ok(), (written.ok() ? "" : std::string(written.error().message())));
  BOOST_TEST(cache.get_value(key)->text() == "after");
}

BOOST_AUTO_TEST_CASE(a_server_that_hangs_is_told_once_and_so_is_its_return) {
  RedisServer server;
  for (const std::uint32_t failures : {0u, 5u}) {
    const auto logger = std::make_shared<CollectingLogger>();
    RedisCacheOptions options;
    options.socket_timeout = 200ms;
    options.socket_connect_timeout = 30s;  // which nobody waits for
    options.breaker_failures = failures;
    const auto cache = started<RedisCache>(server.port(), options, logger);
    for (std::size_t round = 1; round <= 2; ++round) {
      BOOST_REQUIRE(cache->set_value("key", "value", 1min));
      server.freeze();
      for (int call = 0; call < 12; ++call)
        BOOST_TEST(cache->get("key").failed());
      BOOST_TEST(logger->count(LogLevel::warning) == round);
      BOOST_TEST(logger->count(LogLevel::warning, "127.0.0.1:" + std::to_string(server.port())) == round);
      BOOST_TEST(logger->count(LogLevel::info, "is back") == round - 1);
      server.thaw();
      BOOST_TEST(wait_until([&] { return cache->get_value("key").has_value(); }));
      BOOST_TEST(logger->count(LogLevel::info, "is back") == round);
      BOOST_TEST(logger->count(LogLevel::warning) == round);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_timeout_below_a_millisecond_is_refused_everywhere) {
  RedisServer server;
  const auto redis = started<RedisConnection>(server.port());
  const auto refused = [](const auto& result) {
    return !result.ok() && result.error().code() == ErrorCode::bad_argument;
  };
  const RedisCommand commands[]{{"PING"}, {"PING"}};
  const auto script = redis->make_script("return 1");
  for (const auto timeout : {0ms, -1ms, -5ms, std::chrono::milliseconds::min()}) {
    BOOST_TEST(refused(redis->call(RedisCommand("PING").timeout(timeout))));
    BOOST_TEST(refused(redis->open_session(timeout)));
    BOOST_TEST(refused(redis->run(script, {}, {}, timeout)));
    const auto results = redis->pipeline(commands, timeout);
    BOOST_TEST(results.size() == 2u);
    for (const auto& result : results)
      BOOST_TEST(refused(result));
  }
  BOOST_TEST(redis->open_session(1s).ok());
  BOOST_TEST(redis->pipeline(commands, 1s).front().ok());
}

BOOST_AUTO_TEST_CASE(after_a_large_answer_small_writes_go_over_the_connection_that_is_there) {
  RedisServer server;
  server.probe().set("large", std::string(8'000'000, 'x'));
  const auto cache = started<RedisCache>(server.port());
  BOOST_TEST(cache->get_value("large")->size() == 8'000'000u);
  for (int round = 0; round < 100; ++round)
    BOOST_REQUIRE(cache->set_value("small", "value", 1min));
  BOOST_TEST(cache->endpoint_statistics().front().connects == 1u);
}

BOOST_AUTO_TEST_SUITE_END()
