// Copies that are compared with the far tier.

#include "support/wait_until.hpp"
#include "unit/layers/tiered/backplane_tiers.hpp"
#include "unit/layers/tiered/coherent_tiers.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;
using namespace std::chrono_literals;

namespace {

void copy(const CoherentTiers& tiers, const std::string& key) {
  BOOST_REQUIRE(tiers.store->foreign_write(key, "1"));
  tiers.store->hear_all();
  BOOST_REQUIRE(tiers.text(key) == "1");
}

}  // namespace

BOOST_AUTO_TEST_SUITE(tier_audit)

BOOST_AUTO_TEST_CASE(copies_that_are_the_same_are_counted) {
  const CoherentTiers tiers;
  for (int number = 0; number < 100; ++number)
    copy(tiers, std::to_string(number));
  BOOST_TEST(tiers.text("absent") == "nothing");
  const auto report = tiers.cache->audit(1'000, 0);
  BOOST_TEST(report.compared == 101U);
  BOOST_TEST(report.equal == 101U);
  BOOST_TEST(report.different == 0U);
  BOOST_TEST(tiers.cache->audit(10, 0).compared == 10U);
  BOOST_TEST(tiers.cache->tier_statistics().audit_compared == 111U);
}

BOOST_AUTO_TEST_CASE(a_copy_that_differs_although_all_news_have_come_is_dropped_and_named) {
  const CoherentTiers tiers;
  for (const auto* key : {"changed", "removed", "same"})
    copy(tiers, key);
  // Without news, as by SWAPDB.
  BOOST_TEST(tiers.store->below()->set_value("changed", "2", 1h));
  BOOST_TEST(tiers.store->below()->remove("removed").value());
  const auto report = tiers.cache->audit(10, 0);
  BOOST_TEST(report.compared == 3U);
  BOOST_TEST(report.equal == 1U);
  BOOST_TEST(report.different == 2U);
  BOOST_TEST(report.absent_far == 1U);
  BOOST_TEST(report.examples.size() == 2U);
  BOOST_TEST(tiers.text("changed") == "2");
  BOOST_TEST(tiers.text("removed") == "nothing");
  BOOST_TEST(tiers.cache->tier_statistics().audit_different == 2U);
}

BOOST_AUTO_TEST_CASE(what_news_explain_is_no_difference) {
  const CoherentTiers tiers;
  copy(tiers, "key");
  // Between the look at the copy and the answer of the far tier.
  tiers.store->before_call = [&] { (void)tiers.store->foreign_write("key", "2"); };
  const auto report = tiers.cache->audit(10, 0);
  BOOST_TEST(report.compared == 0U);
  BOOST_TEST(report.different == 0U);
  BOOST_TEST(tiers.text("key") == "2");
}

BOOST_AUTO_TEST_CASE(what_cannot_be_compared_is_counted_apart) {
  const CoherentTiers tiers;
  copy(tiers, "key");
  tiers.store->away = true;
  const auto report = tiers.cache->audit(10, 0);
  BOOST_TEST(report.failed == 1U);
  BOOST_TEST(report.compared == 0U);
  BOOST_TEST(tiers.cache->explain_copy("key").present);
  tiers.cache->stop();
  BOOST_TEST(tiers.cache->audit(10, 0).failed == 0U);
}

BOOST_AUTO_TEST_CASE(without_coherence_old_copies_are_found_too) {
  const auto far = std::make_shared<MemoryCache>();
  TieredCacheOptions options;
  options.over = Reference<ICache>(far);
  options.near = Reference<ICache>(std::make_shared<MemoryCache>());
  TieredCache cache(options);
  BOOST_TEST(cache.set_value("key", "1", 1h));
  BOOST_TEST(cache.set_value("other", "1", 1h));
  BOOST_TEST(far->set_value("key", "2", 1h));
  const auto report = cache.audit(10, 0);
  BOOST_TEST(report.compared == 2U);
  BOOST_TEST(report.different == 1U);
  BOOST_TEST(cache.get_value("key")->text() == "2");
}

BOOST_AUTO_TEST_CASE(with_a_backplane_alone_what_nobody_has_told_is_found) {
  const BackplaneTiers tiers;
  BOOST_TEST(tiers.store->foreign_write("key", "1"));
  BOOST_TEST(tiers.text("key") == "1");
  BOOST_TEST(tiers.store->foreign_write("key", "2"));
  BOOST_TEST(tiers.cache->audit(100, 0).different == 1U);
  BOOST_TEST(!tiers.cache->explain_copy("key").present);
}

BOOST_AUTO_TEST_CASE(it_takes_its_time_when_told_to) {
  const CoherentTiers tiers;
  for (int number = 0; number < 20; ++number)
    copy(tiers, std::to_string(number));
  const auto begin = std::chrono::steady_clock::now();
  BOOST_TEST(tiers.cache->audit(20, 200).compared == 20U);
  BOOST_TEST((std::chrono::steady_clock::now() - begin >= 100ms));
}

BOOST_AUTO_TEST_CASE(some_hits_are_looked_at_in_the_background) {
  const auto far = std::make_shared<MemoryCache>();
  TieredCacheOptions options;
  options.over = Reference<ICache>(far);
  options.near = Reference<ICache>(std::make_shared<MemoryCache>());
  options.audit_sample = 0.01;
  TieredCache cache(options);
  BOOST_TEST(cache.set_value("key", "1", 1h));
  BOOST_TEST(far->set_value("key", "2", 1h));
  BOOST_TEST(wait_until([&] {
    (void)cache.get("key");
    return cache.tier_statistics().audit_different == 1U;
  }));
  BOOST_TEST(wait_until([&] { return cache.get_value("key")->text() == "2"; }));
  options.audit_sample = 0.02;
  BOOST_TEST(!options.complaints().empty());
}

BOOST_AUTO_TEST_SUITE_END()
