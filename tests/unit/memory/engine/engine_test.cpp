#include "unit/memory/test_engine.hpp"

#include <map>
#include <set>

using namespace cachesite;
using cachesite::test::all_policies;
using cachesite::test::engine_options;
using cachesite::test::TestEngine;

BOOST_AUTO_TEST_SUITE(engine)

BOOST_AUTO_TEST_CASE(null_empty_value_and_miss_are_three_things) {
  for (const auto policy : all_policies) {
    TestEngine engine(engine_options(policy, 10));
    BOOST_TEST((engine->write("null", std::nullopt, 1000) == memory::WriteOutcome::stored));
    BOOST_TEST(engine.set("empty", ""));
    BOOST_TEST(engine.get("null") == "(null)");
    BOOST_TEST(engine.get("empty") == "");
    BOOST_TEST(engine.get("other") == "(miss)");
    BOOST_TEST(engine->contains("null"));
    BOOST_TEST(engine.set("null", "value"));
    BOOST_TEST(engine.get("null") == "value");
  }
}

BOOST_AUTO_TEST_CASE(values_and_keys_of_every_size_come_back) {
  for (const auto policy : all_policies) {
    TestEngine engine(engine_options(policy, 10'000));
    const std::size_t sizes[] = {1,  2,  3,  7,    8,    9,    15,   16,   17,   31,
                                 33, 80, 81, 1000, 2000, 2040, 2047, 2048, 5000, 65535};
    std::map<std::string, std::string> expected;
    for (const std::size_t key_size : sizes) {
      for (const std::size_t value_size : sizes) {
        std::string key(key_size, static_cast<char>('a' + value_size % 26));
        key[0] = static_cast<char>(value_size / 26);
        const std::string value(value_size, static_cast<char>(key_size));
        BOOST_REQUIRE(engine.set(key, value));
        expected[key] = value;
      }
    }
    for (const auto& [key, value] : expected)
      BOOST_REQUIRE(engine.get(key) == value);
    BOOST_TEST(engine->statistics().entries == expected.size());
    for (const auto& [key, value] : expected) {
      BOOST_REQUIRE(engine.set(key, value + "x"));
      BOOST_REQUIRE(engine.get(key) == value + "x");
      BOOST_REQUIRE(engine->remove(key));
    }
    BOOST_TEST(engine->statistics().entries == 0U);
  }
}

BOOST_AUTO_TEST_CASE(a_large_value_is_shared_and_survives_its_entry) {
  for (const auto policy : all_policies) {
    TestEngine engine(engine_options(policy, 10));
    const std::string large(100'000, 'x');
    engine.set("key", large);
    Value first;
    Value second;
    BOOST_TEST((engine->read("key", first) == Found::hit));
    BOOST_TEST((engine->read("key", second) == Found::hit));
    BOOST_TEST((first.text().data() == second.text().data()));
    engine->clear();
    BOOST_TEST((first.text() == large));
  }
}

BOOST_AUTO_TEST_CASE(the_number_of_entries_never_passes_the_limit_and_reaches_it) {
  for (const auto policy : all_policies) {
    for (const std::uint64_t limit : {1U, 2U, 10U, 100U, 5000U}) {
      TestEngine engine(engine_options(policy, limit));
      for (std::uint64_t i = 0; i < 3 * limit; ++i) {
        BOOST_REQUIRE(engine.set("key" + std::to_string(i), std::to_string(i)));
        BOOST_REQUIRE(engine->statistics().entries == std::min(i + 1, limit));
        BOOST_REQUIRE(engine.get("key" + std::to_string(i)) == std::to_string(i));
      }
      BOOST_TEST(engine->statistics().evictions == 2 * limit);
    }
  }
}

BOOST_AUTO_TEST_CASE(the_listener_hears_each_removal_once_with_its_cause_and_may_call_the_cache) {
  for (const auto policy : all_policies) {
    std::multimap<std::string, RemovalCause> heard;
    TestEngine* present = nullptr;
    auto options = engine_options(policy, 3);
    options.listener = [&](std::string_view key, RemovalCause cause) {
      heard.emplace(key, cause);
      // Would block for ever if a lock were held.
      if (present != nullptr) present->get(key);
    };
    TestEngine engine(std::move(options));
    present = &engine;
    engine.set("expired", "1", 10);
    engine.let_pass(std::chrono::milliseconds(10));
    BOOST_TEST(engine.get("expired") == "(miss)");
    engine.set("replaced", "1");
    engine.set("replaced", "2");
    engine.set("replaced", "a value of another length");
    BOOST_TEST(engine->remove("replaced"));
    for (int i = 0; i < 5; ++i)
      engine.set("many" + std::to_string(i), "1");
    engine->clear();
    std::map<RemovalCause, int> count;
    for (const auto& [key, cause] : heard)
      ++count[cause];
    BOOST_TEST(count[RemovalCause::expired] == 1);
    BOOST_TEST(count[RemovalCause::replaced] == 2);
    BOOST_TEST(count[RemovalCause::removed] == 1);
    BOOST_TEST(count[RemovalCause::evicted] == 2);
    BOOST_TEST(count[RemovalCause::cleared] == 3);
    const auto statistics = engine->statistics();
    BOOST_TEST(statistics.expirations == 1U);
    BOOST_TEST(statistics.replacements == 2U);
    BOOST_TEST(statistics.removals == 1U);
    BOOST_TEST(statistics.evictions == 2U);
    BOOST_TEST(statistics.cleared == 3U);
    present = nullptr;
  }
}

BOOST_AUTO_TEST_CASE(a_lower_limit_shrinks_the_cache_in_slices) {
  for (const auto policy : all_policies) {
    TestEngine engine(engine_options(policy, 5000));
    for (int i = 0; i < 5000; ++i)
      engine.set("key" + std::to_string(i), "value");
    engine->set_max_size(100);
    BOOST_TEST(engine->statistics().entries == 5000U);
    engine.set("another", "value");
    BOOST_TEST(engine->statistics().entries < 5000U);
    if (policy == EvictionPolicy::tinylfu) BOOST_TEST(engine->statistics().entries > 4900U);
    engine->upkeep(1000);
    BOOST_TEST(engine->statistics().entries == 100U);
    engine->set_max_size(1000);
    for (int i = 0; i < 2000; ++i)
      engine.set("more" + std::to_string(i), "value");
    BOOST_TEST(engine->statistics().entries == 1000U);
  }
}

BOOST_AUTO_TEST_CASE(every_key_is_visited_once) {
  for (const auto policy : all_policies) {
    TestEngine engine(engine_options(policy, 20'000));
    for (int i = 0; i < 10'000; ++i)
      engine.set("key" + std::to_string(i), "value", i % 2 == 0 ? 10 : 1000);
    engine.let_pass(std::chrono::milliseconds(10));
    const auto keys = engine.keys();
    BOOST_TEST(keys.size() == 5000U);
    BOOST_TEST(std::set<std::string>(keys.begin(), keys.end()).size() == 5000U);
  }
}

BOOST_AUTO_TEST_CASE(many_reads_together_answer_as_single_ones_do) {
  for (const auto policy : all_policies) {
    TestEngine engine(engine_options(policy, 1000));
    std::vector<std::string> texts;
    for (int i = 0; i < 50; ++i) {
      texts.push_back("key" + std::to_string(i));
      if (i % 3 == 0) engine.set(texts.back(), std::to_string(i));
      if (i % 3 == 1) engine->write(texts.back(), std::nullopt, 1000);
    }
    const std::vector<std::string_view> keys(texts.begin(), texts.end());
    std::vector<Found> found(keys.size(), Found::miss);
    std::vector<Value> values(keys.size());
    engine->read_many(keys, found, values);
    for (std::size_t i = 0; i < keys.size(); ++i) {
      const Found expected = i % 3 == 0 ? Found::hit : i % 3 == 1 ? Found::null : Found::miss;
      BOOST_TEST((found[i] == expected));
      if (expected == Found::hit) BOOST_TEST(values[i].text() == std::to_string(i));
    }
  }
}

BOOST_AUTO_TEST_CASE(reads_are_counted) {
  for (const auto policy : all_policies) {
    TestEngine engine(engine_options(policy, 10));
    engine.set("key", "value");
    engine.get("key");
    engine.get("key");
    engine.get("other");
    BOOST_TEST(engine->statistics().hits == 2U);
    BOOST_TEST(engine->statistics().misses == 1U);
    BOOST_TEST(engine->statistics().inserts == 1U);
  }
}

BOOST_AUTO_TEST_CASE(the_hash_seed_differs_from_engine_to_engine) {
  // With one seed for all, both orders of visit would be the same.
  const auto order = [] {
    TestEngine engine(engine_options(EvictionPolicy::tinylfu, 1000));
    for (int i = 0; i < 1000; ++i)
      engine.set("key" + std::to_string(i), "value");
    return engine.keys();
  };
  BOOST_TEST((order() != order()));
}

BOOST_AUTO_TEST_SUITE_END()
