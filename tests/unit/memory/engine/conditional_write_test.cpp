#include "support/sanitized.hpp"
#include "unit/memory/test_engine.hpp"

#include <limits>
#include <random>
#include <set>
#include <thread>

using namespace cachesite;
using cachesite::test::all_policies;
using cachesite::test::engine_options;
using cachesite::test::TestEngine;
using memory::WriteCondition;
using memory::WriteOutcome;

BOOST_AUTO_TEST_SUITE(conditional_write)

BOOST_AUTO_TEST_CASE(a_condition_that_does_not_hold_changes_nothing) {
  for (const auto policy : all_policies) {
    TestEngine engine(engine_options(policy, 100));
    for (const std::size_t size : {5U, 3000U}) {
      const std::string value(size, 'v');
      const auto key = "key" + std::to_string(size);
      BOOST_TEST(
          (engine->write_if(WriteCondition::present, key, ByteView(value), 1000) == WriteOutcome::unchanged));
      BOOST_TEST(
          (engine->write_if(WriteCondition::absent, key, ByteView(value), 1000) == WriteOutcome::stored));
      const auto before = engine->statistics();
      BOOST_TEST(
          (engine->write_if(WriteCondition::absent, key, std::nullopt, 9000) == WriteOutcome::unchanged));
      BOOST_TEST(engine->statistics().inserts == before.inserts);
      BOOST_TEST(engine->statistics().bytes == before.bytes);
      BOOST_TEST(engine.get(key) == value);
      BOOST_TEST((engine->remaining(key).left <= std::chrono::milliseconds(1000)));
      BOOST_TEST(
          (engine->write_if(WriteCondition::present, key, std::nullopt, 9000) == WriteOutcome::stored));
      BOOST_TEST(engine.get(key) == "(null)");
    }
  }
}

BOOST_AUTO_TEST_CASE(a_full_cache_evicts_for_conditional_writes_and_counters_as_for_others) {
  for (const auto policy : all_policies) {
    TestEngine engine(engine_options(policy, 50));
    for (int i = 0; i < 500; ++i) {
      const auto number = std::to_string(i);
      BOOST_REQUIRE((engine->write_if(WriteCondition::absent, "added" + number, ByteView("value"), 1000) ==
                     WriteOutcome::stored));
      std::int64_t sum = 0;
      BOOST_REQUIRE((engine->increment("counted" + number, i, 1000, sum) == WriteOutcome::stored));
      BOOST_REQUIRE(sum == i);
      BOOST_REQUIRE(engine->size() <= 50U);
    }
    BOOST_TEST(engine->size() == 50U);
    BOOST_TEST(engine->statistics().evictions == 950U);
  }
}

BOOST_AUTO_TEST_CASE(the_byte_budget_holds_for_conditional_writes_and_counters) {
  for (const auto policy : all_policies) {
    memory::EngineOptions options;
    options.policy = policy;
    options.max_bytes = 100'000;
    TestEngine engine(std::move(options));
    BOOST_TEST((engine->write_if(WriteCondition::absent, "large", ByteView(std::string(200'000, 'x')),
                                 1000) == WriteOutcome::too_large));
    for (int i = 0; i < 3000; ++i) {
      const auto number = std::to_string(i % 700);
      std::int64_t sum = 0;
      BOOST_REQUIRE((engine->increment(std::string(i % 7 == 0 ? 3000 : 10, 'c') + number, 1, 1000, sum) ==
                     WriteOutcome::stored));
      const auto outcome =
          engine->write_if(i % 2 == 0 ? WriteCondition::absent : WriteCondition::present, "key" + number,
                           ByteView(std::string(static_cast<std::size_t>(i % 400), 'v')), 1000);
      BOOST_REQUIRE((outcome == WriteOutcome::stored || outcome == WriteOutcome::unchanged));
      if (i % 64 == 0) BOOST_REQUIRE(engine->statistics().bytes <= 105'000U);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_counter_that_is_there_keeps_its_end_whatever_its_length_becomes) {
  for (const auto policy : all_policies) {
    TestEngine engine(engine_options(policy, 100));
    for (const std::string& key : {std::string("short"), std::string(3000, 'l')}) {
      std::int64_t sum = 0;
      BOOST_TEST((engine->increment(key, 1, 500, sum) == WriteOutcome::stored));
      for (const std::int64_t by : {8, 90, 900, 99'999'000, 1'000'000'000})
        BOOST_TEST((engine->increment(key, by, 60'000, sum) == WriteOutcome::stored));
      BOOST_TEST(sum == 1'099'999'999);
      BOOST_TEST(engine.get(key) == "1099999999");
      BOOST_TEST((engine->remaining(key).left <= std::chrono::milliseconds(500)));
      engine.let_pass(std::chrono::milliseconds(501));
      BOOST_TEST(engine.get(key) == "(miss)");
      BOOST_TEST((engine->increment(key, 3, 500, sum) == WriteOutcome::stored));
      BOOST_TEST(sum == 3);
      BOOST_TEST(engine->expire(key, 315'576'000'000));
      BOOST_TEST((engine->increment(key, 3, 500, sum) == WriteOutcome::stored));
      BOOST_TEST((engine->remaining(key).left > std::chrono::hours(1000)));
      BOOST_TEST(engine->persist(key));
      BOOST_TEST(!engine->persist(key));
      BOOST_TEST((engine->increment(key, 3, 500, sum) == WriteOutcome::stored));
      BOOST_TEST((engine->remaining(key).state == Remaining::State::no_expiry));
      BOOST_TEST(engine.get(key) == "9");
    }
  }
}

// A walk that is interrupted after each step by writes which make the table grow, shrink and move.
BOOST_AUTO_TEST_CASE(a_walk_meets_every_key_that_stays_while_the_table_grows_and_shrinks) {
  for (const auto policy : all_policies) {
    for (const bool grows : {true, false}) {
      memory::EngineOptions options;
      options.policy = policy;
      options.most_shards = 2;
      TestEngine engine(std::move(options));
      std::set<std::string> expected;
      for (int i = 0; i < 2000; ++i) {
        expected.insert("stays" + std::to_string(i));
        engine.set("stays" + std::to_string(i), "value");
      }
      constexpr int passing = 20'000;
      int there = grows ? 0 : passing;
      for (int i = 0; i < there; ++i)
        engine.set("passes" + std::to_string(i), "value");
      const double slots_before = static_cast<double>(engine->size()) / engine->statistics().load_factor;
      std::multiset<std::string> found;
      memory::Engine::ScanCursor place;
      while (!place.finished) {
        engine->scan(place, [&](std::string_view key) {
          if (key.starts_with("stays")) found.emplace(key);
        });
        for (int i = 0; i < 2000; ++i) {
          if (grows && there < passing) engine.set("passes" + std::to_string(there++), "value");
          if (!grows && there > 0) engine->remove("passes" + std::to_string(--there));
        }
        engine->upkeep(50);
      }
      const double slots_after = static_cast<double>(engine->size()) / engine->statistics().load_factor;
      if (policy == EvictionPolicy::tinylfu)
        BOOST_TEST((grows ? slots_after > 2 * slots_before : slots_after < 0.75 * slots_before));
      BOOST_TEST((std::set<std::string>(found.begin(), found.end()) == expected));
      // Twice at most where a bucket is merged with one that was walked before.
      BOOST_TEST(found.size() < 2 * expected.size());
    }
  }
}

BOOST_AUTO_TEST_CASE(places_are_used_again) {
  for (const auto policy : all_policies) {
    TestEngine engine(engine_options(policy, 100));
    for (int i = 0; i < 5000; ++i) {
      engine.set("key" + std::to_string(i), "value");
      if (i % 3 == 0) engine->remove("key" + std::to_string(i));
    }
    const auto keys = engine.keys();
    BOOST_TEST(keys.size() == engine->size());
    BOOST_TEST(std::set<std::string>(keys.begin(), keys.end()).size() == keys.size());
    engine->clear();
    BOOST_TEST(engine.keys().empty());
    engine.set("key", "value");
    BOOST_TEST(engine.keys().size() == 1U);
  }
}

// Increments, additions, replacements, removals and evictions of other keys all at once: whoever is told that
// he added the key owns it, and gives it back by removing it, so that two owners at once would be seen.
BOOST_AUTO_TEST_CASE(threads_that_add_and_count_see_one_order_of_things) {
  for (const auto policy : all_policies) {
    memory::Engine engine([&] {
      memory::EngineOptions options;
      options.policy = policy;
      options.most_shards = 4;
      return options;
    }());
    constexpr unsigned threads = 8;
    constexpr int rounds = test::sanitized ? 200 : 1500;
    constexpr std::size_t locks = 4;
    std::vector<std::atomic<int>> owners(locks);
    std::atomic<int> two_owners{0};
    std::atomic<int> lost{0};
    std::atomic<std::int64_t> added{0};
    std::vector<std::thread> crew;
    for (unsigned thread = 0; thread < threads; ++thread)
      crew.emplace_back([&, thread] {
        std::mt19937 random(thread);
        for (int round = 0; round < rounds; ++round) {
          const std::size_t lock = random() % locks;
          const auto name = "lock" + std::to_string(lock);
          const std::string value(random() % 5 == 0 ? 3000 : random() % 100, 'v');
          if (engine.write_if(WriteCondition::absent, name, ByteView(value), 1'000'000) ==
              WriteOutcome::stored) {
            if (owners[lock].fetch_add(1) != 0) ++two_owners;
            if (engine.write_if(WriteCondition::present, name, std::nullopt, 1'000'000) !=
                WriteOutcome::stored)
              ++lost;
            owners[lock].fetch_sub(1);
            if (!engine.remove(name)) ++lost;
          }
          std::int64_t sum = 0;
          const auto by = static_cast<std::int64_t>(random() % 1000) - 400;
          if (engine.increment("sum", by, 1'000'000, sum) != WriteOutcome::stored) ++lost;
          added += by;
          if (round % 16 == 0) engine.expire("sum", 1'000'000 + random() % 1000);
          engine.write("noise" + std::to_string(random() % 3000), ByteView(value), 1'000'000);
        }
      });
    for (auto& member : crew)
      member.join();
    BOOST_TEST(two_owners.load() == 0);
    BOOST_TEST(lost.load() == 0);
    std::int64_t sum = 0;
    BOOST_TEST((engine.increment("sum", 0, 1'000'000, sum) == WriteOutcome::stored));
    BOOST_TEST(sum == added.load());
    BOOST_TEST(engine.check() == "");
  }
}

BOOST_AUTO_TEST_SUITE_END()
