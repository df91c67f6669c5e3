#include "support/fake_clock.hpp"

#include <cachesite/memory_cache.hpp>

#include <map>
#include <string>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(memory_cache)

BOOST_AUTO_TEST_CASE(a_listener_given_to_the_cache_hears_every_cause_and_may_call_the_cache) {
  const auto clock = std::make_shared<test::FakeClock>();
  ComponentContext context;
  context.clock = clock;
  MemoryCacheOptions options;
  options.max_size = 2;
  std::map<std::string, RemovalCause> heard;
  MemoryCache* present = nullptr;
  MemoryCache cache(options, context, [&](std::string_view key, RemovalCause cause) {
    heard[std::string(key)] = cause;
    static_cast<void>(present->get_value(key));
  });
  present = &cache;
  cache.set_value("expired", "1", 1s);
  clock->advance(1s);
  BOOST_TEST(!cache.get_value("expired").has_value());
  cache.set_value("replaced", "1", 1min);
  cache.set_value("replaced", "2", 1min);
  BOOST_TEST((heard.at("replaced") == RemovalCause::replaced));
  BOOST_TEST(cache.remove("replaced").value_or(false));
  BOOST_TEST((heard.at("replaced") == RemovalCause::removed));
  cache.set_value("a", "1", 1min);
  cache.set_value("b", "1", 1min);
  cache.set_value("c", "1", 1min);
  BOOST_TEST(heard.size() == 3U);
  BOOST_TEST(cache.clear().ok());
  std::map<RemovalCause, int> count;
  for (const auto& [key, cause] : heard)
    ++count[cause];
  BOOST_TEST(count[RemovalCause::expired] == 1);
  BOOST_TEST(count[RemovalCause::removed] == 1);
  BOOST_TEST(count[RemovalCause::evicted] == 1);
  BOOST_TEST(count[RemovalCause::cleared] == 2);
}

BOOST_AUTO_TEST_CASE(a_limit_set_before_the_first_use_holds) {
  MemoryCacheOptions options;
  options.max_size = 100;
  MemoryCache cache(options);
  cache.set_max_size(10);
  for (int i = 0; i < 50; ++i)
    cache.set_value(std::to_string(i), "value", 1min);
  BOOST_TEST(cache.statistics().entries == 10U);
}

BOOST_AUTO_TEST_CASE(threads_that_come_first_together_share_one_cache) {
  for (int round = 0; round < 20; ++round) {
    MemoryCache cache;
    std::vector<std::thread> crew;
    for (int thread = 0; thread < 4; ++thread)
      crew.emplace_back([&cache, thread] { cache.set_value(std::to_string(thread), "value", 1min); });
    for (auto& member : crew)
      member.join();
    BOOST_TEST(cache.statistics().entries == 4U);
  }
}

BOOST_AUTO_TEST_SUITE_END()
