// Fail-over from a real server that is killed, frozen and cut off.

#include "integration/redis_cache_fixture.hpp"
#include "support/wait_until.hpp"
#include "unit/async/parts.hpp"

#include <cachesite/async_call.hpp>
#include <cachesite/failover_cache.hpp>
#include <cachesite/memory_cache.hpp>

#include <array>
#include <future>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;

namespace {

struct Pair {
  explicit Pair(std::uint16_t port, OnError on_error = OnError::error, bool with_second = true) {
    auto redis_options = options_for_port(port);
    redis_options.socket_timeout = 200ms;
    redis = std::make_shared<RedisCache>(redis_options);
    redis->start();
    redis->await_started();
    FailoverCacheOptions options;
    options.over = Reference<ICache>(redis);
    if (with_second) options.failover = Reference<ICache>(memory);
    options.on_error = on_error;
    options.retry_after = 20ms;
    ComponentContext context;
    context.logger = logger;
    cache = std::make_shared<FailoverCache>(options, context);
  }
  ~Pair() {
    cache->stop();
    redis->stop();
  }

  std::shared_ptr<RedisCache> redis;
  std::shared_ptr<MemoryCache> memory = std::make_shared<MemoryCache>();
  std::shared_ptr<CollectingLogger> logger = std::make_shared<CollectingLogger>();
  std::shared_ptr<FailoverCache> cache;
};

// Keeps every thread of the pool busy.
struct BusyPool {
  BusyPool() {
    gate->close();
    for (int call = 0; call < 32; ++call)
      calls.push_back(gate->async_get("key").future());
    BOOST_REQUIRE(wait_until([&] { return gate->waiting() == 32; }));
  }
  ~BusyPool() {
    gate->open();
    for (auto& call : calls)
      (void)call.get();
  }

  std::shared_ptr<GatedCache> gate = std::make_shared<GatedCache>();
  std::vector<std::future<Lookup>> calls;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(failover_from_redis)

BOOST_AUTO_TEST_CASE(a_killed_server_is_replaced_at_once_and_used_again_when_it_is_back) {
  RedisServer server;
  Pair pair(server.port());
  BOOST_TEST(pair.cache->set_value("key", "on the server", 1h));
  server.kill();
  for (int index = 0; index < 50; ++index)
    BOOST_TEST(pair.cache->write("outage", ByteView("in memory"), 1h).ok());
  BOOST_TEST(pair.cache->get("outage").value().text() == "in memory");
  BOOST_TEST(pair.cache->get("key").miss());
  BOOST_TEST((pair.cache->health().state == HealthState::degraded));
  server.restart();
  BOOST_TEST(wait_until([&] {
    (void)pair.cache->get("key");
    return !pair.cache->failover_statistics().down;
  }));
  BOOST_TEST(pair.cache->set_value("key", "on the server again", 1h));
  BOOST_TEST(server.probe().get("key").value_or("") == "on the server again");
  BOOST_TEST(pair.logger->count(LogLevel::warning) == 1u);
  BOOST_TEST(pair.logger->count(LogLevel::info, "works again") == 1u);
}

BOOST_AUTO_TEST_CASE(a_server_that_was_away_with_its_data_does_not_serve_what_was_changed_meanwhile) {
  RedisServer server;
  ChaosProxy proxy(server.port());
  Pair pair(proxy.port());
  for (const char* key : {"removed", "written", "untouched"})
    BOOST_REQUIRE(pair.cache->set_value(key, "old", 1h));
  proxy.set_accepting(Accepting::refuse);
  proxy.drop_connections();
  BOOST_REQUIRE(wait_until([&] {
    (void)pair.cache->remove("removed");
    return pair.cache->failover_statistics().down;
  }));
  BOOST_TEST(pair.cache->write("written", ByteView("new"), 1h).ok());
  BOOST_TEST(pair.cache->get("written").value().text() == "new");
  proxy.set_accepting(Accepting::forward);
  BOOST_REQUIRE(wait_until([&] {
    (void)pair.cache->get("untouched");
    return !pair.cache->failover_statistics().down;
  }));
  BOOST_TEST(pair.cache->get("removed").miss());
  BOOST_TEST(pair.cache->get("written").miss());
  BOOST_TEST(pair.cache->get("untouched").value().text() == "old");
}

BOOST_AUTO_TEST_CASE(a_server_that_stands_still_costs_the_first_call_its_timeout_and_later_ones_nothing) {
  RedisServer server;
  Pair pair(server.port(), OnError::degrade, false);
  BOOST_TEST(pair.cache->set_value("key", "x", 1h));
  server.freeze();
  BOOST_TEST(pair.cache->get("key").miss());
  BOOST_TEST(pair.cache->failover_statistics().down);
  BOOST_TEST(pair.cache->get_many({"key", "other"})[1].miss());
  BOOST_TEST(pair.cache->write("key", ByteView("y"), 1h).ok());
  server.thaw();
  BOOST_TEST(wait_until([&] {
    (void)pair.cache->get("other");
    return !pair.cache->failover_statistics().down;
  }));
  BOOST_TEST(pair.cache->get("key").miss());  // it was to be changed: the old value is not served
}

BOOST_AUTO_TEST_CASE(a_refused_login_is_no_outage) {
  RedisServer server(RedisServerOptions{.password = "secret"});
  Pair pair(server.port());
  const auto written = pair.cache->write("key", ByteView("x"), 1h);
  BOOST_REQUIRE(!written.ok());
  BOOST_TEST((written.error().code() == ErrorCode::refused));
  BOOST_TEST(!pair.cache->failover_statistics().down);
  BOOST_TEST(pair.memory->size().value() == 0u);
}

BOOST_AUTO_TEST_CASE(asynchronous_calls_go_through_an_outage_and_back_without_a_thread) {
  RedisServer server;
  Pair pair(server.port());
  const BusyPool busy;
  const std::array<std::string_view, 2> keys{"key", "other"};
  const std::array<CacheEntry, 2> entries{{{"key", "in memory", 1h}, {"other", "in memory", 1h}}};
  std::array<Status, 2> stored{Done{}, Done{}};
  std::array<Lookup, 2> found;
  BOOST_TEST(pair.cache->async_set_value("key", "on the server", 1h).wait());
  BOOST_TEST(server.probe().get("key").value_or("") == "on the server");
  server.kill();
  BOOST_TEST(pair.cache->async_set_value("single", "in memory", 1h).wait());
  BOOST_TEST(pair.cache->async_set_many(entries, stored).wait().ok());
  BOOST_TEST((stored[0].ok() && stored[1].ok()));
  BOOST_TEST(pair.cache->async_get_many(keys, found).wait().ok());
  BOOST_TEST((found[0].hit() && found[1].hit()));
  BOOST_TEST(pair.cache->failover_statistics().down);
  BOOST_TEST(pair.cache->failover_statistics().keys_to_repair == 3u);
  server.restart();
  BOOST_TEST(wait_until([&] {
    (void)pair.cache->async_get("elsewhere").wait();
    const auto statistics = pair.cache->failover_statistics();
    return !statistics.down && statistics.keys_to_repair == 0;
  }));
  BOOST_TEST(pair.cache->async_get_many(keys, found).wait().ok());
  BOOST_TEST((found[0].miss() && found[1].miss()));
  BOOST_TEST(pair.memory->size().value() == 0u);
  BOOST_TEST(pair.cache->async_set_value("key", "on the server again", 1h).wait());
  BOOST_TEST(server.probe().get("key").value_or("") == "on the server again");
}

BOOST_AUTO_TEST_CASE(callers_with_little_time_end_in_it_until_the_breaker_tells_that_the_server_hangs) {
  RedisServer server;
  Pair pair(server.port());
  BOOST_TEST(pair.cache->set_value("key", "x", 1h));
  server.freeze();
  const auto first = pair.cache->async_get("key", {.patience = 150ms}).wait();
  BOOST_REQUIRE(first.failed());
  BOOST_TEST((first.error().code() == ErrorCode::timeout));
  BOOST_TEST(!pair.cache->failover_statistics().down);
  BOOST_TEST(wait_until([&] { return pair.cache->async_get("key", {.patience = 150ms}).wait().miss(); }));
  BOOST_TEST(pair.cache->failover_statistics().down);
  server.thaw();
}

BOOST_AUTO_TEST_SUITE_END()
