// Connections that end while nobody uses them, whether they were used before or not: the next call, whatever
// it is, goes over a new one.

#include "support/established_connections.hpp"
#include "support/patient.hpp"
#include "support/redis_lab.hpp"
#include "support/sanitized.hpp"
#include "support/wait_until.hpp"

#include <cachesite/redis_cache.hpp>
#include <cachesite/redis_connection.hpp>
#include <cachesite/redis_mutex_site.hpp>
#include <cachesite/redis_pubsub_queue_site.hpp>
#include <cachesite/redis_stream_queue_site.hpp>

#include <atomic>
#include <chrono>
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

const TestCertificates& certificates() {
  static const TestCertificates made;
  return made;
}

enum class Loss { killed, idle_for_too_long, restarted };
constexpr Loss losses[] = {Loss::killed, Loss::idle_for_too_long, Loss::restarted};

const char* text(Loss loss) {
  switch (loss) {
    case Loss::killed:
      return "the server killed its clients";
    case Loss::idle_for_too_long:
      return "the server closed idle connections";
    case Loss::restarted:
      return "the server was restarted";
  }
  return "";
}

/// Returns when the server has ended all connections to its port.
void lose(RedisServer& server, std::uint16_t port, Loss loss) {
  switch (loss) {
    case Loss::killed:  // also those that the cache is about to open
      BOOST_REQUIRE(wait_until([&] {
        server.probe().checked({"CLIENT", "KILL", "TYPE", "normal"});
        return established_connections(port) == 0;
      }));
      return;
    case Loss::idle_for_too_long:
      server.probe().checked({"CONFIG", "SET", "timeout", "1"});
      break;
    case Loss::restarted:
      server.restart();
      break;
  }
  BOOST_REQUIRE(wait_until([&] { return established_connections(port) == 0; }, 10s, 5ms));
  if (loss == Loss::idle_for_too_long) server.probe().checked({"CONFIG", "SET", "timeout", "0"});
}

template <class Component>
std::shared_ptr<Component> started(typename Component::Options options, std::uint16_t port, bool tls) {
  options.host = tls ? "localhost" : "127.0.0.1";
  options.port = port;
  options.ssl = tls;
  if (tls) options.ssl_ca_certs = certificates().authority_file();
  auto component = std::make_shared<Component>(std::move(options), ComponentContext{});
  component->start();
  component->await_started();
  return component;
}

/// Why it failed; empty when it did not.
template <class T>
std::string failure_of(const Result<T>& result) {
  return result.ok()
             ? ""
             : std::string(to_string(result.error().code())) + ": " + std::string(result.error().message());
}

template <class T>
std::string failure_of(const std::vector<Result<T>>& results) {
  for (const auto& result : results)
    if (!result.ok()) return failure_of(result);
  return "";
}

struct Operation {
  const char* name;
  std::function<std::string()> failure;
};

/// One component for each operation, so that it is the first that its connection is used for.
std::vector<Operation> first_operations(std::uint16_t port, bool tls) {
  std::vector<Operation> operations;
  const auto on_cache = [&](const char* name, auto operation) {
    operations.push_back(
        {name, [cache = started<RedisCache>({}, port, tls), operation] { return operation(*cache); }});
  };
  on_cache("write", [](RedisCache& cache) { return failure_of(cache.write("a", "b", TimeToLive(1min))); });
  on_cache("increment",
           [](RedisCache& cache) { return failure_of(cache.increment("n", 1, TimeToLive(1min))); });
  on_cache("increment without end", [](RedisCache& cache) {
    return failure_of(cache.increment("m", 1, TimeToLive::never_expires()));
  });
  on_cache("add", [](RedisCache& cache) { return failure_of(cache.add("once", "x", TimeToLive(1min))); });
  on_cache("set_many", [](RedisCache& cache) {
    return failure_of(cache.set_many({{"a", "1", TimeToLive(1min)}, {"b", "2", TimeToLive(1min)}}));
  });
  on_cache("large write", [](RedisCache& cache) {
    return failure_of(cache.write("large", std::string(1'000'000, 'x'), TimeToLive(1min)));
  });
  on_cache("clear", [](RedisCache& cache) { return failure_of(cache.clear()); });
  const auto on_connection = [&](const char* name, auto operation) {
    operations.push_back(
        {name, [redis = started<RedisConnection>({}, port, tls), operation] { return operation(*redis); }});
  };
  on_connection("INCR", [](RedisConnection& redis) { return failure_of(redis.call({"INCR", "counter"})); });
  on_connection("script", [](RedisConnection& redis) {
    return failure_of(redis.run(redis.make_script("return redis.call('INCR', KEYS[1])"), {"scripted"}, {}));
  });
  on_connection("pipeline", [](RedisConnection& redis) {
    const RedisCommand commands[]{{"INCR", "piped"}, {"INCR", "piped"}};
    return failure_of(redis.pipeline(commands));
  });
  on_connection("session", [](RedisConnection& redis) {
    auto session = redis.open_session();
    return session.ok() ? failure_of(session.value()->call({"INCR", "in session"})) : failure_of(session);
  });
  on_connection("waiting command", [](RedisConnection& redis) {
    return failure_of(redis.call({"LPUSH", "list", "x"})) + failure_of(redis.call({"BLPOP", "list", "1"}));
  });
  operations.push_back({"queue send", [site = started<RedisStreamQueueSite>({}, port, tls)] {
                          return failure_of(site->get_producer("jobs")->send("message"));
                        }});
  operations.push_back({"publish", [site = started<RedisPubSubQueueSite>({}, port, tls)] {
                          return failure_of(site->get_producer("news")->send("message"));
                        }});
  operations.push_back({"lock", [site = started<RedisMutexSite>({}, port, tls)] {
                          static int doors = 0;
                          const bool locked = site->get_mutex("door " + std::to_string(++doors))->try_lock();
                          return std::string(locked ? "" : "not locked");
                        }});
  return operations;
}

void every_operation_succeeds(RedisServer& server, std::uint16_t port, bool tls) {
  for (const Loss loss : losses) {
    const auto operations = first_operations(port, tls);
    for (const char* const time : {"unused", "used"}) {
      lose(server, port, loss);
      for (const auto& operation : operations) {
        const auto begin = std::chrono::steady_clock::now();
        const auto failure = operation.failure();
        BOOST_TEST(failure.empty(), operation.name << " over a connection that was " << time << " when "
                                                   << text(loss) << ": " << failure);
        BOOST_TEST((std::chrono::steady_clock::now() - begin < 2s * slowness));
      }
    }
  }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(redis_idle_loss)

BOOST_AUTO_TEST_CASE(every_first_call_succeeds_after_one_server_has_ended_its_connections) {
  RedisServer server;
  every_operation_succeeds(server, server.port(), false);
}

BOOST_AUTO_TEST_CASE(every_first_call_succeeds_after_a_server_with_tls_has_ended_its_connections) {
  RedisServer server({.tls = certificates().server_tls()});
  every_operation_succeeds(server, server.tls_port(), true);
}

BOOST_AUTO_TEST_CASE(every_first_call_succeeds_after_the_nodes_of_a_cluster_have_ended_their_connections) {
  ClusterLab lab;
  for (const Loss loss : losses) {
    auto options = patient<RedisCacheOptions>();
    for (const auto port : lab.ports())
      options.startup_nodes.push_back("127.0.0.1:" + std::to_string(port));
    RedisCache cache(options);
    cache.start();
    cache.await_started();
    for (const char* const time : {"unused", "used"}) {
      for (std::size_t index = 0; index < lab.nodes(); ++index)
        lose(lab.node(index), lab.node(index).port(), loss);
      lab.wait_until_ready();
      for (int key = 0; key < 30; ++key)
        BOOST_TEST(cache.write(std::to_string(key), "value", TimeToLive(1min)).ok(),
                   "write " << key << ", " << time << ", " << text(loss));
      for (int key = 0; key < 30; ++key)
        BOOST_TEST(cache.increment("n" + std::to_string(key), 1, TimeToLive(1min)).ok());
    }
  }
}

// With all of them dead a call meets one after the other before there is a new one.
BOOST_AUTO_TEST_CASE(a_write_survives_the_end_of_every_connection_of_a_cache) {
  RedisServer server;
  auto options = patient<RedisCacheOptions>();
  options.host = "127.0.0.1";
  options.port = server.port();
  options.channels = 8;
  RedisCache cache(options);
  BOOST_REQUIRE(cache.set_value("a", "b", 1min));
  const std::string large(1'000'000, 'x');
  BOOST_REQUIRE(cache.set_value("large", large, 1min));
  // Calls that find each other in the way open further connections.
  const auto connections = [&] { return established_connections(server.port()); };
  constexpr int rounds = sanitized ? 30 : 300;
  std::atomic<bool> enough{false};
  std::atomic<int> callers{16};
  std::vector<std::thread> threads;
  for (int index = callers; index > 0; --index)
    threads.emplace_back([&] {
      for (int round = 0; round < rounds && !enough; ++round) {
        (void)cache.get_value("a");
        (void)cache.get_value("large");
      }
      --callers;
    });
  // Connections are looked for by one thread, and now and then, since that takes longer than a call.
  wait_until([&] { return enough = connections() >= 9, enough || callers == 0; }, 60s, 5ms);
  for (auto& thread : threads)
    thread.join();
  BOOST_TEST(connections() >= 3);
  for (int round = 0; round < 3; ++round) {
    lose(server, server.port(), Loss::killed);
    const auto written = cache.write("a", "c", TimeToLive(1min));
    BOOST_TEST(written.ok(), (written.ok() ? "" : std::string(written.error().message())));
    lose(server, server.port(), Loss::killed);
    const auto stored = cache.write("large", large, TimeToLive(1min));
    BOOST_TEST(stored.ok(), (stored.ok() ? "" : std::string(stored.error().message())));
  }
}

BOOST_AUTO_TEST_SUITE_END()
