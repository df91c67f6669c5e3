// What becomes of copies, here and in other processes, when changes of the far tier fail.

#include "unit/layers/tiered/backplane_tiers.hpp"

#include <array>
#include <chrono>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;
using namespace std::chrono_literals;

namespace {

using Change = bool (*)(TieredCache&);

constexpr std::array<Change, 3> removals{
    [](TieredCache& cache) { return cache.remove("key").ok(); },
    [](TieredCache& cache) { return cache.remove_matching("k*").ok(); },
    [](TieredCache& cache) { return cache.clear().ok(); },
};

// The recovery removes what this change has left, while somebody stores the key.
void recover_while_it_is_stored(const BackplaneTiers& tiers, Change change, bool answered) {
  tiers.store->lose_answer = true;
  BOOST_TEST(!change(*tiers.cache));
  tiers.clock->advance(1s);
  (void)tiers.text("any");  // the far tier works again
  tiers.clock->advance(1s);
  tiers.bus->prove();
  tiers.store->before_call = [&] {
    for (const auto* value : {"4", "5"})
      BOOST_TEST(tiers.cache->set_value("key", value, 1h));
    tiers.store->lose_answer = !answered;
  };
  (void)tiers.text("another");
  BOOST_TEST(!tiers.store->below()->contains("key").value());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(backplane_recovery)

BOOST_AUTO_TEST_CASE(what_is_stored_while_it_is_removed_after_an_outage_leaves_no_copy) {
  for (const auto mode : {CoherenceMode::none, CoherenceMode::backplane})
    for (const auto change : removals)
      for (const bool answered : {true, false}) {
        const BackplaneTiers tiers(mode, [](auto& options) { options.recovery.mode = RecoveryMode::remove; });
        recover_while_it_is_stored(tiers, change, answered);
        BOOST_TEST(!tiers.cache->explain_copy("key").served);
      }
}

BOOST_AUTO_TEST_CASE(a_removal_of_many_entries_that_fails_half_way_is_told) {
  const BackplaneTiers tiers;
  const auto half = [&] {
    (void)tiers.store->below()->remove("a:1");
    tiers.store->away = true;
  };
  for (const auto* key : {"a:1", "a:2"})
    BOOST_TEST(tiers.store->foreign_write(key, "1"));
  tiers.store->before_call = half;
  BOOST_TEST((tiers.cache->remove_matching("a:*").error().outcome() == Outcome::not_done));
  BOOST_TEST(tiers.told(ChangeAction::matching, "a:*"));
  tiers.store->away = false;
  tiers.store->before_call = half;
  BOOST_TEST((tiers.cache->clear().error().outcome() == Outcome::not_done));
  BOOST_TEST(tiers.told(ChangeAction::clear));
  tiers.bus->published.clear();
  tiers.cache->stop();
  BOOST_TEST(!tiers.cache->remove_matching("a:*").ok());
  BOOST_TEST(tiers.bus->published.empty());
}

BOOST_AUTO_TEST_CASE(a_pattern_that_there_is_no_room_for_is_told_as_a_clear) {
  const BackplaneTiers tiers(CoherenceMode::backplane, [](auto& options) { options.recovery.keys = 0; });
  tiers.store->lose_answer = true;
  BOOST_TEST(!tiers.cache->remove_matching("a:*").ok());
  BOOST_TEST(tiers.told(ChangeAction::clear));
  BOOST_TEST(tiers.cache->tier_statistics().recovery_forgotten == 1U);
}

BOOST_AUTO_TEST_CASE(an_empty_pattern_is_not_told) {
  const BackplaneTiers tiers;
  (void)tiers.cache->remove_matching("");
  BOOST_TEST(tiers.bus->published.empty());
}

BOOST_AUTO_TEST_SUITE_END()
