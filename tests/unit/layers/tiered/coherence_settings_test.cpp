// Which tiers can be coherent, and how they find who tells of changes.

#include "unit/layers/tiered/coherent_tiers.hpp"

#include <cachesite/failover_cache.hpp>
#include <cachesite/load.hpp>
#include <cachesite/logical_cache.hpp>
#include <cachesite/prefix_cache.hpp>
#include <cachesite/redis_cache.hpp>
#include <cachesite/tagged_cache.hpp>

#include <chrono>
#include <exception>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;
using namespace std::chrono_literals;

namespace {

// Whether what is said when these tiers are made begins so.
bool refused_with(const std::function<void()>& make, std::string_view why) {
  try {
    make();
  } catch (const std::invalid_argument& refusal) {
    const std::string_view text(refusal.what());
    BOOST_TEST_INFO_SCOPE(text);
    return text.find(why) != std::string_view::npos;
  }
  return false;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(coherence_settings)

BOOST_AUTO_TEST_CASE(the_feed_is_found_below_and_prefixes_on_the_way_are_part_of_what_is_watched) {
  const auto clock = std::make_shared<FakeClock>();
  const auto store = std::make_shared<FedStore>(clock);
  CacheOptions options;
  options.store = std::static_pointer_cast<ICache>(prefixed(prefixed(store, "shop:"), "v2:"));
  options.metrics.emplace();
  options.codec.emplace();
  options.near.emplace().coherence.mode = CoherenceMode::tracking;
  ComponentContext context;
  context.clock = clock;
  const auto cache = make_cache(options, context);
  BOOST_TEST(!cache->get_value("key").has_value());
  BOOST_TEST(store->watched_prefix == "shop:v2:");
  store->open();
  BOOST_TEST(cache->set_value("key", "1", 1h));
  BOOST_TEST(cache->get_value("key")->text() == "1");
  BOOST_TEST(find_interface<ITieredCache>(*cache)->near_size() == 1U);
  store->hear_all();
  BOOST_TEST(find_interface<ITieredCache>(*cache)->near_size() == 0U);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_coherent_is_refused_with_the_reason) {
  const auto store = std::make_shared<FedStore>(std::make_shared<FakeClock>());
  const auto over = [](std::shared_ptr<ICache> below, std::shared_ptr<ICache> near = nullptr) {
    return [below = std::move(below), near = std::move(near)] {
      TieredCacheOptions options;
      options.over = Reference<ICache>(below);
      options.near = Reference<ICache>(near ? near : std::make_shared<MemoryCache>());
      options.coherence.mode = CoherenceMode::tracking;
      const TieredCache cache(options);
    };
  };
  BOOST_TEST(refused_with(over(std::make_shared<MemoryCache>()), "no cache below tells of changes"));
  TaggedCacheOptions tagged;
  tagged.over = Reference<ICache>(store);
  BOOST_TEST(refused_with(over(std::make_shared<TaggedCache>(tagged)), "tags below are evicted"));
  FailoverCacheOptions failover;
  failover.over = Reference<ICache>(store);
  BOOST_TEST(
      refused_with(over(std::make_shared<FailoverCache>(failover)), "a store that tells of no changes"));
  BOOST_TEST(refused_with(over(store, prefixed(std::make_shared<MemoryCache>(), "x")),
                          "the near tier has to be a MemoryCache"));
  RedisCacheOptions replicated;
  replicated.sentinels = {"127.0.0.1:1"};
  replicated.service_name = "shop";
  BOOST_TEST(!refused_with(over(std::make_shared<RedisCache>(replicated)), "TieredCache"));
  replicated.read_from_replicas = true;
  BOOST_TEST(refused_with(over(std::make_shared<RedisCache>(replicated)), "read_from_replicas"));
  BOOST_TEST(!refused_with(over(store), "TieredCache"));
}

BOOST_AUTO_TEST_CASE(a_file_that_asks_for_what_does_not_go_together_is_told_all_of_it) {
  try {
    (void)load_component_site_from_text(
        "- {class: MemoryCache, entries: [{interface: ICache, name: far}]}\n"
        "- {class: MemoryCache, entries: [{interface: ICache, name: near}]}\n"
        "- class: TieredCache\n"
        "  entries: [{interface: ICache}]\n"
        "  over: far\n"
        "  near: near\n"
        "  near_ttl: 48h\n"
        "  coherence: {mode: tracking, tracking: selective, when_incoherent: serve}\n",
        Format::yaml);
    BOOST_ERROR("it was not refused");
  } catch (const std::exception& refusal) {
    const std::string text(refusal.what());
    BOOST_TEST_INFO_SCOPE(text);
    for (const auto* why : {"selective is not built yet", "serve needs keep_stale", "at most 24h", "E231"})
      BOOST_TEST((text.find(why) != std::string::npos));
  }
}

BOOST_AUTO_TEST_SUITE_END()
