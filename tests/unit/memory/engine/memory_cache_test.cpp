#include "support/fake_clock.hpp"

#include <cachesite/detail/ttl_jitter.hpp>
#include <cachesite/memory_cache.hpp>

#include <algorithm>
#include <map>
#include <stdexcept>
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

BOOST_AUTO_TEST_CASE(a_limit_of_nothing_is_refused_and_never_set) {
  MemoryCacheOptions options;
  options.max_size = 0;
  BOOST_CHECK_THROW(MemoryCache{options}, std::invalid_argument);
  options.max_size = 1;
  for (const std::uint64_t bytes : {0U, 1U, 4095U}) {
    options.max_bytes = ByteSize{bytes};
    BOOST_CHECK_THROW(MemoryCache{options}, std::invalid_argument);
  }
  for (const auto policy :
       {EvictionPolicy::tinylfu, EvictionPolicy::s3fifo, EvictionPolicy::lru, EvictionPolicy::fifo}) {
    for (const bool used_before : {false, true}) {
      options.policy = policy;
      options.max_size = 1000;
      options.max_bytes = ByteSize{4096};
      MemoryCache cache(options);
      if (used_before) BOOST_TEST(cache.set_value("first", "value", 1min));
      cache.set_max_size(0);
      cache.set_max_bytes(ByteSize{0});
      for (const std::string key : {"a", "b", "c"}) {
        BOOST_TEST(cache.set_value(key, "value", 1min));
        BOOST_TEST(cache.get_value(key).has_value());
      }
      BOOST_TEST(cache.statistics().entries == 1U);
    }
  }
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

BOOST_AUTO_TEST_CASE(ttl_jitter_changes_the_ttl_of_every_write_and_of_nothing_else) {
  const auto clock = std::make_shared<test::FakeClock>();
  ComponentContext context;
  context.clock = clock;
  MemoryCacheOptions options;
  options.ttl_jitter = 0.2;
  MemoryCache cache(options, context);
  const auto left = [&cache](std::string_view key) { return cache.time_to_live(key).value().left; };
  for (const std::string key : {"a", "b", "c", "d"}) {
    const auto expected = jittered(1h, key, 0.2).milliseconds();
    BOOST_TEST((expected != std::chrono::milliseconds(1h)));
    BOOST_TEST(cache.set_value(key, "1", 1h));
    BOOST_TEST((left(key) == expected));
    BOOST_TEST(cache.expire(key, 1h).value());
    BOOST_TEST((left(key) == 1h));
    BOOST_TEST(cache.replace(key, "2", 1h).value());
    BOOST_TEST((left(key) == expected));
    BOOST_TEST(cache.remove(key).value());
    BOOST_TEST(cache.add(key, "3", 1h).value());
    BOOST_TEST((left(key) == expected));
    BOOST_TEST(cache.remove(key).value());
    BOOST_TEST(cache.set_many({{key, "4", 1h}}).front().ok());
    BOOST_TEST((left(key) == expected));
    BOOST_TEST(cache.remove(key).value());
    BOOST_TEST(cache.increment(key, 1, 1h).value() == 1);
    BOOST_TEST((left(key) == 1h));
    BOOST_TEST(cache.write(key, "5", TimeToLive::never_expires()).ok());
    BOOST_TEST((cache.time_to_live(key).value().state == Remaining::State::no_expiry));
  }
}

BOOST_AUTO_TEST_CASE(a_scan_fetches_a_small_part_of_a_large_cache_at_a_time) {
  for (const auto policy : {EvictionPolicy::tinylfu, EvictionPolicy::lru}) {
    MemoryCacheOptions options;
    options.policy = policy;
    MemoryCache cache(options);
    for (int i = 0; i < 9000; ++i)
      cache.set_value("key" + std::to_string(i), "value", 1min);
    ScanPosition position;
    std::vector<std::string> keys;
    std::size_t steps = 0;
    std::size_t most = 0;
    for (std::size_t before = 0; !position.finished; ++steps, before = keys.size()) {
      BOOST_REQUIRE(cache.scan("*", position, keys).ok());
      most = std::max(most, keys.size() - before);
    }
    BOOST_TEST(keys.size() == 9000U);
    BOOST_TEST(most <= 256U);
    BOOST_TEST(steps >= 9000U / 256);
  }
}

BOOST_AUTO_TEST_CASE(a_scan_from_a_position_of_another_cache_is_refused) {
  MemoryCache cache;
  cache.set_value("key", "value", 1min);
  for (const char* const text :
       {"x", "1", "1:", ":1", "1:2:3", "-1:0", "1:99999999999999999999999", "redis 17"}) {
    ScanPosition position{text, false};
    std::vector<std::string> keys;
    const auto scanned = cache.scan("*", position, keys);
    BOOST_REQUIRE(!scanned.ok());
    BOOST_TEST((scanned.error().code() == ErrorCode::bad_argument));
  }
  ScanPosition beyond{"4000000000:4000000000000", false};
  std::vector<std::string> keys;
  BOOST_TEST(cache.scan("*", beyond, keys).ok());
  BOOST_TEST(beyond.finished);
  BOOST_TEST(keys.empty());
}

BOOST_AUTO_TEST_CASE(a_walk_holds_no_lock_while_its_caller_works) {
  for (const auto policy :
       {EvictionPolicy::tinylfu, EvictionPolicy::s3fifo, EvictionPolicy::lru, EvictionPolicy::fifo}) {
    MemoryCacheOptions options;
    options.policy = policy;
    MemoryCache cache(options);
    for (int i = 0; i < 100; ++i)
      cache.set_value("key" + std::to_string(i), "value", 1min);
    int walked = 0;
    auto keys = cache.keys();
    for (const auto& key : keys) {
      // With a lock held this would not come back.
      std::thread other([&cache, &key] { static_cast<void>(cache.remove(key)); });
      other.join();
      ++walked;
    }
    BOOST_TEST(walked == 100);
    BOOST_TEST(cache.size().value() == 0U);
  }
}

BOOST_AUTO_TEST_CASE(an_entry_of_a_cache_that_idles_counts_as_used_when_it_is_counted) {
  const auto clock = std::make_shared<test::FakeClock>();
  ComponentContext context;
  context.clock = clock;
  for (const auto policy : {EvictionPolicy::tinylfu, EvictionPolicy::lru}) {
    MemoryCacheOptions options;
    options.policy = policy;
    options.time_to_idle = 100ms;
    MemoryCache cache(options, context);
    for (int round = 1; round <= 5; ++round) {
      BOOST_TEST(cache.increment("used", 1, 1h).value() == round);
      clock->advance(60ms);
    }
    BOOST_TEST(cache.persist("used").value());
    clock->advance(101ms);
    BOOST_TEST(cache.get("used").miss());
    BOOST_TEST(cache.add("used", "again", 1h).value());
    BOOST_TEST(cache.check_invariants() == "");
  }
}

BOOST_AUTO_TEST_CASE(a_note_comes_back_with_a_value_of_any_size_and_no_other_read_sees_it) {
  const detail::INotedStore::Note note{0x7123456789abcdefU, ~std::uint64_t{0}};
  for (const auto policy : {EvictionPolicy::tinylfu, EvictionPolicy::lru}) {
    MemoryCacheOptions options;
    options.policy = policy;
    MemoryCache cache(options);
    cache.keep_notes();
    for (const std::size_t size : {0u, 1u, 63u, 64u, 65u, 80u, 81u, 500u, 2030u, 2047u, 100'000u}) {
      const std::string text(size, 'v');
      const auto key = std::to_string(size);
      BOOST_TEST(cache.write_noted(key, ByteView(text), std::chrono::hours(1), note).ok());
      for (Value value; const std::string_view before : {"", "held by a block of its own"}) {
        value.assign(std::string(before.empty() ? 0 : 200, 'b'));
        detail::INotedStore::Note found{};
        std::int64_t now = 0;
        BOOST_TEST((cache.read_noted(key, value, found, now) == Found::hit), size);
        BOOST_TEST((value.text() == text), size);
        BOOST_TEST((found == note), size);
        BOOST_TEST(now > 0);
        BOOST_TEST((cache.read(key, value).value() == Found::hit));
        BOOST_TEST((value.text() == text), size);
      }
      const auto together = cache.get_many({{key, "absent"}});
      BOOST_TEST((together[0].value().text() == text), size);
    }
    BOOST_TEST(cache.write_noted("null", std::nullopt, std::chrono::hours(1), note).ok());
    Value value;
    detail::INotedStore::Note found{};
    std::int64_t now = 0;
    BOOST_TEST((cache.read_noted("null", value, found, now) == Found::null));
    BOOST_TEST((found == note));
    BOOST_TEST((cache.read_noted("absent", value, found, now) == Found::miss));
    cache.stop();
    BOOST_TEST((cache.read_noted("null", value, found, now) == Found::miss));
  }
}

BOOST_AUTO_TEST_SUITE_END()
