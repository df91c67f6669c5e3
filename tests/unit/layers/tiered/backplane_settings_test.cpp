// Which tiers can use a backplane, and what a file may say about it.

#include "unit/layers/tiered/backplane_tiers.hpp"

#include <cachesite/failover_cache.hpp>
#include <cachesite/load.hpp>
#include <cachesite/logical_cache.hpp>
#include <cachesite/redis_backplane.hpp>
#include <cachesite/remember_cache.hpp>
#include <cachesite/tagged_cache.hpp>
#include <cachesite/write_policy_cache.hpp>

#include <exception>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;
using namespace std::chrono_literals;

namespace {

std::string refusal_of(const std::string& coherence, const std::string& more = {},
                       const std::string& terms = "negative_ttl: 0s") {
  try {
    (void)load_component_site_from_text(
        "- {class: MemoryCache, entries: [{interface: ICache, name: far}]}\n"
        "- {class: MemoryCache, entries: [{interface: ICache, name: near}]}\n"
        "- {class: RedisBackplane, name: bus, channel: shop}\n"
        "- {class: TieredCache, entries: [{interface: ICache}], over: far, near: near, " +
            terms + ", coherence: " + coherence + "}\n" + more,
        Format::yaml);
  } catch (const std::exception& refusal) {
    return refusal.what();
  }
  return {};
}

std::string refusal_over(const std::shared_ptr<ICache>& far) {
  TieredCacheOptions options;
  options.over = Reference<ICache>(far);
  options.near = Reference<ICache>(std::make_shared<MemoryCache>());
  options.coherence.mode = CoherenceMode::backplane;
  options.coherence.backplane =
      Reference<IBackplane>(std::make_shared<FakeBackplane>(std::make_shared<FakeClock>()));
  try {
    const TieredCache cache(options);
  } catch (const std::invalid_argument& refusal) {
    return refusal.what();
  }
  return {};
}

bool says(const std::string& text, std::string_view part) {
  BOOST_TEST_INFO_SCOPE(text);
  return text.find(part) != std::string::npos;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(backplane_settings)

BOOST_AUTO_TEST_CASE(what_does_not_go_together_is_refused_with_the_cure) {
  for (const auto* mode : {"backplane", "both"}) {
    const auto text = refusal_of(mode);
    BOOST_TEST(says(text, "E231"));
    BOOST_TEST(says(text, "mode backplane and both need a backplane"));
  }
  BOOST_TEST(says(refusal_of("{mode: tracking, backplane: bus}"), "mode tracking uses no backplane"));
  BOOST_TEST(says(refusal_of("{mode: both, backplane: bus}"), "no cache below tells of changes"));
  BOOST_TEST(!refusal_of("{mode: backplane, backplane: nobody}").empty());
  BOOST_TEST(refusal_of("{mode: backplane, backplane: bus}") == "");
  BOOST_TEST(!refusal_of("none", "- {class: RedisBackplane, name: other}\n").empty());
}

BOOST_AUTO_TEST_CASE(a_part_of_a_cache_names_its_backplane_once) {
  const auto refusal = [](const std::string& near) -> std::string {
    try {
      (void)load_component_site_from_text(
          "- {class: RedisBackplane, name: bus, channel: shop}\n"
          "- {class: Cache, name: c, store: {class: MemoryCache}, near: " +
              near + "}\n",
          Format::yaml);
    } catch (const std::exception& refused) {
      return refused.what();
    }
    return {};
  };
  BOOST_TEST(refusal("{coherence: backplane, backplane: bus}") == "");
  BOOST_TEST(refusal("{coherence: {mode: backplane, backplane: bus}}") == "");
  BOOST_TEST(says(refusal("{coherence: backplane}"), "need a backplane"));
  BOOST_TEST(says(refusal("{coherence: {mode: backplane, backplane: bus}, backplane: bus}"), "given twice"));
}

BOOST_AUTO_TEST_CASE(layers_whose_changes_nobody_tells_do_not_belong_below) {
  const auto store = std::make_shared<MemoryCache>();
  TaggedCacheOptions tagged;
  tagged.over = Reference<ICache>(store);
  BOOST_TEST(says(refusal_over(std::make_shared<TaggedCache>(tagged)), "tags below are evicted"));
  FailoverCacheOptions failover;
  failover.over = Reference<ICache>(store);
  BOOST_TEST(says(refusal_over(std::make_shared<FailoverCache>(failover)), "a FailoverCache below"));
  WritePolicyCacheOptions behind;
  behind.over = Reference<ICache>(store);
  BOOST_TEST(says(refusal_over(std::make_shared<WritePolicyCache>(behind)), "a WritePolicyCache below"));
  RememberCacheOptions computing;
  computing.over = Reference<ICache>(store);
  BOOST_TEST(says(refusal_over(std::make_shared<RememberCache>(computing)), "a RememberCache below"));
  BOOST_TEST(refusal_over(store) == "");
}

BOOST_AUTO_TEST_CASE(only_tracking_bounds_the_ttl_of_copies) {
  BOOST_TEST(refusal_of("{mode: backplane, backplane: bus}", "",
                        "near_ttl: 48h, rules: [{match: '*', near_ttl: 48h}]") == "");
  const BackplaneTiers tiers;
  TierRule rule;
  rule.match = "*";
  rule.near_ttl = 48h;
  BOOST_CHECK_NO_THROW(tiers.cache->set_rules({rule}));
  const BackplaneTiers both(CoherenceMode::both);
  BOOST_CHECK_THROW(both.cache->set_rules({rule}), std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(a_backplane_says_what_is_wrong_with_its_settings) {
  RedisBackplaneOptions options;
  BOOST_TEST(options.complaints().size() == 1U);  // no channel
  options.channel = std::string(129, 'x');
  options.beat_interval = 99ms;
  options.queue = 0;
  BOOST_TEST(options.complaints().size() == 3U);
  BOOST_CHECK_THROW(RedisBackplane{options}, std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()
