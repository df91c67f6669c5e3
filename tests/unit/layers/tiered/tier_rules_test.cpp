// Rules by key pattern, which may change while the cache runs.

#include "unit/layers/tiered/coherent_tiers.hpp"

#include <cachesite/load.hpp>
#include <cachesite/logical_cache.hpp>

#include <chrono>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;
using namespace std::chrono_literals;

namespace {

TierRule rule(std::string match) {
  TierRule made;
  made.match = std::move(match);
  return made;
}

std::vector<TierRule> some_rules() {
  auto price = rule("price:*");
  price.near_ttl = 1s;
  auto never = rule("tmp:*");
  never.near = false;
  auto config = rule("cfg:*");
  config.keep_stale = 1h;
  config.negative_ttl = 0s;
  auto late = rule("price:never");
  late.near = false;
  return {price, never, config, late};
}

CoherentTiers with_rules() {
  return CoherentTiers([](TieredCacheOptions& options) {
    options.rules = some_rules();
    options.when_far_fails = WhenFarFails::stale;
    options.keep_stale = 1min;
  });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(tier_rules)

BOOST_AUTO_TEST_CASE(a_copy_that_was_lost_at_an_unknown_time_counts_as_old_as_its_rule_allows) {
  const CoherentTiers tiers([](TieredCacheOptions& options) {
    options.rules = {rule("key")};
    options.rules.front().near_ttl = 1h;
    options.keep_stale = 10min;
    options.when_far_fails = WhenFarFails::stale;
  });
  BOOST_TEST(tiers.store->foreign_write("key", "1", 2h));
  tiers.store->hear_all();
  BOOST_TEST(tiers.text("key") == "1");
  for (int time = 0; time < 2; ++time) {
    tiers.store->lose();
    tiers.store->open();
  }
  tiers.clock->advance(30min);
  tiers.store->away = true;
  BOOST_TEST(tiers.text("key") == "failed");
}

BOOST_AUTO_TEST_CASE(the_first_rule_that_matches_counts) {
  const auto tiers = with_rules();
  for (const auto* key : {"price:1", "price:never", "tmp:1", "other"}) {
    BOOST_TEST(tiers.store->foreign_write(key, "1"));
    tiers.store->hear_all();
    BOOST_TEST(tiers.text(key) == "1");
  }
  const auto rule_of = [&](const char* key) { return tiers.cache->explain_copy(key).rule; };
  BOOST_TEST(rule_of("price:1") == 0);
  BOOST_TEST(rule_of("price:never") == 0);
  BOOST_TEST(rule_of("tmp:1") == 1);
  BOOST_TEST(rule_of("other") == -1);
  BOOST_TEST(tiers.cache->explain_copy("price:never").served);
  BOOST_TEST(!tiers.cache->explain_copy("tmp:1").present);
  BOOST_TEST(tiers.cache->explain_copy("tmp:1").why_not == "a rule says that there is no copy");
  BOOST_TEST(tiers.cache->tier_statistics().fills_ruled_out == 1U);
  tiers.clock->advance(1001ms);
  BOOST_TEST(!tiers.cache->explain_copy("price:1").present);
  BOOST_TEST(tiers.cache->explain_copy("other").present);
}

BOOST_AUTO_TEST_CASE(a_rule_says_how_long_a_miss_is_remembered_and_an_ended_copy_kept) {
  const auto tiers = with_rules();
  BOOST_TEST(tiers.text("cfg:absent") == "nothing");
  BOOST_TEST(tiers.text("cfg:absent") == "nothing");
  BOOST_TEST(tiers.store->reads == 2);
  BOOST_TEST(tiers.text("absent") == "nothing");
  BOOST_TEST(tiers.text("absent") == "nothing");
  BOOST_TEST(tiers.store->reads == 3);
  for (const auto* key : {"cfg:1", "other"}) {
    BOOST_TEST(tiers.store->foreign_write(key, "1", 1s));
    tiers.store->hear_all();
    BOOST_TEST(tiers.text(key) == "1");
  }
  tiers.store->lose();
  tiers.store->away = true;
  tiers.clock->advance(30min);
  BOOST_TEST(tiers.text("cfg:1") == "1");
  BOOST_TEST(tiers.text("other") == "failed");
}

BOOST_AUTO_TEST_CASE(who_takes_stale_values_gets_none_that_a_rule_keeps_no_longer) {
  const CoherentTiers tiers([](TieredCacheOptions& options) {
    options.rules = {rule("brief:*")};
    options.rules[0].keep_stale = 1s;
    options.keep_stale = 1h;
  });
  for (const auto* key : {"brief:1", "other"}) {
    BOOST_TEST(tiers.store->foreign_write(key, "1", 1s));
    tiers.store->hear_all();
    BOOST_TEST(tiers.text(key) == "1");
  }
  tiers.store->lose();
  tiers.store->away = true;
  tiers.clock->advance(1min);
  const ReadLimits any{.accept_stale = true};
  Value value;
  EntryLife life;
  BOOST_TEST(!tiers.cache->read_with_life("brief:1", value, life, any).ok());
  BOOST_TEST(tiers.cache->read_with_life("other", value, life, any).ok());
  BOOST_TEST(life.stale);
}

BOOST_AUTO_TEST_CASE(without_coherence_own_writes_heed_the_rules_too) {
  TieredCacheOptions options;
  options.over = Reference<ICache>(std::make_shared<MemoryCache>());
  options.near = Reference<ICache>(std::make_shared<MemoryCache>());
  options.rules = some_rules();
  TieredCache cache(options);
  BOOST_TEST(cache.set_value("tmp:1", "1", 1h));
  BOOST_TEST(cache.set_value("price:1", "1", 1h));
  BOOST_TEST(!cache.explain_copy("tmp:1").present);
  BOOST_TEST((cache.explain_copy("price:1").copy_left.left <= 1s));
}

BOOST_AUTO_TEST_CASE(new_rules_hold_at_once_and_wrong_ones_change_nothing) {
  const auto tiers = with_rules();
  BOOST_TEST(tiers.store->foreign_write("other", "1"));
  tiers.store->hear_all();
  BOOST_TEST(tiers.text("other") == "1");
  auto wrong = rule("*");
  wrong.near_ttl = 25h;
  BOOST_CHECK_THROW(tiers.cache->set_rules({wrong}), std::invalid_argument);
  BOOST_CHECK_THROW(tiers.cache->set_rules(std::vector<TierRule>(65, rule("*"))), std::invalid_argument);
  BOOST_TEST(tiers.cache->explain_copy("other").present);
  auto none = rule("oth*");
  none.near = false;
  tiers.cache->set_rules({none});
  BOOST_TEST(!tiers.cache->explain_copy("other").present);
  BOOST_TEST(tiers.text("other") == "1");
  BOOST_TEST(!tiers.cache->explain_copy("other").present);
  tiers.cache->set_rules({});
  BOOST_TEST(tiers.text("other") == "1");
  BOOST_TEST(tiers.cache->explain_copy("other").present);
}

// In the middle of a read, which then leaves no copy that the new rules do not want.
BOOST_AUTO_TEST_CASE(rules_that_change_during_a_read_hold_for_its_copy) {
  const CoherentTiers tiers;
  BOOST_TEST(tiers.store->foreign_write("key", "1"));
  tiers.store->hear_all();
  auto none = rule("*");
  none.near = false;
  tiers.store->after_call = [&] { tiers.cache->set_rules({none}); };
  BOOST_TEST(tiers.text("key") == "1");
  BOOST_TEST(!tiers.cache->explain_copy("key").present);
}

BOOST_AUTO_TEST_CASE(rules_change_while_running) {
  std::mt19937_64 random(7);
  const CoherentTiers tiers;
  std::vector<std::string> values(8, "nothing");
  for (int step = 0; step < 2'000; ++step) {
    const auto key = "key:" + std::to_string(random() % values.size());
    auto& value = values[static_cast<std::size_t>(key.back() - '0')];
    switch (random() % 5) {
      case 0: {
        auto one = rule("key:[0-" + std::to_string(random() % 8) + "]");
        one.near = random() % 2 == 0;
        one.near_ttl = std::chrono::milliseconds(1 + random() % 1'000);
        one.negative_ttl = std::chrono::milliseconds(random() % 1'000);
        tiers.cache->set_rules({one});
        break;
      }
      case 1:
        value = std::to_string(step);
        BOOST_REQUIRE(tiers.store->foreign_write(key, value));
        tiers.store->hear_all();
        break;
      case 2:
        (void)tiers.store->foreign_remove(key);
        tiers.store->hear_all();
        value = "nothing";
        break;
      default:
        tiers.clock->advance(std::chrono::milliseconds(random() % 100));
        tiers.store->prove();
        BOOST_REQUIRE(tiers.text(key) == value);
    }
  }
  BOOST_TEST(tiers.cache->tier_statistics().near_hits > 0U);
}

BOOST_AUTO_TEST_CASE(a_file_gives_rules_to_tiers_and_to_the_near_part_of_a_cache) {
  const auto site = load_component_site_from_text(
      "- class: Cache\n"
      "  name: shop\n"
      "  store: {class: MemoryCache}\n"
      "  near: {rules: [{match: 'tmp:*', near: false}, {match: 'cfg:*', keep_stale: 1h}]}\n",
      Format::yaml);
  const auto tiers = site->get_component<ITieredCache>("shop");
  const auto cache = site->get_component<ICache>("shop");
  BOOST_TEST(cache->set_value("tmp:1", "1", 1h));
  BOOST_TEST(cache->set_value("other", "1", 1h));
  BOOST_TEST(tiers->explain_copy("tmp:1").rule == 0);
  BOOST_TEST(!tiers->explain_copy("tmp:1").present);
  BOOST_TEST(tiers->explain_copy("other").present);
  BOOST_CHECK_THROW((void)load_component_site_from_text("- class: Cache\n"
                                                        "  name: shop\n"
                                                        "  store: {class: MemoryCache}\n"
                                                        "  near: {rules: [{near: false}]}\n",
                                                        Format::yaml),
                    std::exception);
}

BOOST_AUTO_TEST_SUITE_END()
