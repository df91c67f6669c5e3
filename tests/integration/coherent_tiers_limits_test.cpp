// Copies in memory where a server tells very much at once, tells nothing, or ends what is idle.

#include "integration/coherent_tiers_fixture.hpp"
#include "support/sanitized.hpp"

#include <chrono>
#include <memory>
#include <string>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;
using namespace std::chrono_literals;

namespace {

void write_in_one_step(RedisProbe& probe, const std::string& first, const std::string& last) {
  probe.checked({"EVAL", "for number = ARGV[1], ARGV[2] do redis.call('SET', 'shop:' .. number, 'new') end",
                 "0", first, last});
}

// So long that a busy machine alone makes no gap.
void trust_for_long(TieredCacheOptions& options) {
  options.coherence.max_staleness = 30s;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(coherent_tiers_limits)

BOOST_AUTO_TEST_CASE(a_script_that_changes_a_hundred_thousand_keys_ends_their_copies_alone) {
  RedisServer server;
  CoherentTiers tiers(server, {.set = trust_for_long});
  for (const auto* key : {"1", "50000", "100000", "calm"}) {
    tiers.probe.set(std::string("shop:") + key, "old");
    BOOST_TEST(tiers.copied(key));
  }
  const auto epoch = tiers.cache->explain_copy("calm").epoch;
  write_in_one_step(tiers.probe, "1", "100000");
  BOOST_REQUIRE(tiers.cache->fence(10s).ok());
  for (const auto* key : {"1", "50000", "100000"})
    BOOST_TEST(tiers.text(key) == "new");
  const auto calm = tiers.cache->explain_copy("calm");
  BOOST_TEST(calm.served);
  BOOST_TEST(calm.served_epoch == epoch);
}

BOOST_AUTO_TEST_CASE(news_of_more_keys_than_a_message_may_have_are_a_gap,
                     *boost::unit_test::enable_if<!sanitized>()) {
  RedisServer server;
  CoherentTiers tiers(server);
  for (const auto* key : {"1", "calm"}) {
    tiers.probe.set(std::string("shop:") + key, "old");
    BOOST_TEST(tiers.copied(key));
  }
  const auto epoch = tiers.cache->explain_copy("calm").epoch;
  write_in_one_step(tiers.probe, "1", std::to_string((1 << 20) + 1));
  BOOST_TEST(wait_until(
      [&] {
        const auto served = tiers.cache->explain_copy("calm").served_epoch;
        return served != 0 && served != epoch;
      },
      60s));
  BOOST_TEST(!tiers.cache->explain_copy("calm").served);
  BOOST_TEST(tiers.text("1") == "new");
  BOOST_TEST(tiers.copied("1"));
}

BOOST_AUTO_TEST_CASE(databases_that_are_swapped_show_in_copies_when_those_end) {
  RedisServer server;
  constexpr auto near_ttl = 300ms;
  CoherentTiers tiers(server, {.set = [&](TieredCacheOptions& options) { options.near_ttl = near_ttl; }});
  tiers.probe.set("shop:key", "here");
  tiers.probe.checked({"SELECT", "1"});
  tiers.probe.set("shop:key", "there");
  BOOST_TEST(tiers.copied("key"));
  BOOST_TEST((tiers.cache->explain_copy("key").copy_left.left <= near_ttl));
  tiers.probe.checked({"SWAPDB", "0", "1"});
  BOOST_TEST(wait_until([&] { return tiers.text("key") == "there"; }));
}

// F31.
BOOST_AUTO_TEST_CASE(a_value_that_memory_has_no_room_for_is_read_from_the_server) {
  RedisServer server;
  CoherentTiers tiers(server, {.set = [](TieredCacheOptions& options) {
                        MemoryCacheOptions small;
                        small.max_bytes = ByteSize{256 * 1024};
                        options.near = Reference<ICache>(std::make_shared<MemoryCache>(small));
                      }});
  const std::string large(1024 * 1024, 'x');
  const auto no_copy_of = [&](const std::string& value) {
    return tiers.text("key") == value && !tiers.cache->explain_copy("key").present;
  };
  tiers.probe.set("shop:key", "small");
  BOOST_REQUIRE(tiers.copied("key"));
  tiers.probe.set("shop:key", large);
  BOOST_REQUIRE(tiers.cache->fence(10s).ok());
  BOOST_TEST(no_copy_of(large));
  tiers.probe.set("shop:key", "small");
  BOOST_REQUIRE(tiers.copied("key"));
  BOOST_TEST(tiers.cache->set_value("key", large + "y", 1h));
  BOOST_TEST(no_copy_of(large + "y"));
}

BOOST_AUTO_TEST_CASE(a_server_that_ends_idle_connections_leaves_that_for_news) {
  RedisServer server;
  CoherentTiers tiers(server, {.set = trust_for_long});
  tiers.probe.set("shop:key", "old");
  BOOST_TEST(tiers.copied("key"));
  const auto epoch = tiers.cache->explain_copy("key").epoch;
  tiers.probe.checked({"CONFIG", "SET", "timeout", "1"});
  auto idle = server.probe();
  idle.checked({"CLIENT", "SETNAME", "idle"});
  BOOST_TEST(wait_until([&] { return tiers.probe.count_clients("idle") == 0; }, 30s));
  BOOST_TEST(tiers.coherent());
  const auto copy = tiers.cache->explain_copy("key");
  BOOST_TEST(copy.served);
  BOOST_TEST(copy.served_epoch == epoch);
  tiers.probe.set("shop:key", "new");
  BOOST_REQUIRE(tiers.cache->fence(10s).ok());
  BOOST_TEST(tiers.text("key") == "new");
}

BOOST_AUTO_TEST_SUITE_END()
