// What a report says of one key of a cache with copies.

#include "unit/layers/tiered/coherent_tiers.hpp"

#include <cachesite/component_site.hpp>
#include <cachesite/computing_cache.hpp>
#include <cachesite/document_writer.hpp>
#include <cachesite/logical_cache.hpp>
#include <cachesite/site_reports.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;
using namespace std::chrono_literals;

namespace {

struct Reported {
  explicit Reported(const std::function<void(TieredCacheOptions&)>& set = {}) : tiers(set) {
    site.register_component<ICache>(tiers.cache, "shop");
  }

  [[nodiscard]] std::string report(std::string_view key) const {
    auto text = write_document(explain_key_report(site, "shop", key), Format::json);
    std::erase_if(text, [](char letter) { return letter == '\n' || letter == ' '; });
    return text;
  }
  [[nodiscard]] bool says(std::string_view key, std::string_view part) const {
    const auto text = report(key);
    BOOST_TEST_INFO_SCOPE(text);
    const bool found = text.find(part) != std::string::npos;
    if (!found) BOOST_TEST_MESSAGE(text);
    return found;
  }

  CoherentTiers tiers;
  ComponentSite site;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(key_report)

BOOST_AUTO_TEST_CASE(it_has_the_copy_the_entry_and_who_vouches) {
  const Reported reported;
  BOOST_TEST(reported.tiers.store->foreign_write("key", "secret-value"));
  reported.tiers.store->hear_all();
  BOOST_TEST(reported.says("key", R"("copy":{"present":false,"served":false,"why_not":"thereisnocopy"})"));
  BOOST_TEST(reported.tiers.text("key") == "secret-value");
  BOOST_TEST(reported.says("key", R"("cache":"shop","key":"key","found":"value")"));
  BOOST_TEST(reported.says("key", R"("copy":{"present":true,"kind":"value","bytes":12,"hash":")"));
  BOOST_TEST(reported.says("key", R"("copy_left_ms":300000,"entry_left_ms":35)"));
  BOOST_TEST(reported.says("key", R"("epoch":1,"served_epoch":1,"served":true},"recovery_pending":false)"));
  BOOST_TEST(reported.says("key", R"("left_ms":3600000},"same_as_copy":true)"));
  BOOST_TEST(reported.says("key", R"("coherence":{"state":"coherent")"));
  BOOST_TEST(reported.says("key", R"("servers":[{"address":"10.0.0.1:6379","state":"coherent","epoch":1}])"));
  BOOST_TEST(!reported.says("key", "secret"));
  // Without news, as by SWAPDB.
  BOOST_TEST(reported.tiers.store->below()->set_value("key", "another", 1h));
  BOOST_TEST(reported.says("key", R"("same_as_copy":false)"));
  BOOST_TEST(reported.says("absent", R"("found":"nothing")"));
  BOOST_TEST(reported.tiers.cache->set_value("null", std::nullopt, 1h));
  BOOST_TEST(reported.says("null", R"("entry":{"kind":"null")"));
}

BOOST_AUTO_TEST_CASE(it_says_for_each_reason_why_a_copy_would_not_be_served) {
  const Reported reported([](TieredCacheOptions& options) {
    options.rules.resize(1);
    options.rules[0].match = "tmp:*";
    options.rules[0].near = false;
  });
  BOOST_TEST(
      reported.says("tmp:1", R"("rule":0,"copy":{"present":false,"served":false,"why_not":"arulesays)"));
  BOOST_TEST(reported.tiers.store->foreign_write("key", "1"));
  reported.tiers.store->hear_all();
  BOOST_TEST(reported.tiers.text("key") == "1");
  reported.tiers.clock->advance(3s);
  BOOST_TEST(reported.says("key", R"("why_not":"thenewsofitsserverarenotknowntobecomplete")"));
  reported.tiers.store->lose();
  BOOST_TEST(reported.says("key", R"("why_not":"nobodyvouchesforcopiesofitsserver")"));
  BOOST_TEST(reported.says("key", R"("reason":"nocopiesof10.0.0.1:6379areserved)"));
  reported.tiers.store->open();
  BOOST_TEST(reported.says("key", R"("why_not":"newsofchangesweremissedsinceitwasmade")"));
  BOOST_TEST(reported.tiers.near->set_value("planted", "1", 1h));
  BOOST_TEST(reported.says("planted", R"("why_not":"somethingelsehasstoredit")"));
}

BOOST_AUTO_TEST_CASE(it_says_that_a_removal_is_pending_and_that_the_far_tier_fails) {
  const Reported reported;
  reported.tiers.store->away = true;
  BOOST_TEST(!reported.tiers.cache->remove("key").ok());
  BOOST_TEST(reported.says("key", R"("recovery_pending":true)"));
  BOOST_TEST(reported.says("key", R"("entry":{"error":"away"})"));
  BOOST_TEST(reported.says("key", R"("found":"unknown")"));
}

BOOST_AUTO_TEST_CASE(it_names_the_parts_of_a_cache_and_the_keys_that_they_get) {
  CacheOptions options;
  options.name = "shop";
  options.store = std::static_pointer_cast<ICache>(std::make_shared<MemoryCache>());
  options.prefix = "shop:";
  options.near.emplace();
  options.remember.emplace().rules.resize(1);
  options.remember->rules[0].match = "k*";
  const auto cache = make_cache(options);
  ComponentSite site;
  site.register_component<ICache>(cache, "shop");
  std::string during;
  const auto report = [&] {
    auto text = write_document(explain_key_report(site, "shop", "key"), Format::json);
    std::erase_if(text, [](char letter) { return letter == '\n' || letter == ' '; });
    return text;
  };
  (void)find_interface<IComputingCache>(*cache)->remember("key", 1h, [&] {
    during = report();
    return "made";
  });
  BOOST_TEST(
      during.find(
          R"({"layer":"remember","class":"RememberCache","name":"shop","key":"key","rule":0,"flight":true,)"
          R"("throttled":false})") != std::string::npos,
      during);
  const auto after = report();
  BOOST_TEST(after.find(R"("flight":false)") != std::string::npos, after);
  BOOST_TEST(after.find(R"({"layer":"prefix","class":"PrefixCache","name":"shop","key":"key"})") !=
                 std::string::npos,
             after);
  BOOST_TEST(after.find(R"("key":"shop:key","entry":{"kind":"value","bytes":4,)") != std::string::npos,
             after);
  BOOST_TEST(after.find(R"("coherence":{"state":"none"})") != std::string::npos, after);
}

BOOST_AUTO_TEST_SUITE_END()
