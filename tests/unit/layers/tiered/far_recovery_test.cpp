#include "support/collecting_logger.hpp"
#include "support/failing_allocations.hpp"
#include "unit/layers/tiered/coherent_tiers.hpp"

#include <cachesite/async_call.hpp>
#include <cachesite/expiry_cache.hpp>
#include <cachesite/load.hpp>

#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;
using namespace std::chrono_literals;

namespace {

CoherentTiers going_on() {
  return CoherentTiers([](TieredCacheOptions& options) {
    options.keep_stale = 10min;
    options.when_far_fails = WhenFarFails::stale;
  });
}

}  // namespace

BOOST_AUTO_TEST_SUITE(far_recovery)

BOOST_AUTO_TEST_CASE(in_an_outage_entries_that_were_read_are_served_for_a_while) {
  const auto tiers = going_on();
  BOOST_TEST(tiers.store->foreign_write("live", "1"));
  BOOST_TEST(tiers.store->foreign_write("ended", "2", 1s));
  BOOST_TEST(tiers.text("live") == "1");
  BOOST_TEST(tiers.text("ended") == "2");
  tiers.store->lose();
  tiers.store->away = true;
  tiers.clock->advance(5min);
  BOOST_TEST(tiers.text("live") == "1");
  BOOST_TEST(tiers.text("ended") == "2");
  BOOST_TEST(tiers.text("unknown") == "failed");
  BOOST_TEST(tiers.cache->get_many({"live", "unknown"})[0].stale());
  BOOST_TEST(tiers.cache->async_get("live").wait().value().text() == "1");
  BOOST_TEST(tiers.cache->tier_statistics().stale_hits == 4U);
  tiers.clock->advance(6min);
  BOOST_TEST(tiers.text("ended") == "failed");
}

BOOST_AUTO_TEST_CASE(without_it_they_fail) {
  const CoherentTiers tiers([](TieredCacheOptions& options) { options.keep_stale = 10min; });
  BOOST_TEST(tiers.store->foreign_write("key", "1"));
  BOOST_TEST(tiers.text("key") == "1");
  tiers.store->lose();
  tiers.store->away = true;
  BOOST_TEST(tiers.text("key") == "failed");
}

BOOST_AUTO_TEST_CASE(what_was_changed_in_an_outage_is_removed_from_the_far_tier_before_it_is_read) {
  const auto tiers = going_on();
  for (const auto* key : {"written", "removed", "left"})
    BOOST_TEST(tiers.store->foreign_write(key, "old"));
  BOOST_TEST(tiers.text("removed") == "old");
  tiers.store->away = true;
  BOOST_TEST(!tiers.cache->set_value("written", "new", 1h));
  BOOST_TEST(!tiers.cache->remove("removed").ok());
  BOOST_TEST(tiers.text("removed") == "failed");
  BOOST_TEST(tiers.cache->tier_statistics().recovery_pending == 2U);
  tiers.store->away = false;
  BOOST_TEST(tiers.text("written") == "nothing");
  BOOST_TEST(tiers.text("removed") == "nothing");
  BOOST_TEST(tiers.text("left") == "old");
  const auto statistics = tiers.cache->tier_statistics();
  BOOST_TEST(statistics.recovery_pending == 0U);
  BOOST_TEST(statistics.recovery_done == 2U);
}

BOOST_AUTO_TEST_CASE(it_is_removed_as_well_when_nobody_asks_for_it) {
  const auto tiers = going_on();
  std::vector<std::string> keys;
  for (int index = 0; index < 1200; ++index)
    keys.push_back("key:" + std::to_string(index));
  for (const auto& key : keys)
    BOOST_REQUIRE(tiers.store->foreign_write(key, "old"));
  tiers.store->away = true;
  for (const auto& key : keys)
    (void)tiers.cache->remove(key);
  tiers.store->away = false;
  auto call = [&, number = 0]() mutable {
    BOOST_TEST(tiers.text("other:" + std::to_string(++number)) == "nothing");
    return tiers.cache->tier_statistics().recovery_pending;
  };
  BOOST_TEST(call() == 1200U);  // the far tier works again from now on
  tiers.clock->advance(249ms);
  BOOST_TEST(call() == 1200U);
  tiers.clock->advance(251ms);
  BOOST_TEST(call() == 700U);
  BOOST_TEST(call() == 700U);  // 2000 keys a second
  tiers.clock->advance(250ms);
  BOOST_TEST(call() == 200U);
  tiers.clock->advance(250ms);
  BOOST_TEST(call() == 0U);
  BOOST_TEST(tiers.store->below()->size().value() == 0U);
}

BOOST_AUTO_TEST_CASE(a_write_without_an_answer_may_have_taken_place_and_is_removed_too) {
  const auto tiers = going_on();
  tiers.store->lose_answer = true;
  BOOST_TEST(!tiers.cache->set_value("key", "unknown", 1h));
  BOOST_TEST(tiers.store->below()->contains("key").value());
  BOOST_TEST(tiers.text("key") == "nothing");
}

BOOST_AUTO_TEST_CASE(a_change_that_no_memory_is_left_for_leaves_no_old_copy) {
  bool goes_on = true;
  for (long failing = 0; goes_on; ++failing) {
    const auto tiers = going_on();
    BOOST_REQUIRE(tiers.store->foreign_write("key", "old"));
    tiers.store->hear_all();
    BOOST_REQUIRE(tiers.text("key") == "old");
    tiers.store->lose_answer = true;
    FailingAllocations failures(FailingAllocations::On::this_thread, failing);
    const bool stored = tiers.cache->set_value("key", "new", 1h);
    goes_on = failures.reached();
    failures.end();
    BOOST_REQUIRE(!stored);
    const bool changed = tiers.store->below()->get("key").value().text() == "new";
    tiers.store->lose_answer = false;
    BOOST_REQUIRE(!(changed && tiers.text("key") == "old"));
  }
}

BOOST_AUTO_TEST_CASE(a_key_that_cannot_be_removed_keeps_no_other_waiting) {
  const auto tiers = going_on();
  for (const auto* key : {"bad", "good", "other"})
    BOOST_TEST(tiers.store->foreign_write(key, "old"));
  tiers.store->away = true;
  for (const auto* key : {"bad", "good"})
    BOOST_TEST(!tiers.cache->set_value(key, "new", 1h));
  tiers.store->away = false;
  tiers.store->is_lost = [](std::string_view key) { return key == "bad"; };
  const auto found = tiers.cache->get_many({"bad", "good", "other"});
  BOOST_TEST(found[0].failed());
  BOOST_TEST(found[1].miss());
  BOOST_REQUIRE(found[2].hit());
  BOOST_TEST(found[2].value().text() == "old");
  BOOST_TEST(tiers.cache->tier_statistics().recovery_pending == 1U);
  tiers.store->is_lost = nullptr;
  BOOST_TEST(tiers.text("bad") == "nothing");
}

BOOST_AUTO_TEST_CASE(a_key_that_cannot_be_removed_is_tried_again_after_longer_and_longer_pauses) {
  const auto tiers = going_on();
  tiers.store->away = true;
  std::vector<std::string> keys{"bad"};
  for (int number = 1; number < 1000; ++number)
    keys.push_back(std::to_string(number));
  for (const auto& key : keys)
    BOOST_REQUIRE(!tiers.cache->remove(key).ok());
  tiers.store->away = false;
  int tried = 0;
  tiers.store->refuses = [&](std::string_view key) {
    if (key == "bad") ++tried;
    return key == "bad";
  };
  const auto call = [&] {
    tiers.cache->clear_near();
    (void)tiers.text("other");
    return tiers.cache->tier_statistics().recovery_pending;
  };
  for (int turn = 0; turn < 6; ++turn) {
    (void)call();
    tiers.clock->advance(250ms);
  }
  BOOST_TEST(call() == 1U);
  BOOST_TEST(tried >= 1);
  tiers.clock->advance(60s);
  (void)call();  // at least the second time, so that the next pause is 2 s or longer
  int before = tried;
  for (int turn = 0; turn < 12; ++turn) {
    tiers.clock->advance(250ms);
    (void)call();
  }
  BOOST_TEST(tried <= before + 1);
  before = tried;
  tiers.clock->advance(60s);
  (void)call();
  (void)call();
  BOOST_TEST(tried == before + 1);
  tiers.store->refuses = nullptr;
  tiers.clock->advance(60s);
  BOOST_TEST(call() == 0U);
}

BOOST_AUTO_TEST_CASE(a_key_that_never_can_be_removed_is_given_up_counted_and_logged_once) {
  const auto logger = std::make_shared<CollectingLogger>();
  CoherentTiers tiers;
  tiers.context.logger = logger;
  TieredCacheOptions options;
  options.over = Reference<ICache>(tiers.store);
  options.near = Reference<ICache>(std::make_shared<MemoryCache>());
  options.recovery.mode = RecoveryMode::remove;
  TieredCache cache(options, tiers.context);
  tiers.store->away = true;
  for (const auto* key : {"a", "b"})
    BOOST_TEST(!cache.remove(key).ok());
  tiers.store->away = false;
  tiers.store->refuses = [](std::string_view) { return true; };
  tiers.store->refusal = Error(ErrorCode::refused, "NOPERM");
  for (const auto* key : {"a", "b"})
    BOOST_TEST(cache.get(key).miss());
  BOOST_TEST(cache.tier_statistics().recovery_given_up == 2U);
  BOOST_TEST(cache.tier_statistics().recovery_forgotten == 0U);
  BOOST_TEST(cache.tier_statistics().recovery_pending == 0U);
  BOOST_TEST(logger->count(LogLevel::debug, "at any time") == 1U);
}

BOOST_AUTO_TEST_CASE(bytes_bound_the_log_too_and_what_is_forgotten_is_told_as_long_as_it_matters) {
  const CoherentTiers tiers([](TieredCacheOptions& options) { options.recovery.bytes = ByteSize{150}; });
  tiers.store->away = true;
  for (const auto* key : {"a", "b"})
    BOOST_TEST(!tiers.cache->set_value(key, "1", 1h));
  BOOST_TEST(tiers.cache->tier_statistics().recovery_forgotten == 0U);
  BOOST_TEST(!tiers.cache->set_value(std::string(100, 'c'), "1", 1h));
  BOOST_TEST(tiers.cache->tier_statistics().recovery_pending == 2U);
  BOOST_TEST(tiers.cache->tier_statistics().recovery_forgotten == 1U);
  tiers.store->away = false;
  BOOST_TEST(tiers.text("x") == "nothing");
  tiers.clock->advance(24h);
  tiers.store->open();
  BOOST_TEST((tiers.cache->health().state == HealthState::degraded));
  BOOST_TEST(tiers.cache->health().reason.find("could not all be remembered") != std::string::npos);
  BOOST_TEST(tiers.cache->clear().ok());
  BOOST_TEST((tiers.cache->health().state == HealthState::up));
}

BOOST_AUTO_TEST_CASE(max_ttl_bounds_how_long_forgotten_keys_matter) {
  CoherentTiers tiers;
  ExpiryCacheOptions expiry;
  expiry.over = Reference<ICache>(tiers.store);
  expiry.max_ttl = 1h;
  TieredCacheOptions options;
  options.over = Reference<ICache>(std::make_shared<ExpiryCache>(expiry));
  options.near = Reference<ICache>(std::make_shared<MemoryCache>());
  options.recovery.mode = RecoveryMode::remove;
  options.recovery.keys = 0;
  TieredCache cache(options, tiers.context);
  tiers.store->away = true;
  BOOST_TEST(!cache.set_value("key", "1", 1min));
  tiers.store->away = false;
  BOOST_TEST((cache.health().state == HealthState::degraded));
  tiers.clock->advance(1h);
  BOOST_TEST((cache.health().state == HealthState::up));
}

BOOST_AUTO_TEST_CASE(a_cache_that_stops_removes_what_it_still_can) {
  const auto tiers = going_on();
  BOOST_TEST(tiers.store->foreign_write("key", "old"));
  tiers.store->away = true;
  BOOST_TEST(!tiers.cache->remove("key").ok());
  tiers.store->away = false;
  BOOST_TEST(tiers.text("other") == "nothing");
  BOOST_TEST(tiers.store->below()->contains("key").value());
  tiers.cache->stop();
  BOOST_TEST(!tiers.store->below()->contains("key").value());
}

BOOST_AUTO_TEST_CASE(a_later_write_settles_what_was_owed) {
  const auto tiers = going_on();
  tiers.store->away = true;
  BOOST_TEST(!tiers.cache->set_value("key", "1", 1h));
  tiers.store->away = false;
  BOOST_TEST(tiers.cache->set_value("key", "2", 1h));
  BOOST_TEST(tiers.text("key") == "2");
  BOOST_TEST(tiers.cache->async_write("key", "3", 1h).wait().ok());
  BOOST_TEST(tiers.text("key") == "3");
  BOOST_TEST(tiers.cache->tier_statistics().recovery_pending == 0U);
}

BOOST_AUTO_TEST_CASE(a_removal_of_a_pattern_or_of_all_is_owed_as_such) {
  const auto tiers = going_on();
  for (const auto* key : {"a:1", "a:2", "b:1"})
    BOOST_TEST(tiers.store->foreign_write(key, "old"));
  tiers.store->away = true;
  BOOST_TEST(!tiers.cache->remove_matching("a:*").ok());
  tiers.store->away = false;
  for (const auto* key : {"x", "y", "z"}) {
    BOOST_TEST(tiers.text(key) == "nothing");
    tiers.clock->advance(1s);
  }
  BOOST_TEST(tiers.text("a:1") == "nothing");
  BOOST_TEST(tiers.text("b:1") == "old");
}

BOOST_AUTO_TEST_CASE(keys_that_there_is_no_room_for_are_counted) {
  const CoherentTiers tiers([](TieredCacheOptions& options) { options.recovery.keys = 2; });
  tiers.store->away = true;
  for (const auto* key : {"a", "b", "c"})
    BOOST_TEST(!tiers.cache->set_value(key, "1", 1h));
  BOOST_TEST(tiers.cache->tier_statistics().recovery_pending == 2U);
  BOOST_TEST(tiers.cache->tier_statistics().recovery_forgotten == 1U);
}

BOOST_AUTO_TEST_CASE(a_file_says_how_to_go_on) {
  const auto load = [](const std::string& more) {
    return load_component_site_from_text(
        "- {class: MemoryCache, entries: [{interface: ICache, name: far}]}\n"
        "- {class: MemoryCache, entries: [{interface: ICache, name: near}]}\n"
        "- {class: TieredCache, entries: [{interface: ICache}], over: far, near: near, " +
            more + "}\n",
        Format::yaml);
  };
  BOOST_TEST((load("keep_stale: 1h, when_far_fails: stale, recovery: remove") != nullptr));
  BOOST_TEST((load("recovery: {mode: remove, keys: 5, delay: 1s}") != nullptr));
  BOOST_CHECK_THROW((void)load("when_far_fails: stale"), std::exception);
}

BOOST_AUTO_TEST_SUITE_END()
