#include "unit/memory/test_engine.hpp"

#include <functional>
#include <random>

using namespace cachesite;
using cachesite::test::engine_options;
using cachesite::test::TestEngine;

BOOST_AUTO_TEST_SUITE(size_estimate)

namespace {

constexpr std::uint64_t key_count = 40'000;

// With one seed the sample is the same each time.
memory::EngineOptions seeded(EvictionPolicy policy, std::uint64_t max_size) {
  auto options = engine_options(policy, max_size);
  options.seed = memory::HashSeed{0x0123456789ABCDEF, 0xFEDCBA9876543210};
  return options;
}

// Reads, and writes on a miss, of keys of which the lower numbers are more frequent.
double replay(TestEngine& engine) {
  std::mt19937_64 random(11);
  std::uniform_real_distribution<double> point(0, 1);
  for (int i = 0; i < 200'000; ++i) {
    const double place = point(random);
    const std::string key = "key" + std::to_string(static_cast<std::uint64_t>(place * place * key_count));
    if (engine.get(key) == "(miss)") engine.set(key, "value");
  }
  const auto statistics = engine->statistics();
  return static_cast<double>(statistics.hits) / static_cast<double>(statistics.hits + statistics.misses);
}

}  // namespace

BOOST_AUTO_TEST_CASE(half_and_double_size_are_foretold_to_a_few_points) {
  for (const auto policy : test::all_policies) {
    TestEngine half(seeded(policy, 5000));
    TestEngine whole(seeded(policy, 10'000));
    TestEngine twice(seeded(policy, 20'000));
    const double at_half = replay(half);
    const double at_whole = replay(whole);
    const double at_twice = replay(twice);
    BOOST_REQUIRE(at_half + 0.05 < at_whole);
    BOOST_REQUIRE(at_whole + 0.05 < at_twice);
    const auto statistics = whole->statistics();
    BOOST_REQUIRE(statistics.hit_ratio_at_half_size.has_value());
    BOOST_REQUIRE(statistics.hit_ratio_at_twice_the_size.has_value());
    BOOST_TEST_MESSAGE("half " << at_half << " foretold " << *statistics.hit_ratio_at_half_size << ", twice "
                               << at_twice << " foretold " << *statistics.hit_ratio_at_twice_the_size);
    BOOST_TEST(std::abs(*statistics.hit_ratio_at_half_size - at_half) < 0.08);
    BOOST_TEST(std::abs(*statistics.hit_ratio_at_twice_the_size - at_twice) < 0.08);
  }
}

BOOST_AUTO_TEST_CASE(a_cache_that_everything_fits_into_gains_nothing_from_more_room) {
  TestEngine engine(seeded(EvictionPolicy::tinylfu, 100'000));
  const double ratio = replay(engine);
  const auto statistics = engine->statistics();
  BOOST_REQUIRE(statistics.hit_ratio_at_twice_the_size.has_value());
  BOOST_TEST(std::abs(*statistics.hit_ratio_at_twice_the_size - ratio) < 0.01);
}

BOOST_AUTO_TEST_CASE(what_the_cache_was_told_to_forget_would_be_found_at_no_size) {
  const auto name = [](int number) { return "key" + std::to_string(number); };
  const std::function<void(TestEngine&)> ways[] = {
      [](TestEngine& engine) { engine->clear(); },
      [&name](TestEngine& engine) {
        for (int i = 0; i < 10'000; ++i)
          engine->remove(name(i));
      },
      [](TestEngine& engine) { engine.let_pass(std::chrono::hours(1)); },
  };
  for (const auto policy : test::all_policies) {
    for (const auto& forget : ways) {
      TestEngine engine(seeded(policy, 10'000));
      for (int i = 0; i < 10'000; ++i)
        engine.set(name(i), "value");
      forget(engine);
      for (int i = 0; i < 10'000; ++i)
        BOOST_REQUIRE(engine.get(name(i)) == "(miss)");
      BOOST_TEST(engine->statistics().hit_ratio_at_twice_the_size.value() == 0.0);
    }
  }
}

BOOST_AUTO_TEST_CASE(there_is_no_estimate_for_a_small_or_unread_cache) {
  TestEngine small(seeded(EvictionPolicy::tinylfu, 100));
  replay(small);
  BOOST_TEST(!small->statistics().hit_ratio_at_half_size.has_value());
  TestEngine unread(seeded(EvictionPolicy::tinylfu, 10'000));
  unread.set("key", "value");
  BOOST_TEST(!unread->statistics().hit_ratio_at_twice_the_size.has_value());
}

BOOST_AUTO_TEST_SUITE_END()
