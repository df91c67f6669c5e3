#include "unit/layers/tiered/coherent_tiers.hpp"

#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(coherence)

BOOST_AUTO_TEST_CASE(a_copy_is_served_until_its_server_tells_of_a_change) {
  const CoherentTiers tiers;
  BOOST_TEST(tiers.store->foreign_write("key", "1"));
  tiers.store->hear_all();
  BOOST_TEST(tiers.text("key") == "1");
  BOOST_TEST(tiers.text("key") == "1");
  BOOST_TEST(tiers.store->reads == 1);
  BOOST_TEST(tiers.store->foreign_write("key", "2"));
  tiers.store->hear_all();
  BOOST_TEST(tiers.text("key") == "2");
  BOOST_TEST(tiers.store->reads == 2);
  const auto statistics = tiers.cache->tier_statistics();
  BOOST_TEST(statistics.near_hits == 1U);
  BOOST_TEST(statistics.news_keys == 2U);
  BOOST_TEST(statistics.news_keys_with_copy == 1U);
  BOOST_TEST(statistics.epochs == 1U);
}

BOOST_AUTO_TEST_CASE(a_cached_null_and_that_there_is_nothing_are_copies_too) {
  const CoherentTiers tiers;
  BOOST_TEST(tiers.cache->set_value("null", std::nullopt, 1h));
  for (int round = 0; round < 3; ++round) {
    BOOST_TEST(tiers.text("null") == "null");
    BOOST_TEST(tiers.text("absent") == "nothing");
  }
  BOOST_TEST(tiers.store->reads == 2);
  BOOST_TEST(tiers.store->foreign_write("absent", "there"));
  tiers.store->hear_all();
  BOOST_TEST(tiers.text("absent") == "there");
}

BOOST_AUTO_TEST_CASE(a_gap_in_the_news_makes_all_copies_worthless_at_once) {
  const CoherentTiers tiers;
  for (const auto* key : {"a", "b"})
    BOOST_TEST(tiers.store->foreign_write(key, "1"));
  BOOST_TEST(tiers.text("a") == "1");
  tiers.store->lose();
  BOOST_TEST(tiers.store->foreign_write("a", "2"));
  BOOST_TEST(tiers.text("a") == "2");
  BOOST_TEST(tiers.text("a") == "2");
  BOOST_TEST(tiers.store->reads == 3);
  BOOST_TEST(tiers.cache->tier_statistics().pass_through_reads == 2U);
  BOOST_TEST(tiers.cache->tier_statistics().gaps == 1U);
  tiers.store->open();
  BOOST_TEST(tiers.text("a") == "2");
  BOOST_TEST(tiers.text("a") == "2");
  BOOST_TEST(tiers.store->reads == 4);
}

BOOST_AUTO_TEST_CASE(a_copy_is_served_no_longer_than_its_news_are_proven) {
  const CoherentTiers tiers([](auto& options) { options.coherence.max_staleness = 500ms; });
  BOOST_TEST(tiers.store->watched_options.max_staleness.count() == 500);
  BOOST_TEST(tiers.store->foreign_write("key", "1"));
  tiers.store->hear_all();
  BOOST_TEST(tiers.text("key") == "1");
  tiers.clock->advance(499ms);
  BOOST_TEST(tiers.text("key") == "1");
  BOOST_TEST(tiers.store->reads == 1);
  // Nobody says that anything has been lost: the connection of the news is a black hole.
  tiers.clock->advance(2ms);
  BOOST_TEST(tiers.text("key") == "1");
  BOOST_TEST(tiers.store->reads == 2);
  tiers.store->prove();
  BOOST_TEST(tiers.text("key") == "1");
  BOOST_TEST(tiers.store->reads == 2);
}

BOOST_AUTO_TEST_CASE(a_removal_of_everything_leaves_no_copy_not_even_a_stale_one) {
  const CoherentTiers tiers([](auto& options) { options.keep_stale = 1h; });
  BOOST_TEST(tiers.store->foreign_write("key", "1"));
  tiers.store->hear_all();
  BOOST_TEST(tiers.text("key") == "1");
  tiers.store->foreign_flush();
  tiers.store->hear_all();
  BOOST_TEST(tiers.near->size().value() == 0U);
  BOOST_TEST(tiers.text("key") == "nothing");
  BOOST_TEST(tiers.cache->tier_statistics().everything_changed == 1U);
  BOOST_TEST(tiers.cache->tier_statistics().gaps == 0U);
  BOOST_TEST((tiers.cache->coherence().state == Coherence::coherent));
}

BOOST_AUTO_TEST_CASE(an_own_write_drops_the_copy_since_its_news_look_like_those_of_another) {
  const CoherentTiers tiers;
  BOOST_TEST(tiers.cache->set_value("key", "1", 1h));
  BOOST_TEST(tiers.cache->near_size() == 0U);
  tiers.store->hear_all();
  BOOST_TEST(tiers.text("key") == "1");
  BOOST_TEST(tiers.cache->near_size() == 1U);
  BOOST_TEST(tiers.cache->set_value("key", "2", 1h));
  BOOST_TEST(tiers.text("key") == "2");
}

BOOST_AUTO_TEST_CASE(a_write_that_is_answered_by_silence_leaves_no_copy) {
  const CoherentTiers tiers([](auto& options) { options.recovery.mode = RecoveryMode::none; });
  BOOST_TEST(tiers.cache->set_value("key", "1", 1h));
  tiers.store->hear_all();
  BOOST_TEST(tiers.text("key") == "1");
  tiers.store->lose_answer = true;
  BOOST_TEST(!tiers.cache->set_value("key", "2", 1h));
  BOOST_TEST(tiers.text("key") == "2");
}

BOOST_AUTO_TEST_CASE(news_between_the_question_and_the_copy_leave_none) {
  const CoherentTiers tiers;
  BOOST_TEST(tiers.store->foreign_write("key", "1"));
  tiers.store->hear_all();
  tiers.store->after_call = [&] {
    BOOST_TEST(tiers.store->foreign_write("key", "2"));
    tiers.store->hear_all();
  };
  BOOST_TEST(tiers.text("key") == "1");
  BOOST_TEST(tiers.text("key") == "2");
  BOOST_TEST(tiers.cache->tier_statistics().fills_dropped == 1U);
}

BOOST_AUTO_TEST_CASE(a_gap_between_the_question_and_the_copy_leaves_none) {
  const CoherentTiers tiers;
  BOOST_TEST(tiers.store->foreign_write("key", "1"));
  tiers.store->after_call = [&] {
    tiers.store->lose();
    BOOST_TEST(tiers.store->foreign_write("key", "2"));
    tiers.store->open();
  };
  BOOST_TEST(tiers.text("key") == "1");
  BOOST_TEST(tiers.text("key") == "2");
  BOOST_TEST(tiers.cache->tier_statistics().fills_unvouched == 1U);
}

BOOST_AUTO_TEST_CASE(while_it_is_doubtful_whose_news_come_copies_are_served_but_none_are_made) {
  const CoherentTiers tiers;
  for (const auto* key : {"a", "b"})
    BOOST_TEST(tiers.store->foreign_write(key, "1"));
  BOOST_TEST(tiers.text("a") == "1");
  tiers.store->doubtful = true;
  BOOST_TEST(tiers.text("a") == "1");
  BOOST_TEST(tiers.text("b") == "1");
  BOOST_TEST(tiers.text("b") == "1");
  BOOST_TEST(tiers.store->reads == 3);
  tiers.store->doubtful = false;
  BOOST_TEST(tiers.text("b") == "1");
  BOOST_TEST(tiers.text("b") == "1");
  BOOST_TEST(tiers.store->reads == 4);
}

BOOST_AUTO_TEST_CASE(a_copy_ends_with_its_entry_though_the_server_says_nothing) {
  const CoherentTiers tiers;
  BOOST_TEST(tiers.store->foreign_write("key", "1", 200ms));
  BOOST_TEST(tiers.text("key") == "1");
  tiers.clock->advance(200ms);
  BOOST_TEST(tiers.text("key") == "nothing");
}

BOOST_AUTO_TEST_CASE(the_news_that_an_entry_has_ended_leave_its_copy_as_a_stale_one) {
  const CoherentTiers tiers([](auto& options) { options.keep_stale = 1h; });
  BOOST_TEST(tiers.store->foreign_write("key", "1", 200ms));
  tiers.store->hear_all();
  BOOST_TEST(tiers.text("key") == "1");
  tiers.clock->advance(201ms);
  tiers.store->tell("key");
  tiers.store->hear_all();
  const auto stale = [&] {
    StaleRead read{1h};
    Value value;
    CacheRequest request(CacheOperation::read, "key");
    request.destination = &value;
    request.stale = &read;
    tiers.cache->perform(request);
    return request.answer<Found>().value_or(Found::miss) == Found::hit && read.stale;
  };
  BOOST_TEST(stale());
  BOOST_TEST(tiers.store->foreign_write("key", "2", 1h));
  tiers.store->hear_all();
  BOOST_TEST(stale());  // the news are those of the end, as far as anybody knows
  BOOST_TEST(tiers.cache->remove("key").value());
  BOOST_TEST(!stale());
}

BOOST_AUTO_TEST_CASE(news_end_a_remembered_miss_where_an_ended_copy_is_kept) {
  const CoherentTiers tiers([](auto& options) {
    options.keep_stale = 1h;
    options.negative_ttl = 1h;
    options.coherence.max_staleness = 1h;
  });
  BOOST_TEST(tiers.store->foreign_write("key", "1", 200ms));
  tiers.store->hear_all();
  BOOST_TEST(tiers.text("key") == "1");
  tiers.clock->advance(201ms);
  BOOST_TEST(tiers.text("key") == "nothing");
  BOOST_TEST(tiers.store->foreign_write("key", "2", 1h));
  tiers.store->hear_all();
  BOOST_TEST(tiers.text("key") == "2");
}

BOOST_AUTO_TEST_CASE(while_nobody_vouches_reads_do_what_they_are_told) {
  for (const auto when : {WhenIncoherent::serve, WhenIncoherent::fail}) {
    const CoherentTiers tiers([when](auto& options) {
      options.keep_stale = 1min;
      options.coherence.when_incoherent = when;
    });
    BOOST_TEST(tiers.store->foreign_write("key", "1"));
    BOOST_TEST(tiers.text("key") == "1");
    tiers.store->lose();
    BOOST_TEST(tiers.store->foreign_write("key", "2"));
    tiers.clock->advance(30s);
    BOOST_TEST(tiers.text("key") == (when == WhenIncoherent::serve ? "1" : "failed"));
    if (when == WhenIncoherent::fail) continue;
    BOOST_TEST(tiers.cache->tier_statistics().stale_hits == 1U);
    tiers.clock->advance(31s);
    BOOST_TEST(tiers.text("key") == "2");
  }
}

BOOST_AUTO_TEST_CASE(a_fence_is_a_promise_about_what_is_served_afterwards) {
  const CoherentTiers tiers;
  BOOST_TEST(tiers.store->foreign_write("key", "1"));
  tiers.store->hear_all();
  BOOST_TEST(tiers.text("key") == "1");
  BOOST_TEST(tiers.store->foreign_write("key", "2"));
  BOOST_TEST(tiers.text("key") == "1");  // not heard yet
  BOOST_TEST(tiers.cache->fence(1s).ok());
  BOOST_TEST(tiers.text("key") == "2");
  // The same for one read.
  BOOST_TEST(tiers.store->foreign_write("key", "3"));
  Value value;
  EntryLife life;
  ReadLimits now;
  now.max_staleness = 0ms;
  BOOST_TEST(tiers.cache->read_with_life("key", value, life, now).ok());
  BOOST_TEST(value.text() == "3");
  BOOST_TEST(tiers.cache->tier_statistics().fenced_reads == 1U);
  tiers.store->lose();
  BOOST_TEST(!tiers.cache->fence(1s).ok());
}

BOOST_AUTO_TEST_CASE(a_reader_may_want_copies_that_were_proven_more_lately) {
  const CoherentTiers tiers;
  BOOST_TEST(tiers.store->foreign_write("key", "1"));
  tiers.store->hear_all();
  BOOST_TEST(tiers.text("key") == "1");
  tiers.clock->advance(300ms);
  Value value;
  EntryLife life;
  ReadLimits limits;
  limits.max_staleness = 400ms;
  BOOST_TEST(tiers.cache->read_with_life("key", value, life, limits).ok());
  BOOST_TEST(life.near);
  BOOST_TEST((life.left.state == Remaining::State::expires));
  BOOST_TEST((life.left.left > 59min && life.left.left <= 1h));
  limits.max_staleness = 200ms;
  BOOST_TEST(tiers.cache->read_with_life("key", value, life, limits).ok());
  BOOST_TEST(!life.near);
}

BOOST_AUTO_TEST_CASE(who_bounds_the_age_of_copies_gets_no_stale_one) {
  const CoherentTiers tiers([](auto& options) {
    options.keep_stale = 1h;
    options.coherence.when_incoherent = WhenIncoherent::serve;
    options.when_far_fails = WhenFarFails::stale;
  });
  BOOST_TEST(tiers.store->foreign_write("key", "1"));
  BOOST_TEST(tiers.text("key") == "1");
  tiers.store->lose();
  BOOST_TEST(tiers.store->foreign_write("key", "2"));
  BOOST_TEST(tiers.text("key") == "1");
  for (const auto age : {0ms, 1000ms}) {
    ReadLimits limits;
    limits.max_staleness = age;
    Value value;
    EntryLife life;
    BOOST_TEST(tiers.cache->read_with_life("key", value, life, limits).ok());
    BOOST_TEST(value.text() == "2");
    std::array<std::string_view, 1> keys{"key"};
    std::array<Lookup, 1> results;
    std::array<EntryLife, 1> lives;
    tiers.cache->read_with_life_many(keys, results, lives, limits);
    BOOST_TEST(results[0].value().text() == "2");
    tiers.store->away = true;
    BOOST_TEST(!tiers.cache->read_with_life("key", value, life, limits).ok());
    tiers.store->away = false;
  }
}

BOOST_AUTO_TEST_CASE(one_read_and_a_batch_within_limits_fail_alike_while_nobody_vouches) {
  const CoherentTiers tiers([](auto& options) { options.coherence.when_incoherent = WhenIncoherent::fail; });
  BOOST_TEST(tiers.store->foreign_write("key", "1"));
  tiers.store->lose();
  ReadLimits limits;
  limits.max_staleness = 0ms;
  Value value;
  EntryLife life;
  BOOST_TEST(!tiers.cache->read_with_life("key", value, life, limits).ok());
  std::array<std::string_view, 1> keys{"key"};
  std::array<Lookup, 1> results;
  std::array<EntryLife, 1> lives;
  tiers.cache->read_with_life_many(keys, results, lives, limits);
  BOOST_TEST(results[0].failed());
}

BOOST_AUTO_TEST_CASE(without_news_who_bounds_the_age_of_copies_reads_the_far_tier) {
  const CoherentTiers tiers([](auto& options) { options.coherence.mode = CoherenceMode::none; });
  BOOST_TEST(tiers.store->foreign_write("key", "1"));
  BOOST_TEST(tiers.text("key") == "1");
  BOOST_TEST(tiers.store->foreign_write("key", "2"));
  BOOST_TEST(tiers.text("key") == "1");
  ReadLimits limits;
  limits.max_staleness = 1s;
  Value value;
  EntryLife life;
  BOOST_TEST(tiers.cache->read_with_life("key", value, life, limits).ok());
  BOOST_TEST(value.text() == "2");
}

BOOST_AUTO_TEST_CASE(once_stopped_it_says_nothing_about_what_it_is_told) {
  const CoherentTiers tiers;
  BOOST_TEST(tiers.text("key") == "nothing");
  tiers.cache->stop();
  tiers.store->tell("key");
  tiers.store->hear_all();
  tiers.store->lose();
  BOOST_TEST(tiers.cache->tier_statistics().gaps == 0U);
  BOOST_TEST(tiers.cache->tier_statistics().news_messages == 0U);
}

BOOST_AUTO_TEST_CASE(who_takes_a_stale_value_gets_one_when_the_far_tier_is_away) {
  const CoherentTiers tiers;
  BOOST_TEST(tiers.store->foreign_write("key", "1"));
  BOOST_TEST(tiers.text("key") == "1");
  tiers.store->lose();
  tiers.store->away = true;
  Value value;
  EntryLife life;
  BOOST_TEST(!tiers.cache->read_with_life("key", value, life).ok());
  ReadLimits limits;
  limits.accept_stale = true;
  BOOST_TEST(tiers.cache->read_with_life("key", value, life, limits).ok());
  BOOST_TEST(value.text() == "1");
  BOOST_TEST(life.stale);
  BOOST_TEST(life.near);
}

BOOST_AUTO_TEST_CASE(many_keys_are_read_as_each_would_be) {
  const CoherentTiers tiers;
  for (const auto* key : {"a", "b", "c"})
    BOOST_TEST(tiers.store->foreign_write(key, "1"));
  tiers.store->hear_all();
  BOOST_TEST(tiers.text("a") == "1");
  BOOST_TEST(tiers.cache->get_many({"a", "b", "absent", "c"})[3].value().text() == "1");
  BOOST_TEST(tiers.store->reads == 2);
  BOOST_TEST(tiers.cache->get_many({"a", "b", "absent", "c"})[1].value().text() == "1");
  BOOST_TEST(tiers.store->reads == 2);
  BOOST_TEST(tiers.store->foreign_write("b", "2"));
  tiers.store->hear_all();
  BOOST_TEST(tiers.cache->get_many({"a", "b", "absent", "c"})[1].value().text() == "2");
  BOOST_TEST(tiers.store->reads == 3);
  tiers.store->lose();
  BOOST_TEST(tiers.cache->get_many({"a", "b", "absent", "c"})[0].hit());
  BOOST_TEST(tiers.store->reads == 4);
}

BOOST_AUTO_TEST_CASE(a_lost_server_ends_only_the_copies_of_its_own_keys) {
  const CoherentTiers tiers;
  tiers.store->place = [](std::string_view key) { return static_cast<std::uint16_t>(key == "a" ? 1 : 2); };
  tiers.store->open_all();
  for (const auto* key : {"a", "b"}) {
    BOOST_TEST(tiers.store->foreign_write(key, "1"));
    BOOST_TEST(tiers.text(key) == "1");
  }
  tiers.store->lose(1);
  BOOST_TEST(tiers.text("b") == "1");
  BOOST_TEST(tiers.store->reads == 2);
  BOOST_TEST(tiers.text("a") == "1");
  BOOST_TEST(tiers.store->reads == 3);
}

BOOST_AUTO_TEST_CASE(what_others_put_into_the_near_cache_is_never_served_and_they_see_no_notes) {
  const CoherentTiers tiers;
  BOOST_TEST(tiers.near->set_value("key", "planted", 1h));
  BOOST_TEST(tiers.text("key") == "nothing");
  for (const std::size_t size : {0U, 1U, 63U, 64U, 65U, 79U, 80U, 81U, 500U, 5'000U, 300'000U}) {
    const std::string text(size, 'x');
    BOOST_TEST(tiers.store->foreign_write("copied", text));
    tiers.store->hear_all();
    BOOST_TEST((tiers.text("copied") == text));
    BOOST_TEST((tiers.near->get("copied").value().text() == text));
    BOOST_TEST((tiers.near->get_many({"copied"})[0].value().text() == text));
    Value value;
    EntryLife life;
    BOOST_TEST((tiers.near->read_with_life("copied", value, life).value_or(Found::miss) == Found::hit));
    BOOST_TEST((value.text() == text));
  }
  BOOST_TEST(tiers.near->set_value("null", std::nullopt, 1h));
  BOOST_TEST(tiers.near->get("null").null());
  BOOST_TEST(!tiers.near->add("null", "1", 1h).value());
  BOOST_TEST(tiers.near->replace("null", "1", 1h).value());
  BOOST_TEST(tiers.near->get("null").value().text() == "1");
  BOOST_TEST((tiers.near->increment("null", 1, 1h).error().code() == ErrorCode::unsupported));
}

BOOST_AUTO_TEST_CASE(a_report_says_who_vouches_and_why_not) {
  const CoherentTiers tiers;
  BOOST_TEST((tiers.cache->coherence().state == Coherence::coherent));
  BOOST_TEST((tiers.cache->health().state == HealthState::up));
  tiers.store->lose();
  const auto report = tiers.cache->coherence();
  BOOST_TEST((report.state == Coherence::pass_through));
  BOOST_TEST(report.reason ==
             "no copies of 10.0.0.1:6379 are served: its news are missing: the connection was lost");
  BOOST_TEST((tiers.cache->health().state == HealthState::degraded));
  BOOST_TEST(tiers.cache->health().reason == report.reason);
  tiers.cache->stop();
  BOOST_TEST((tiers.cache->coherence().state == Coherence::stopped));
  BOOST_TEST((tiers.cache->fence(1s).error().code() == ErrorCode::closed));
}

BOOST_AUTO_TEST_CASE(health_says_whether_copies_are_served_while_the_store_is_away) {
  const auto reason = [](const CoherentTiers& tiers) {
    tiers.store->away = true;
    const auto health = tiers.cache->health();
    BOOST_TEST((health.state == HealthState::degraded));
    return health.reason;
  };
  const CoherentTiers tiers;
  BOOST_TEST(reason(tiers) == "only copies are served: away");
  tiers.store->lose();
  BOOST_TEST(reason(tiers) == "no copies are served: away");

  const CoherentTiers serving([](TieredCacheOptions& options) {
    options.coherence.when_incoherent = WhenIncoherent::serve;
    options.keep_stale = 1h;
  });
  serving.store->lose();
  BOOST_TEST(reason(serving) == "only copies are served: away");

  const CoherentTiers stale([](TieredCacheOptions& options) {
    options.when_far_fails = WhenFarFails::stale;
    options.keep_stale = 1h;
  });
  stale.store->lose();
  BOOST_TEST(reason(stale) == "only copies are served: away");
}

BOOST_AUTO_TEST_CASE(a_copy_explains_why_it_is_not_served) {
  const CoherentTiers tiers;
  BOOST_TEST(tiers.cache->explain_copy("key").why_not == "there is no copy");
  BOOST_TEST(tiers.store->foreign_write("key", "value"));
  BOOST_TEST(tiers.text("key") == "value");
  auto report = tiers.cache->explain_copy("key");
  BOOST_TEST(report.served);
  BOOST_TEST(report.bytes == 5U);
  BOOST_TEST(report.epoch == 1U);
  BOOST_TEST((report.copy_left.left <= 5min && report.copy_left.left > 4min));
  BOOST_TEST((report.entry_left.left > 59min));
  tiers.store->lose();
  BOOST_TEST(tiers.cache->explain_copy("key").why_not == "nobody vouches for copies of its server");
  tiers.store->open();
  BOOST_TEST(tiers.cache->explain_copy("key").why_not == "news of changes were missed since it was made");
  BOOST_TEST(tiers.text("key") == "value");
  tiers.clock->advance(3s);
  BOOST_TEST(tiers.cache->explain_copy("key").why_not ==
             "the news of its server are not known to be complete");
  BOOST_TEST(tiers.near->set_value("planted", "x", 1h));
  BOOST_TEST(tiers.cache->explain_copy("planted").why_not == "something else has stored it");
}

BOOST_AUTO_TEST_CASE(without_coherence_nothing_is_watched_and_nothing_is_noted) {
  const CoherentTiers tiers([](auto& options) { options.coherence.mode = CoherenceMode::none; });
  BOOST_TEST(!tiers.store->is_watched());
  BOOST_TEST(tiers.cache->set_value("key", "1", 1h));
  BOOST_TEST(tiers.text("key") == "1");
  BOOST_TEST(tiers.store->reads == 0);
  BOOST_TEST((tiers.cache->coherence().state == Coherence::none));
  BOOST_TEST((tiers.cache->fence(1s).error().code() == ErrorCode::unsupported));
}

BOOST_AUTO_TEST_SUITE_END()
