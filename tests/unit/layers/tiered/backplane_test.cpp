#include "unit/layers/tiered/backplane_tiers.hpp"

#include <cachesite/async_call.hpp>

#include <chrono>
#include <string>
#include <string_view>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(backplane)

BOOST_AUTO_TEST_CASE(a_change_by_another_process_ends_the_copy) {
  const BackplaneTiers tiers;
  BOOST_TEST(tiers.other->set_value("key", "1", 1h));
  BOOST_TEST(tiers.text("key") == "1");
  BOOST_TEST(tiers.other->set_value("key", "2", 1h));
  BOOST_TEST(tiers.text("key") == "1");  // it has not been heard yet
  tiers.bus->hear_all();
  BOOST_TEST(tiers.text("key") == "2");
  BOOST_TEST(tiers.text("key") == "2");
  BOOST_TEST(tiers.store->reads == 2);
  BOOST_TEST(tiers.cache->tier_statistics().news_keys_with_copy == 1U);
}

BOOST_AUTO_TEST_CASE(an_own_write_keeps_its_copy_and_is_told) {
  const BackplaneTiers tiers;
  BOOST_TEST(tiers.cache->set_value("key", "1", 1h));
  BOOST_TEST(tiers.text("key") == "1");
  BOOST_TEST(tiers.store->reads == 0);
  BOOST_TEST(tiers.told(ChangeAction::set, "key"));
  BOOST_TEST(BackplaneTiers::text_of(*tiers.other, "key") == "1");
  BOOST_TEST(tiers.cache->set_value("key", "2", 1h));
  tiers.other_bus->hear_all();
  BOOST_TEST(BackplaneTiers::text_of(*tiers.other, "key") == "2");
}

BOOST_AUTO_TEST_CASE(the_copy_of_an_own_write_ends_no_later_than_its_entry) {
  const BackplaneTiers tiers;
  tiers.store->after_call = [&] { tiers.clock->advance(300ms); };
  BOOST_TEST(tiers.cache->set_value("key", "1", 1s));
  BOOST_TEST(tiers.text("key") == "1");
  BOOST_TEST(tiers.store->reads == 0);
  tiers.clock->advance(699ms);
  tiers.bus->prove();
  (void)tiers.text("key");
  BOOST_TEST(tiers.store->reads == 1);
}

BOOST_AUTO_TEST_CASE(a_change_that_is_heard_during_an_own_write_leaves_no_copy) {
  const BackplaneTiers tiers;
  tiers.store->after_call = [&] {
    BOOST_TEST(tiers.other->set_value("key", "theirs", 1h));
    tiers.bus->hear_all();
  };
  BOOST_TEST(tiers.cache->set_value("key", "ours", 1h));
  BOOST_TEST(tiers.text("key") == "theirs");
}

BOOST_AUTO_TEST_CASE(a_change_that_is_heard_during_a_fill_leaves_no_copy) {
  const BackplaneTiers tiers;
  BOOST_TEST(tiers.store->foreign_write("key", "1"));
  tiers.store->after_call = [&] {
    BOOST_TEST(tiers.other->set_value("key", "2", 1h));
    tiers.bus->hear_all();
  };
  BOOST_TEST(tiers.text("key") == "1");
  BOOST_TEST(tiers.text("key") == "2");
}

BOOST_AUTO_TEST_CASE(a_write_during_which_messages_may_be_missed_leaves_no_copy) {
  const BackplaneTiers tiers;
  tiers.store->after_call = [&] { tiers.bus->miss(false); };
  BOOST_TEST(tiers.cache->set_value("key", "1", 1h));
  BOOST_TEST(tiers.cache->near_size() == 0U);
}

BOOST_AUTO_TEST_CASE(every_kind_of_change_is_told) {
  const BackplaneTiers tiers;
  auto& cache = *tiers.cache;
  BOOST_TEST(cache.set_value("set", "1", 1h));
  BOOST_TEST(cache.add("added", "1", 1h).value());
  BOOST_TEST(cache.replace("added", "2", 1h).value());
  BOOST_TEST(cache.increment("number", 1, 1h).ok());
  BOOST_TEST(cache.expire("set", 1min).value());
  BOOST_TEST(cache.persist("added").ok());
  BOOST_TEST(cache.remove("set").value());
  BOOST_TEST(tiers.told(ChangeAction::set, "set"));
  BOOST_TEST(tiers.told(ChangeAction::set, "added"));
  BOOST_TEST(tiers.told(ChangeAction::set, "number"));
  BOOST_TEST(tiers.told(ChangeAction::expire, "set"));
  BOOST_TEST(tiers.told(ChangeAction::expire, "added"));
  BOOST_TEST(tiers.told(ChangeAction::remove, "set"));
  BOOST_TEST(cache.remove_matching("a*").ok());
  BOOST_TEST(tiers.told(ChangeAction::matching, "a*"));
  BOOST_TEST(cache.clear().ok());
  BOOST_TEST(tiers.told(ChangeAction::clear));
}

BOOST_AUTO_TEST_CASE(batches_and_asynchronous_changes_are_told_too) {
  const BackplaneTiers tiers;
  (void)tiers.cache->set_many({{"one", "1", 1h}, {"two", "2", 1h}});
  BOOST_TEST(tiers.told(ChangeAction::set, "one"));
  BOOST_TEST(tiers.told(ChangeAction::set, "two"));
  (void)tiers.cache->remove_many({"one", "absent"});
  BOOST_TEST(tiers.told(ChangeAction::remove, "one"));
  BOOST_TEST(tiers.told(ChangeAction::remove, "absent"));
  BOOST_TEST(tiers.cache->async_write("three", "3", 1h).wait().ok());
  BOOST_TEST(tiers.told(ChangeAction::set, "three"));
  BOOST_TEST(tiers.cache->async_remove("four").wait().ok());
  BOOST_TEST(tiers.told(ChangeAction::remove, "four"));
}

BOOST_AUTO_TEST_CASE(the_removal_of_a_key_that_is_not_there_is_told) {
  const BackplaneTiers tiers;
  BOOST_TEST(!tiers.cache->remove("key").value());
  BOOST_TEST(tiers.told(ChangeAction::remove, "key"));
}

BOOST_AUTO_TEST_CASE(reads_fills_and_refused_writes_are_not_told) {
  const BackplaneTiers tiers;
  BOOST_TEST(tiers.store->foreign_write("key", "1"));
  BOOST_TEST(tiers.text("key") == "1");
  BOOST_TEST(tiers.text("absent") == "nothing");
  BOOST_TEST(tiers.cache->contains("key").value());
  BOOST_TEST(!tiers.cache->add("key", "2", 1h).value());
  BOOST_TEST(!tiers.cache->replace("absent", "2", 1h).value());
  BOOST_TEST(tiers.bus->published.empty());
}

BOOST_AUTO_TEST_CASE(a_change_whose_outcome_is_unknown_is_told_and_one_that_was_not_made_is_not) {
  const BackplaneTiers tiers(CoherenceMode::backplane,
                             [](auto& options) { options.recovery.mode = RecoveryMode::none; });
  tiers.store->lose_answer = true;
  BOOST_TEST(!tiers.cache->set_value("key", "1", 1h));
  BOOST_TEST(tiers.told(ChangeAction::set, "key"));
  tiers.store->away = true;
  BOOST_TEST(!tiers.cache->set_value("other", "1", 1h));
  BOOST_TEST(!tiers.told(ChangeAction::set, "other"));
}

BOOST_AUTO_TEST_CASE(what_others_tell_ends_copies_and_stale_copies_as_it_should) {
  const BackplaneTiers tiers(CoherenceMode::backplane, [](auto& options) { options.keep_stale = 1h; });
  const auto copy = [&](std::string_view key) {
    BOOST_TEST(tiers.store->foreign_write(key, "1"));
    (void)tiers.text(key);
  };
  const auto is_stale = [&](std::string_view key) {
    ReadLimits limits;
    limits.accept_stale = true;
    Value value;
    EntryLife life;
    tiers.store->away = true;
    const auto found = tiers.cache->read_with_life(key, value, life, limits);
    tiers.store->away = false;
    return found.ok() && found.value() == Found::hit && life.stale;
  };
  copy("ended");
  tiers.bus->tell(ChangeAction::expire, "ended");
  copy("removed");
  tiers.bus->tell(ChangeAction::remove, "removed");
  tiers.bus->hear_all();
  tiers.clock->advance(1ms);
  BOOST_TEST(!tiers.cache->explain_copy("ended").present);
  BOOST_TEST(is_stale("ended"));
  BOOST_TEST(!is_stale("removed"));
  copy("matching:1");
  copy("other");
  tiers.bus->tell(ChangeAction::matching, "matching:*");
  tiers.bus->hear_all();
  BOOST_TEST(!is_stale("matching:1"));
  BOOST_TEST(tiers.cache->explain_copy("other").present);
  copy("extended");
  tiers.bus->tell(ChangeAction::extend, "extended");
  tiers.bus->hear_all();
  BOOST_TEST(!tiers.cache->explain_copy("extended").present);
  tiers.bus->tell(ChangeAction::clear);
  tiers.bus->hear_all();
  BOOST_TEST(tiers.cache->near_size() == 0U);
}

BOOST_AUTO_TEST_CASE(while_messages_are_missed_reads_go_to_the_far_tier) {
  const BackplaneTiers tiers;
  BOOST_TEST(tiers.store->foreign_write("key", "1"));
  BOOST_TEST(tiers.text("key") == "1");
  BOOST_TEST((tiers.cache->coherence().state == Coherence::coherent));
  BOOST_TEST((tiers.cache->health().state == HealthState::up));
  tiers.bus->lose();
  BOOST_TEST((tiers.cache->coherence().state == Coherence::pass_through));
  BOOST_TEST((tiers.cache->health().state == HealthState::degraded));
  BOOST_TEST(tiers.cache->health().reason == "no copies are served: the channel was lost");
  BOOST_TEST(tiers.store->foreign_write("key", "2"));
  BOOST_TEST(tiers.text("key") == "2");
  tiers.bus->open();
  BOOST_TEST(tiers.store->foreign_write("key", "3"));
  BOOST_TEST(tiers.text("key") == "3");
  BOOST_TEST((tiers.cache->coherence().state == Coherence::coherent));
  BOOST_TEST(tiers.cache->tier_statistics().gaps == 1U);
}

BOOST_AUTO_TEST_CASE(a_missed_message_makes_all_copies_worthless) {
  const BackplaneTiers tiers;
  BOOST_TEST(tiers.store->foreign_write("key", "1"));
  BOOST_TEST(tiers.text("key") == "1");
  BOOST_TEST(tiers.store->foreign_write("key", "2"));
  tiers.bus->miss(false);
  BOOST_TEST(tiers.text("key") == "2");
  BOOST_TEST(tiers.text("key") == "2");
  BOOST_TEST(tiers.store->reads == 2);
}

BOOST_AUTO_TEST_CASE(while_a_process_is_silent_copies_live_for_a_short_time) {
  const BackplaneTiers tiers(CoherenceMode::backplane, [](auto& options) {
    options.coherence.fallback_ttl = 3s;
    options.coherence.max_staleness = 1h;
  });
  tiers.bus->miss(true);
  BOOST_TEST((tiers.cache->coherence().state == Coherence::fallback));
  BOOST_TEST((tiers.cache->health().state == HealthState::degraded));
  BOOST_TEST(tiers.store->foreign_write("key", "1"));
  BOOST_TEST(tiers.text("key") == "1");
  BOOST_TEST(tiers.text("absent") == "nothing");
  BOOST_TEST(tiers.cache->set_value("own", "1", 1h));
  BOOST_TEST(tiers.store->foreign_write("key", "2"));
  BOOST_TEST(tiers.store->foreign_write("absent", "2"));
  BOOST_TEST(tiers.store->foreign_write("own", "2"));
  tiers.clock->advance(2999ms);
  BOOST_TEST(tiers.text("key") == "1");
  tiers.clock->advance(1ms);
  BOOST_TEST(tiers.text("key") == "2");
  BOOST_TEST(tiers.text("absent") == "2");
  BOOST_TEST(tiers.text("own") == "2");
}

BOOST_AUTO_TEST_CASE(copies_are_served_no_longer_than_it_is_proved_that_messages_come) {
  const BackplaneTiers tiers;
  BOOST_TEST(tiers.bus->proof().count() == 1'000);
  BOOST_TEST(tiers.store->foreign_write("key", "1"));
  BOOST_TEST(tiers.text("key") == "1");
  tiers.clock->advance(1999ms);
  BOOST_TEST(tiers.text("key") == "1");
  BOOST_TEST(tiers.store->reads == 1);
  tiers.clock->advance(1ms);
  BOOST_TEST(tiers.text("key") == "1");
  BOOST_TEST(tiers.store->reads == 2);
  BOOST_TEST((tiers.cache->coherence().state == Coherence::pass_through));
  tiers.bus->prove();
  BOOST_TEST(tiers.text("key") == "1");
  BOOST_TEST(tiers.store->reads == 2);
}

BOOST_AUTO_TEST_CASE(a_backplane_proves_no_single_read) {
  const BackplaneTiers tiers;
  BOOST_TEST((tiers.cache->fence(1s).error().code() == ErrorCode::unsupported));
  BOOST_TEST(tiers.store->foreign_write("key", "1"));
  BOOST_TEST(tiers.text("key") == "1");
  ReadLimits limits;
  limits.max_staleness = 0ms;
  Value value;
  EntryLife life;
  BOOST_TEST(tiers.store->foreign_write("key", "2"));
  BOOST_TEST(tiers.cache->read_with_life("key", value, life, limits).ok());
  BOOST_TEST(value.text() == "2");
}

BOOST_AUTO_TEST_CASE(what_is_removed_after_an_outage_is_told) {
  const BackplaneTiers tiers;
  tiers.store->lose_answer = true;
  BOOST_TEST(!tiers.cache->set_value("key", "1", 1h));
  BOOST_TEST(tiers.cache->tier_statistics().recovery_pending == 1U);
  tiers.clock->advance(1s);
  BOOST_TEST(tiers.text("key") == "nothing");
  BOOST_TEST(tiers.told(ChangeAction::remove, "key"));
}

BOOST_AUTO_TEST_CASE(more_failed_writes_than_are_remembered_are_told_as_a_clear_and_degrade) {
  const BackplaneTiers tiers(CoherenceMode::backplane, [](auto& options) { options.recovery.keys = 10; });
  tiers.store->away = true;
  for (int index = 0; index < 10; ++index)
    BOOST_TEST(!tiers.cache->set_value(std::to_string(index), "1", 1h));
  BOOST_TEST(!tiers.told(ChangeAction::clear));
  for (int index = 10; index < 20; ++index)
    BOOST_TEST(!tiers.cache->set_value(std::to_string(index), "1", 1h));
  BOOST_TEST(tiers.told(ChangeAction::clear));
  BOOST_TEST(tiers.cache->tier_statistics().recovery_forgotten == 10U);
  tiers.store->away = false;
  tiers.clock->advance(1s);
  tiers.bus->prove();
  BOOST_TEST(tiers.text("0") == "nothing");
  BOOST_TEST((tiers.cache->health().state == HealthState::degraded));
  BOOST_TEST(tiers.cache->clear().ok());
  BOOST_TEST((tiers.cache->health().state == HealthState::up));
}

BOOST_AUTO_TEST_CASE(a_stopped_cache_hears_nothing_more) {
  const BackplaneTiers tiers;
  tiers.cache->stop();
  tiers.bus->tell(ChangeAction::clear);
  tiers.bus->hear_all();
  tiers.bus->lose();
  BOOST_TEST((tiers.cache->coherence().state == Coherence::stopped));
  BOOST_TEST(tiers.cache->tier_statistics().gaps == 0U);
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(both_guards)

BOOST_AUTO_TEST_CASE(while_news_come_the_server_vouches) {
  const BackplaneTiers tiers(CoherenceMode::both);
  BOOST_TEST((tiers.cache->coherence().state == Coherence::coherent));
  BOOST_TEST(tiers.cache->set_value("key", "1", 1h));
  BOOST_TEST(tiers.cache->near_size() == 0U);  // its news look like those of another
  BOOST_TEST(tiers.told(ChangeAction::set, "key"));
  tiers.store->hear_all();
  BOOST_TEST(tiers.text("key") == "1");
  BOOST_TEST(tiers.store->foreign_write("key", "2"));
  tiers.store->hear_all();
  BOOST_TEST(tiers.text("key") == "2");
  BOOST_TEST(tiers.other->set_value("key", "3", 1h));
  tiers.bus->hear_all();
  BOOST_TEST(tiers.text("key") == "3");
  tiers.bus->lose();
  BOOST_TEST(tiers.text("key") == "3");
  BOOST_TEST(tiers.store->reads == 3);
  BOOST_TEST((tiers.cache->coherence().state == Coherence::coherent));
}

BOOST_AUTO_TEST_CASE(when_the_news_stop_the_backplane_vouches_for_new_copies_that_live_shortly) {
  const BackplaneTiers tiers(CoherenceMode::both, [](auto& options) {
    options.coherence.fallback_ttl = 3s;
    options.coherence.max_staleness = 1h;
  });
  BOOST_TEST(tiers.store->foreign_write("key", "1"));
  tiers.store->hear_all();
  BOOST_TEST(tiers.text("key") == "1");
  tiers.store->lose();
  BOOST_TEST((tiers.cache->coherence().state == Coherence::fallback));
  BOOST_TEST(tiers.cache->health().reason ==
             "only the backplane vouches for copies of 10.0.0.1:6379: its news are missing: the connection "
             "was lost");
  BOOST_TEST(tiers.cache->tier_statistics().gaps == 0U);  // somebody vouches throughout
  BOOST_TEST(tiers.store->foreign_write("key", "2"));
  BOOST_TEST(tiers.text("key") == "2");
  BOOST_TEST(tiers.text("key") == "2");
  BOOST_TEST(tiers.store->reads == 2);
  BOOST_TEST(tiers.other->set_value("key", "3", 1h));
  tiers.bus->hear_all();
  BOOST_TEST(tiers.text("key") == "3");
  BOOST_TEST(tiers.store->foreign_write("key", "4"));  // nobody hears of it
  BOOST_TEST(tiers.text("key") == "3");
  tiers.clock->advance(3s);
  BOOST_TEST(tiers.text("key") == "4");
}

BOOST_AUTO_TEST_CASE(each_change_of_who_vouches_makes_the_copies_worthless) {
  const BackplaneTiers tiers(CoherenceMode::both);
  tiers.store->lose();
  BOOST_TEST(tiers.store->foreign_write("key", "1"));
  BOOST_TEST(tiers.text("key") == "1");
  tiers.store->open();
  BOOST_TEST((tiers.cache->coherence().state == Coherence::coherent));
  BOOST_TEST(tiers.text("key") == "1");
  BOOST_TEST(tiers.store->reads == 2);
  tiers.store->lose();
  BOOST_TEST(tiers.text("key") == "1");
  BOOST_TEST(tiers.store->reads == 3);
}

BOOST_AUTO_TEST_CASE(copies_of_an_earlier_fallback_stay_dead_in_a_later_one) {
  const BackplaneTiers tiers(CoherenceMode::both);
  tiers.store->lose();
  BOOST_TEST(tiers.store->foreign_write("key", "1"));
  BOOST_TEST(tiers.text("key") == "1");
  tiers.store->open();
  tiers.store->lose();
  BOOST_TEST(!tiers.cache->explain_copy("key").served);
}

BOOST_AUTO_TEST_CASE(a_fill_during_which_another_takes_over_leaves_no_copy) {
  const BackplaneTiers tiers(CoherenceMode::both);
  BOOST_TEST(tiers.store->foreign_write("key", "1"));
  tiers.store->hear_all();
  tiers.store->after_call = [&] { tiers.store->lose(); };
  BOOST_TEST(tiers.text("key") == "1");
  BOOST_TEST(tiers.cache->near_size() == 0U);
  tiers.store->after_call = [&] { tiers.store->open(); };
  BOOST_TEST(tiers.text("key") == "1");
  BOOST_TEST(tiers.cache->near_size() == 0U);
}

BOOST_AUTO_TEST_CASE(with_neither_reads_go_to_the_far_tier) {
  const BackplaneTiers tiers(CoherenceMode::both);
  tiers.store->lose();
  tiers.bus->lose();
  BOOST_TEST((tiers.cache->coherence().state == Coherence::pass_through));
  BOOST_TEST(tiers.store->foreign_write("key", "1"));
  BOOST_TEST(tiers.text("key") == "1");
  BOOST_TEST(tiers.store->foreign_write("key", "2"));
  BOOST_TEST(tiers.text("key") == "2");
  BOOST_TEST(tiers.cache->tier_statistics().gaps == 1U);
  tiers.bus->open();
  BOOST_TEST((tiers.cache->coherence().state == Coherence::fallback));
}

BOOST_AUTO_TEST_SUITE_END()
