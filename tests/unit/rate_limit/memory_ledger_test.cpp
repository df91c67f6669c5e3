// Limits in memory: what is remembered, what is forgotten, and that nobody gets more for it.

#include "contract/rate_limit_models.hpp"
#include "support/failing_allocations.hpp"
#include "support/fake_clock.hpp"
#include "support/sanitized.hpp"

#include <cachesite/sliding_window_limiter.hpp>
#include <cachesite/token_bucket_limiter.hpp>

#include <atomic>
#include <memory>
#include <random>
#include <string>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;
using namespace std::chrono_literals;

namespace {

/// A limiter of either kind in memory, with a clock of the test's own.
struct World {
  std::shared_ptr<FakeClock> clock = std::make_shared<FakeClock>();
  std::shared_ptr<IRateLimiter> limiter;

  World(bool window, const std::string& rate, std::uint64_t max_keys = 100'000) {
    ComponentContext context;
    context.clock = clock;
    if (window) {
      SlidingWindowLimiterOptions options;
      options.rate = rate;
      options.max_keys = max_keys;
      limiter = std::make_shared<SlidingWindowLimiter>(options, context);
    } else {
      TokenBucketLimiterOptions options;
      options.rate = rate;
      options.max_keys = max_keys;
      limiter = std::make_shared<TokenBucketLimiter>(options, context);
    }
  }

  bool allows(const std::string& key, std::uint64_t cost = 1) {
    const auto answer = limiter->acquire(key, cost);
    BOOST_REQUIRE(answer.ok());
    return answer.value().allowed;
  }
};

void with_both(const std::string& rate, std::uint64_t max_keys, const std::function<void(World&)>& check) {
  for (const bool window : {false, true})
    BOOST_TEST_CONTEXT((window ? "window" : "bucket")) {
      World world(window, rate, max_keys);
      check(world);
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(memory_ledger)

BOOST_AUTO_TEST_CASE(a_key_whose_limit_is_in_force_is_never_forgotten) {
  with_both("2/second", 3, [](World& world) {
    for (const char* key : {"a", "b", "c"})
      BOOST_TEST(world.allows(key, 2));
    for (int other = 0; other < 100; ++other)
      (void)world.allows("other" + std::to_string(other));
    for (const char* key : {"a", "b", "c"})
      BOOST_TEST(!world.allows(key));
    BOOST_TEST(world.limiter->statistics().keys == 3U);
  });
}

BOOST_AUTO_TEST_CASE(keys_without_room_share_a_limit_and_begin_with_what_is_left_of_it) {
  with_both("4/second", 2, [](World& world) {
    BOOST_TEST(world.allows("a"));
    BOOST_TEST(world.allows("b"));
    world.clock->advance(900ms);
    BOOST_TEST(world.allows("a"));
    BOOST_TEST(world.limiter->statistics().crowded == 0U);
    BOOST_TEST(world.allows("c", 3));
    BOOST_TEST(!world.allows("d", 2));
    BOOST_TEST(world.allows("d"));
    BOOST_TEST(!world.allows("c"));
    BOOST_TEST(world.limiter->statistics().crowded == 4U);
    world.clock->advance(100ms);  // b has had nothing for a second
    BOOST_TEST(!world.allows("c"));
    BOOST_TEST(world.limiter->statistics().crowded == 4U);
    BOOST_TEST(world.limiter->statistics().keys == 2U);
    world.clock->advance(900ms);
    BOOST_TEST(world.allows("c", 3));
  });
}

BOOST_AUTO_TEST_CASE(reset_gives_nothing_back_to_a_key_that_shares_a_limit) {
  with_both("2/second", 1, [](World& world) {
    BOOST_TEST(world.allows("a"));
    BOOST_TEST(world.allows("b", 2));
    BOOST_TEST(!world.limiter->reset("b").value());
    BOOST_TEST(!world.allows("b"));
  });
}

BOOST_AUTO_TEST_CASE(no_key_of_many_gets_more_than_a_model_allows_that_forgets_nothing) {
  for (unsigned seed = 0; seed < 200 / sampling; ++seed)
    BOOST_TEST_CONTEXT("seed " << seed) {
      std::mt19937 random(seed);
      const Rate rate{1 + random() % 5, 50ms};
      const std::string text = std::to_string(rate.count) + "/50ms";
      World bucket(false, text, 1 + random() % 4);
      World window(true, text, 1 + random() % 4);
      BucketModel bucket_model(rate, rate.count);
      WindowModel window_model(rate);
      for (int step = 0; step < 200; ++step) {
        const auto key = std::to_string(random() % 8);
        if (bucket.allows(key)) BOOST_REQUIRE(bucket_model.take(key, 1).allowed);
        if (window.allows(key)) BOOST_REQUIRE(window_model.take(key, 1).allowed);
        const auto passed = static_cast<int>(random() % 15);
        for (World* world : {&bucket, &window})
          world->clock->advance(std::chrono::milliseconds(passed));
        bucket_model.advance(passed);
        window_model.advance(passed);
      }
      BOOST_TEST(bucket.limiter->statistics().keys <= 4U);
    }
}

BOOST_AUTO_TEST_CASE(memory_is_bounded_by_the_number_of_keys_and_idle_ones_make_room) {
  for (const std::uint64_t most : {1U, 100U, 5000U})
    with_both("1/minute", most, [&](World& world) {
      for (std::uint64_t key = 0; key < 3 * most; ++key)
        (void)world.allows("first" + std::to_string(key));
      const auto keys = world.limiter->statistics().keys;
      BOOST_TEST(keys <= most);
      BOOST_TEST(keys >= most * 9 / 10);
      world.clock->advance(60s);
      // Room is made as fast as it is needed.
      const auto crowded = world.limiter->statistics().crowded;
      for (std::uint64_t key = 0; key < most / 2; ++key)
        BOOST_REQUIRE(world.allows("second" + std::to_string(key)));
      BOOST_TEST(world.limiter->statistics().crowded == crowded);
      BOOST_TEST(world.limiter->statistics().keys <= keys);
    });
}

BOOST_AUTO_TEST_CASE(sixty_four_threads_get_exactly_what_is_allowed) {
  with_both("1000/hour", 100'000, [](World& world) {
    constexpr int keys = 3;
    std::atomic<int> allowed{0};
    std::vector<std::thread> threads;
    for (int thread = 0; thread < 64; ++thread)
      threads.emplace_back([&] {
        for (int call = 0; call < 100; ++call)
          for (int key = 0; key < keys; ++key)
            if (world.limiter->acquire("key" + std::to_string(key)).value().allowed) ++allowed;
      });
    for (auto& thread : threads)
      thread.join();
    BOOST_TEST(allowed == keys * 1000);
    const auto statistics = world.limiter->statistics();
    BOOST_TEST(statistics.allowed == static_cast<std::uint64_t>(keys) * 1000);
    BOOST_TEST(statistics.refused == static_cast<std::uint64_t>(keys) * (6400 - 1000));
    BOOST_TEST(statistics.keys == static_cast<std::uint64_t>(keys));
  });
}

BOOST_AUTO_TEST_CASE(a_call_without_memory_fails_and_takes_nothing) {
  with_both("3/minute", 100'000, [](World& world) {
    long failing = 0;
    for (bool reached = true; reached; ++failing) {
      BOOST_REQUIRE(failing < 50);
      const std::string key = "a key that is longer than a short string " + std::to_string(failing);
      {
        const FailingAllocations failures(FailingAllocations::On::this_thread, failing);
        const auto answer = world.limiter->acquire(key);
        reached = failures.reached();
        if (reached)
          BOOST_TEST((answer.error().code() == ErrorCode::no_memory));
        else
          BOOST_TEST(answer.value().allowed);
      }
      BOOST_TEST(world.allows(key, reached ? 3 : 2));
      BOOST_TEST(!world.allows(key));
    }
    BOOST_TEST(failing > 2);
    BOOST_TEST(world.limiter->statistics().keys == static_cast<std::uint64_t>(failing));
  });
}

BOOST_AUTO_TEST_SUITE_END()
