// Values in envelopes on real servers: their clocks, what another process sees, and what an outage leaves.

#include "integration/lock_fixture.hpp"
#include "layers/remember/value_envelope.hpp"
#include "support/fake_clock.hpp"
#include "support/server_clock.hpp"

#include <cachesite/async_remember.hpp>
#include <cachesite/redis_cache.hpp>
#include <cachesite/remember_cache.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;

BOOST_AUTO_TEST_SUITE(redis_envelopes)

namespace {

using Milliseconds = std::chrono::milliseconds;

// What another process would have.
std::shared_ptr<RememberCache> cache_at(const RedisServer& server, const ComponentContext& context = {},
                                        Milliseconds soft = 0ms, Milliseconds socket_timeout = 10s) {
  auto redis = options_at<RedisCacheOptions>(server.port());
  redis.socket_timeout = socket_timeout;
  RememberCacheOptions options;
  options.over = Reference<ICache>(start_site<RedisCache>(redis));
  options.form = ValueForm::envelope;
  options.stale = {1h, 0ms, 0ms};
  options.factory_soft = soft;
  return std::make_shared<RememberCache>(options, context);
}

Lookup fail(RememberCache& cache) {
  return cache.remember("k", 1min, [] { return Error(ErrorCode::unreachable, "the source is away"); });
}

Milliseconds since(std::chrono::steady_clock::time_point begin) {
  return std::chrono::duration_cast<Milliseconds>(std::chrono::steady_clock::now() - begin);
}

}  // namespace

// Acceptance test 69.
BOOST_AUTO_TEST_CASE(envelope_age_by_pttl_with_clocks_an_hour_apart) {
  RedisServerWithClock server;
  std::vector<std::shared_ptr<RememberCache>> caches;
  std::vector<std::shared_ptr<FakeClock>> clocks;
  for (const auto ahead : {0h, 1h}) {
    ComponentContext context;
    clocks.push_back(std::make_shared<FakeClock>());
    clocks.back()->advance(ahead);
    context.clock = clocks.back();
    caches.push_back(cache_at(*server, context));
  }
  BOOST_TEST(caches[0]->remember("k", 1min, [] { return "old"; }).hit());
  server.advance(59s);
  for (const auto& cache : caches) {
    BOOST_TEST(cache->get("k").value().text() == "old");
    BOOST_TEST(cache->time_to_live("k").value().left.count() <= 1'000);
  }
  clocks[0]->advance(24h);  // a clock that jumps changes nothing
  BOOST_TEST(caches[0]->get("k").hit());
  server.advance(2s);
  for (const auto& cache : caches) {
    BOOST_TEST(cache->get("k").miss());
    const auto found = fail(*cache);
    BOOST_TEST(found.stale());
    BOOST_TEST(found.value().text() == "old");
  }
  server.advance(1h);
  for (const auto& cache : caches)
    BOOST_TEST(fail(*cache).failed());
}

// Acceptance test 64.
BOOST_AUTO_TEST_CASE(a_restarted_process_has_the_etag_and_sends_no_value) {
  RedisServer server;
  std::string asked_for;
  const auto source = [&](const ComputeContext& context) {
    asked_for = std::string(context.etag);
    Computed computed;
    computed.etag = "v1";
    computed.not_modified = context.etag == "v1";
    if (!computed.not_modified) computed.value = std::string(10'000, 'x');
    return computed;
  };
  BOOST_TEST(cache_at(server)->remember("k", 1ms, source).hit());
  const auto restarted = cache_at(server);
  BOOST_REQUIRE(wait_until([&] { return restarted->get("k").miss(); }));
  MonitorStream monitor = server.monitor();
  const auto found = restarted->remember("k", 1min, source);
  BOOST_TEST(asked_for == "v1");
  BOOST_TEST(found.value().size() == 10'000U);
  std::size_t writes = 0;
  for (const auto& command : monitor.commands_so_far())
    writes += command.arguments.front().starts_with("SET");
  BOOST_TEST(writes == 0U);
  BOOST_TEST(restarted->get("k").hit());
}

// 7.2: anybody may end a value by EXPIRE, and it stands in all the same.
BOOST_AUTO_TEST_CASE(expire_by_another_program_counts) {
  RedisServer server;
  const auto cache = cache_at(server);
  BOOST_TEST(cache->remember("k", 1min, [] { return "v"; }).hit());
  (void)server.probe().command({"EXPIRE", "k", "3600"});
  BOOST_TEST(cache->get("k").miss());
  BOOST_TEST(fail(*cache).stale());
  (void)server.probe().command({"EXPIRE", "k", "7200"});
  BOOST_TEST(cache->get("k").hit());
}

BOOST_AUTO_TEST_CASE(a_batch_is_one_read_one_look_and_one_write) {
  RedisServer server;
  RememberCacheOptions options;
  const auto below = start_site<RedisCache>(options_at<RedisCacheOptions>(server.port()));
  options.over = Reference<ICache>(below);
  options.form = ValueForm::envelope;
  options.stale.keep = 1h;
  RememberCache cache(options);
  std::vector<std::string> names;
  for (int item = 0; item < 100; ++item)
    names.push_back("k" + std::to_string(item));
  const std::vector<std::string_view> keys(names.begin(), names.end());
  for (std::size_t item = 0; item < 100; item += 2)
    (void)cache.write(keys[item], "there", 1min);
  const auto calls = [&] { return below->endpoint_statistics().front().answered; };
  const auto before = calls();
  std::vector<Lookup> found(keys.size());
  int factories = 0;
  cache.remember_many(
      keys, 1min,
      [&](auto missing, auto made) {
        ++factories;
        for (std::size_t item = 0; item < missing.size(); ++item)
          made[item] = Computed{std::string(missing[item])};
      },
      found);
  BOOST_TEST(factories == 1);
  BOOST_TEST(calls() - before == 3U);
  BOOST_TEST(std::all_of(found.begin(), found.end(), [](const auto& each) { return each.hit(); }));
  BOOST_TEST(cache.get("k1").value().text() == "k1");
}

// A 18, A 19: a server that stands still while there is a stale value.
BOOST_AUTO_TEST_CASE(the_soft_limit_holds_while_the_server_stands_still) {
  RedisServer server;
  const auto cache = cache_at(server, {}, 50ms);
  BOOST_TEST(cache->remember("k", 1ms, [] { return "old"; }).hit());
  BOOST_REQUIRE(wait_until([&] { return cache->get("k").miss(); }));
  const auto release = std::make_shared<std::atomic<bool>>(false);
  const auto frozen = std::make_shared<std::atomic<bool>>(false);
  const auto begin = std::chrono::steady_clock::now();
  const auto found = cache->remember("k", 1min, background([&server, release, frozen] {
                                       server.freeze();
                                       *frozen = true;
                                       wait_until([&] { return release->load(); });
                                       return "late";
                                     }));
  const auto took = since(begin);
  *release = true;
  BOOST_TEST(frozen->load());
  server.thaw();
  BOOST_TEST(found.stale());
  BOOST_TEST(found.value().text() == "old");
  BOOST_TEST(took.count() >= 50);
  BOOST_TEST(took.count() < 1000);
  BOOST_TEST_MESSAGE("soft limit of 50 ms with a server that stands still: " << took.count() << " ms");
  BOOST_TEST(wait_until([&] { return cache->get("k").hit(); }));  // stored late
}

// A 18: the deadline of a call holds for the read of the cache, too.
BOOST_AUTO_TEST_CASE(a_deadline_holds_while_the_server_stands_still) {
  for (const auto form : {ValueForm::envelope, ValueForm::plain})
    for (const bool asynchronous : {false, true}) {
      RedisServer server;
      RememberCacheOptions options;
      options.over = Reference<ICache>(start_site<RedisCache>(options_at<RedisCacheOptions>(server.port())));
      options.form = form;
      const auto cache = std::make_shared<RememberCache>(options);
      Computation computation;
      computation.factory = [] { return Computed{"v"}; };
      const auto ask = [&](std::string_view key, std::chrono::milliseconds limit) {
        computation.deadline = limit;
        if (!asynchronous) return cache->remember(key, 1min, computation);
        return cache->async_remember(key, 1min, [] { return std::string("v"); }, {.patience = limit}).wait();
      };
      BOOST_TEST(ask("there", 10s).hit());
      server.freeze();
      const auto begin = std::chrono::steady_clock::now();
      const auto found = ask("k", 50ms);
      const auto took = since(begin);
      server.thaw();
      BOOST_REQUIRE(found.failed());
      BOOST_TEST((found.error().code() == ErrorCode::timeout));
      BOOST_TEST(took.count() >= 50);
      BOOST_TEST(took.count() < 1000);
      BOOST_TEST_MESSAGE("deadline of 50 ms with a server that stands still: " << took.count() << " ms");
      BOOST_TEST(ask("there", 10s).hit());
    }
}

BOOST_AUTO_TEST_SUITE_END()
