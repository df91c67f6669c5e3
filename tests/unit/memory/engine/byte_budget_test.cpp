#include "unit/memory/test_engine.hpp"

#include <algorithm>
#include <optional>
#include <random>

using namespace cachesite;
using cachesite::test::all_policies;
using cachesite::test::CountingPages;
using cachesite::test::TestEngine;

namespace {

memory::EngineOptions with_bytes(EvictionPolicy policy, std::uint64_t bytes) {
  memory::EngineOptions options;
  options.policy = policy;
  options.max_bytes = bytes;
  return options;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(byte_budget)

BOOST_AUTO_TEST_CASE(the_budget_holds_for_entries_of_all_sizes) {
  for (const auto policy : all_policies) {
    for (const std::uint64_t budget :
         {std::uint64_t{100'000}, std::uint64_t{1} << 20U, std::uint64_t{8} << 20U}) {
      TestEngine engine(with_bytes(policy, budget));
      std::mt19937_64 random(5);
      std::uint64_t most = 0;
      for (int i = 0; i < 30'000; ++i) {
        const std::size_t size = random() % 50 == 0 ? random() % 10'000 : random() % 300;
        const auto outcome = engine->write("key" + std::to_string(random() % 20'000),
                                           ByteView(std::string(size, 'v')), 1'000'000);
        BOOST_REQUIRE((outcome == memory::WriteOutcome::stored));
        if (i % 64 == 0) most = std::max(most, engine->statistics().bytes);
      }
      BOOST_TEST(most <= budget + budget / 20);
      BOOST_TEST(most >= std::min<std::uint64_t>(budget, 4'000'000) * 3 / 4);
    }
  }
}

BOOST_AUTO_TEST_CASE(an_entry_above_the_budget_is_refused_and_nothing_else_happens) {
  for (const auto policy : all_policies) {
    TestEngine engine(with_bytes(policy, 100'000));
    engine.set("small", "value");
    BOOST_TEST((engine->write("large", ByteView(std::string(200'000, 'x')), 1000) ==
                memory::WriteOutcome::too_large));
    BOOST_TEST(engine.get("small") == "value");
    BOOST_TEST(engine.get("large") == "(miss)");
    BOOST_TEST(engine->statistics().evictions == 0U);
  }
}

BOOST_AUTO_TEST_CASE(a_lower_budget_is_reached_in_slices) {
  for (const auto policy : all_policies) {
    TestEngine engine(with_bytes(policy, 8'000'000));
    for (int i = 0; i < 30'000; ++i)
      engine.set("key" + std::to_string(i), std::string(100, 'v'));
    engine->set_max_bytes(1'000'000);
    engine->upkeep(10'000);
    BOOST_TEST(engine->statistics().bytes <= 1'000'000U);
    BOOST_TEST(engine->statistics().entries > 1000U);
    engine.set("another", "value");
    BOOST_TEST(engine.get("another") == "value");
  }
}

// What is said to be stored is there.
BOOST_AUTO_TEST_CASE(the_smallest_budgets_hold_entries_with_every_policy) {
  for (const auto policy : all_policies) {
    for (const std::uint64_t budget :
         {4096U, 4097U, 5000U, 6144U, 8192U, 10'000U, 16'384U, 40'000U, 65'536U}) {
      for (const std::optional<std::uint64_t> max_size :
           {std::optional<std::uint64_t>(), std::optional<std::uint64_t>(1), std::optional<std::uint64_t>(2),
            std::optional<std::uint64_t>(10), std::optional<std::uint64_t>(10'000)}) {
        auto options = with_bytes(policy, budget);
        options.max_size = max_size;
        TestEngine engine(std::move(options));
        for (int i = 0; i < 500; ++i) {
          BOOST_REQUIRE(engine.set("key" + std::to_string(i), "v"));
          BOOST_REQUIRE(engine.get("key" + std::to_string(i)) == "v");
        }
        // The last write may have added a bucket to a full chain, which the next upkeep makes room for.
        BOOST_TEST(engine->statistics().bytes <= budget + 64);
        engine->upkeep(10);
        const auto statistics = engine->statistics();
        BOOST_TEST(statistics.entries >= std::min<std::uint64_t>(max_size.value_or(10), 10));
        BOOST_TEST(statistics.entries <= max_size.value_or(budget / 32));
        BOOST_TEST(statistics.bytes <= budget);
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(a_small_budget_stores_a_value_or_says_that_it_does_not) {
  for (const auto policy : all_policies) {
    for (const std::uint64_t budget : {4096U, 5000U, 8192U, 65'536U}) {
      TestEngine engine(with_bytes(policy, budget));
      for (const std::size_t size : {0U, 1U, 40U, 100U, 500U, 1000U, 2000U, 3000U, 4096U, 10'000U}) {
        const std::string value(size, 'v');
        for (int i = 0; i < 20; ++i) {
          const auto key = "key" + std::to_string(i);
          const bool stored = engine.set(key, value);
          BOOST_REQUIRE((engine.get(key) == value) == stored);
          BOOST_REQUIRE(stored || size > budget / 2);
        }
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(a_cache_that_is_cut_down_to_the_least_still_holds_entries) {
  for (const auto policy : all_policies) {
    for (const std::uint64_t budget : {100'000U, 8'000'000U}) {
      TestEngine engine(with_bytes(policy, budget));
      for (int i = 0; i < 10'000; ++i)
        engine.set("key" + std::to_string(i), std::string(100, 'v'));
      engine->set_max_bytes(4096);
      engine->upkeep(10'000);
      for (int i = 0; i < 100; ++i) {
        const auto key = "new" + std::to_string(i);
        BOOST_REQUIRE(engine.set(key, "v"));
        BOOST_REQUIRE(engine.get(key) == "v");
      }
      BOOST_TEST(engine->statistics().entries >= 10U);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_cache_with_a_large_limit_is_small_while_it_is_empty) {
  const auto pages = std::make_shared<CountingPages>();
  auto options = test::engine_options(EvictionPolicy::tinylfu, 1'000'000);
  options.pages = pages;
  TestEngine engine(std::move(options));
  BOOST_TEST(engine->statistics().bytes == 0U);
  for (int i = 0; i < 100; ++i)
    engine.set("key" + std::to_string(i), "value");
  BOOST_TEST(engine->statistics().bytes < 1'500'000U);
}

BOOST_AUTO_TEST_CASE(clearing_gives_all_memory_back) {
  const auto pages = std::make_shared<CountingPages>();
  auto options = test::engine_options(EvictionPolicy::tinylfu, 100'000);
  options.pages = pages;
  {
    TestEngine engine(std::move(options));
    for (int i = 0; i < 100'000; ++i)
      engine.set("key" + std::to_string(i), std::string(64, 'v'));
    BOOST_TEST(engine->statistics().bytes > 100'000U * 64);
    engine->clear();
    BOOST_TEST(engine->statistics().bytes == 0U);
    BOOST_TEST(engine->statistics().entries == 0U);
    BOOST_TEST(pages->discarded > 100'000U * 64);
    engine.set("key", "value");
    BOOST_TEST(engine.get("key") == "value");
  }
  BOOST_TEST(pages->mapped == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
