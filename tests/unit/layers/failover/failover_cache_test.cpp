#include "support/collecting_logger.hpp"
#include "support/fake_clock.hpp"
#include "support/faulty_cache.hpp"

#include <cachesite/failover_cache.hpp>
#include <cachesite/memory_cache.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;
using namespace std::chrono_literals;

namespace {

const Error outage(ErrorCode::unreachable, "no server");

struct Fixture {
  Fixture() { context.clock = clock; }

  FailoverCache& make(OnError on_error, bool with_second = false,
                      const std::function<void(FailoverCacheOptions&)>& change = {}) {
    FailoverCacheOptions options;
    options.over = Reference<ICache>(first);
    if (with_second) options.failover = Reference<ICache>(second);
    options.on_error = on_error;
    if (on_error == OnError::callback)
      options.on_error_callback = [this](std::string_view call, std::string_view key, const Error& error) {
        const std::lock_guard lock(mutex);
        told.push_back(std::string(call) + " " + std::string(key) + " " +
                       std::string(to_string(error.code())));
      };
    if (change) change(options);
    context.label = "FailoverCache \"test\"";
    context.logger = logger;
    cache = std::make_unique<FailoverCache>(options, context);
    return *cache;
  }
  std::shared_ptr<MemoryCache> memory() {
    ComponentContext plain;
    plain.clock = clock;
    return std::make_shared<MemoryCache>(MemoryCacheOptions{}, plain);
  }
  std::string in(ICache& where, std::string_view key) {
    const auto found = where.get(key);
    return found.hit() ? std::string(found.value().text()) : found.failed() ? "failed" : "miss";
  }
  void next_try() { clock->advance(1s); }

  std::shared_ptr<FakeClock> clock = std::make_shared<FakeClock>();
  ComponentContext context;
  std::shared_ptr<CollectingLogger> logger = std::make_shared<CollectingLogger>();
  std::shared_ptr<MemoryCache> first_memory = memory();
  std::shared_ptr<FaultyCache> first = std::make_shared<FaultyCache>(first_memory);
  std::shared_ptr<FaultyCache> second = std::make_shared<FaultyCache>(memory());
  std::unique_ptr<FailoverCache> cache;
  std::mutex mutex;
  std::vector<std::string> told;
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(failover_cache, Fixture)

BOOST_AUTO_TEST_CASE(a_cache_that_works_is_used_as_it_is) {
  make(OnError::degrade, true);
  BOOST_TEST(cache->set_value("key", "x", 1h));
  BOOST_TEST(in(*cache, "key") == "x");
  BOOST_TEST(cache->increment("counter", 2, 1h).value() == 2);
  BOOST_TEST(second->calls() == 0u);
  BOOST_TEST(cache->failover_statistics().failover_calls == 0u);
}

BOOST_AUTO_TEST_CASE(degraded_calls_are_answered_as_by_a_cache_that_has_nothing) {
  make(OnError::degrade);
  cache->set_value("key", "x", 1h);
  first->fail(outage);
  BOOST_TEST(cache->get("key").miss());
  BOOST_TEST(cache->write("key", ByteView("y"), 1h).ok());
  BOOST_TEST(!cache->add("key", ByteView("y"), 1h).value());
  BOOST_TEST(!cache->replace("key", ByteView("y"), 1h).value());
  BOOST_TEST(!cache->remove("key").value());
  BOOST_TEST(!cache->contains("key").value());
  BOOST_TEST((cache->time_to_live("key").value().state == Remaining::State::absent));
  BOOST_TEST(!cache->expire("key", 1h).value());
  BOOST_TEST(!cache->persist("key").value());
  BOOST_TEST(cache->clear().ok());
  BOOST_TEST(cache->size().value() == 0u);
  BOOST_TEST(cache->remove_matching("*").value() == 0u);
  auto keys = cache->keys();
  for (const auto& key : keys)
    BOOST_ERROR(key);
  BOOST_TEST(!keys.error().has_value());
  BOOST_TEST((cache->increment("key", 1, 1h).error().code() == ErrorCode::unreachable));
  BOOST_TEST(cache->failover_statistics().degraded_calls >= 13u);
}

BOOST_AUTO_TEST_CASE(a_batch_has_one_result_for_each_key_whatever_happens) {
  make(OnError::degrade);
  cache->set_value("good", "x", 1h);
  cache->set_value("bad", "x", 1h);
  first->fail_for("bad", outage);
  auto found = cache->get_many({"good", "bad", "good", "missing"});
  BOOST_REQUIRE(found.size() == 4u);
  BOOST_TEST(found[0].hit());
  BOOST_TEST(found[1].miss());
  BOOST_TEST(found[2].hit());
  BOOST_TEST(found[3].miss());
  first->fail(outage);
  next_try();
  for (const auto& result : cache->get_many({"good", "bad"}))
    BOOST_TEST(result.miss());
  for (const auto& result : cache->set_many({{"good", ByteView("y"), 1h}, {"bad", ByteView("y"), 1h}}))
    BOOST_TEST(result.ok());
  for (const auto& result : cache->remove_many({"good", "bad"}))
    BOOST_TEST(!result.value());
}

BOOST_AUTO_TEST_CASE(only_an_outage_counts) {
  make(OnError::degrade, true);
  for (const auto code :
       {ErrorCode::bad_argument, ErrorCode::too_large, ErrorCode::corrupt, ErrorCode::closed,
        ErrorCode::unsupported, ErrorCode::no_memory, ErrorCode::refused}) {
    first->fail(Error(code, code == ErrorCode::refused ? "WRONGPASS invalid username-password pair" : ""));
    const auto found = cache->get("key");
    BOOST_TEST((found.failed() && found.error().code() == code));
    BOOST_TEST((cache->write("key", ByteView("x"), 1h).error().code() == code));
    BOOST_TEST((cache->get_many({"key"})[0].error().code() == code));
  }
  BOOST_TEST(second->calls() == 0u);
  BOOST_TEST(logger->count(LogLevel::warning) == 0u);
  for (const auto& error : {Error(ErrorCode::timeout), outage, Error(ErrorCode::protocol),
                            Error(ErrorCode::refused, "LOADING Redis is loading the dataset in memory")}) {
    first->fail(error);
    next_try();
    BOOST_TEST(cache->get("key").miss());
  }
  BOOST_TEST(cache->failover_statistics().outage_errors == 4u);
  BOOST_TEST(cache->failover_statistics().outages == 1u);
}

BOOST_AUTO_TEST_CASE(with_on_error_error_every_failure_is_told) {
  make(OnError::error);
  cache->set_value("key", "x", 1h);
  first->fail(outage);
  BOOST_TEST((cache->get("key").error().code() == ErrorCode::unreachable));
  BOOST_TEST(cache->get("key").error().message() == "no server");
  BOOST_TEST((cache->write("key", ByteView("y"), 1h).error().code() == ErrorCode::unreachable));
  BOOST_TEST(cache->get_many({"key", "other"})[1].failed());
  BOOST_CHECK_THROW((void)or_throw(cache->get("key")), CacheError);
  first->work();
  BOOST_TEST(in(*cache, "key") == "x");  // at once, and nothing was taken away
}

BOOST_AUTO_TEST_CASE(a_function_is_told_about_each_call_and_the_callers_key) {
  make(OnError::callback);
  first->fail(outage);
  BOOST_TEST(cache->get("key").miss());
  BOOST_TEST(cache->write("other", ByteView("x"), 1h).ok());
  (void)cache->get_many({"a", "b"});
  (void)cache->remove_matching("user:*");
  const std::vector<std::string> expected{"get key unreachable", "write other unreachable",
                                          "get_many a unreachable", "get_many b unreachable",
                                          "remove_matching user:* unreachable"};
  BOOST_TEST(told == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_function_that_throws_does_no_harm) {
  make(OnError::callback, false, [](FailoverCacheOptions& options) {
    options.on_error_callback = [](std::string_view, std::string_view, const Error&) { throw 7; };
  });
  first->fail(outage);
  BOOST_TEST(cache->get("key").miss());
}

// --- the second cache

BOOST_AUTO_TEST_CASE(the_second_cache_stands_in_during_the_outage) {
  make(OnError::error, true);
  first->fail(outage);
  BOOST_TEST(cache->write("key", ByteView("x"), 1h).ok());
  BOOST_TEST(in(*cache, "key") == "x");
  BOOST_TEST(cache->add("added", ByteView("x"), 1h).value());
  BOOST_TEST(cache->replace("added", ByteView("y"), 1h).value());
  BOOST_TEST(cache->increment("counter", 3, 1h).value() == 3);
  BOOST_TEST(cache->contains("key").value());
  BOOST_TEST(cache->get_many({"key", "nothing"})[0].hit());
  BOOST_TEST(cache->size().value() == 3u);
  BOOST_TEST(cache->remove("key").value());
  BOOST_TEST(in(*cache, "key") == "miss");
  std::size_t walked = 0;
  for (const auto& key : cache->keys())
    walked += key.empty() ? 0u : 1u;
  BOOST_TEST(walked == 2u);
  BOOST_TEST(cache->failover_statistics().degraded_calls == 0u);
}

BOOST_AUTO_TEST_CASE(entries_in_the_second_cache_live_for_failover_ttl_at_most) {
  make(OnError::error, true, [](FailoverCacheOptions& options) { options.failover_ttl = 10s; });
  first->fail(outage);
  const auto left = [&](std::string_view key) { return second->time_to_live(key).value().left; };
  (void)cache->write("long", ByteView("x"), 1h);
  (void)cache->write("short", ByteView("x"), 2s);
  (void)cache->write("for ever", ByteView("x"), TimeToLive::never_expires());
  (void)cache->set_many({{"many", ByteView("x"), 1h}});
  BOOST_TEST(left("long").count() == 10'000);
  BOOST_TEST(left("short").count() == 2'000);
  BOOST_TEST(left("for ever").count() == 10'000);
  BOOST_TEST(left("many").count() == 10'000);
  (void)cache->persist("short");
  BOOST_TEST(left("short").count() == 10'000);
  (void)cache->expire("short", 1h);
  BOOST_TEST(left("short").count() == 10'000);
}

BOOST_AUTO_TEST_CASE(the_first_cache_is_left_alone_for_a_while_and_then_tried_by_one_call) {
  make(OnError::degrade, true);
  first->fail(outage);
  (void)cache->get("key");
  const auto calls = first->calls();
  for (int index = 0; index < 100; ++index)
    (void)cache->get("key");
  BOOST_TEST(first->calls() == calls);
  clock->advance(249ms);
  (void)cache->get("key");
  BOOST_TEST(first->calls() == calls);
  clock->advance(1ms);
  (void)cache->get("key");
  (void)cache->get("key");
  BOOST_TEST(first->calls() == calls + 1);
}

BOOST_AUTO_TEST_CASE(the_first_cache_is_used_again_when_it_is_back) {
  make(OnError::degrade, true);
  cache->set_value("before", "x", 1h);
  first->fail(outage);
  BOOST_TEST(in(*cache, "before") == "miss");
  first->work();
  BOOST_TEST(cache->failover_statistics().down);
  next_try();
  BOOST_TEST(in(*cache, "before") == "x");
  BOOST_TEST(!cache->failover_statistics().down);
  const auto calls = second->calls();
  BOOST_TEST(in(*cache, "before") == "x");
  BOOST_TEST(second->calls() == calls);
}

BOOST_AUTO_TEST_CASE(what_was_changed_during_the_outage_is_not_served_as_it_was_before) {
  for (const bool with_second : {false, true}) {
    first->work();
    make(OnError::degrade, with_second);
    for (const char* key : {"written", "removed", "batch", "gone", "expired", "user:1", "untouched"})
      BOOST_REQUIRE(cache->set_value(key, "old", 1h));
    first->fail(outage);
    (void)cache->write("written", ByteView("new"), 1h);
    (void)cache->remove("removed");
    (void)cache->set_many({{"batch", ByteView("new"), 1h}});
    (void)cache->remove_many({"gone"});
    (void)cache->expire("expired", 1ms);
    (void)cache->remove_matching("user:*");
    BOOST_TEST(cache->failover_statistics().keys_to_repair == 6u);
    first->work();
    next_try();
    for (const char* key : {"written", "removed", "batch", "gone", "expired", "user:1"})
      BOOST_TEST(in(*cache, key) == "miss");
    BOOST_TEST(in(*cache, "untouched") == "old");
    BOOST_TEST(cache->failover_statistics().keys_to_repair == 0u);
    BOOST_TEST(cache->failover_statistics().repaired_keys == 5u);
    if (with_second) BOOST_TEST(in(*second, "written") == "miss");  // it will not come up in the next outage
  }
}

BOOST_AUTO_TEST_CASE(a_clear_during_the_outage_is_made_up_for) {
  make(OnError::degrade);
  cache->set_value("key", "old", 1h);
  first->fail(outage);
  BOOST_TEST(cache->clear().ok());
  first->work();
  next_try();
  BOOST_TEST(in(*cache, "key") == "miss");
}

BOOST_AUTO_TEST_CASE(the_first_cache_is_not_used_before_the_keys_are_removed_from_it) {
  make(OnError::degrade);
  cache->set_value("key", "old", 1h);
  cache->set_value("stuck", "old", 1h);
  first->fail(outage);
  (void)cache->remove("key");
  (void)cache->remove("stuck");
  first->fail_for("stuck", outage);
  next_try();
  BOOST_TEST(in(*cache, "key") == "miss");
  BOOST_TEST(in(*cache, "stuck") == "miss");
  BOOST_TEST(cache->failover_statistics().down);
  first->work();
  next_try();
  BOOST_TEST(in(*cache, "stuck") == "miss");
  BOOST_TEST(!cache->failover_statistics().down);
}

BOOST_AUTO_TEST_CASE(the_list_of_keys_is_bounded_and_says_what_it_forgot) {
  make(OnError::degrade, false, [](FailoverCacheOptions& options) { options.remembered_keys = 10; });
  first->fail(outage);
  for (int index = 0; index < 25; ++index)
    (void)cache->remove("key" + std::to_string(index % 20));
  BOOST_TEST(cache->failover_statistics().keys_to_repair == 10u);
  BOOST_TEST(cache->failover_statistics().forgotten_keys == 10u);
}

BOOST_AUTO_TEST_CASE(when_both_fail_on_error_decides) {
  make(OnError::error, true);
  first->fail(outage);
  second->fail(Error(ErrorCode::timeout));
  BOOST_TEST((cache->get("key").error().code() == ErrorCode::timeout));
  make(OnError::degrade, true);
  BOOST_TEST(cache->get("key").miss());
  BOOST_TEST(cache->get_many({"a", "b"})[1].miss());
  BOOST_TEST(cache->failover_statistics().degraded_calls == 2u);
}

BOOST_AUTO_TEST_CASE(a_walk_stays_with_the_cache_it_began_in) {
  make(OnError::degrade, true);
  for (int index = 0; index < 3000; ++index)
    cache->set_value("first " + std::to_string(index), "x", 1h);
  second->set_value("second", "x", 1h);
  ScanPosition position;
  std::vector<std::string> keys;
  BOOST_REQUIRE(cache->scan("*", position, keys).ok());
  BOOST_REQUIRE(!position.finished);
  first->fail(outage);
  BOOST_TEST((cache->scan("*", position, keys).error().code() == ErrorCode::unreachable));
  first->work();
  while (!position.finished)
    BOOST_REQUIRE(cache->scan("*", position, keys).ok());
  BOOST_TEST(keys.size() >= 3000u);
}

// --- state

BOOST_AUTO_TEST_CASE(the_log_tells_each_change_of_state_once) {
  make(OnError::degrade);
  first->fail(outage);
  for (int index = 0; index < 20; ++index) {
    (void)cache->get("key");
    next_try();
  }
  BOOST_TEST(logger->count(LogLevel::warning) == 1u);
  first->work();
  for (int index = 0; index < 20; ++index) {
    (void)cache->get("key");
    next_try();
  }
  BOOST_TEST(logger->count(LogLevel::info) == 2u);
  first->fail(outage);
  (void)cache->get("key");
  BOOST_TEST(logger->count(LogLevel::warning) == 2u);
  BOOST_TEST(cache->failover_statistics().outages == 2u);
  BOOST_TEST(logger->text().find("key") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_cache_that_comes_and_goes_does_not_fill_the_log) {
  make(OnError::degrade);
  for (int index = 0; index < 100; ++index) {
    first->fail(outage);
    (void)cache->get("key");
    first->work();
    clock->advance(250ms);
    (void)cache->get("key");
  }
  BOOST_TEST(cache->failover_statistics().outages == 100u);
  BOOST_TEST(logger->count(LogLevel::warning) <= 3u);
}

BOOST_AUTO_TEST_CASE(a_change_in_the_second_cache_that_ends_after_the_first_is_back_is_undone_as_well) {
  make(OnError::degrade, true);
  first->fail(outage);
  second->before_write([this](std::string_view key) {
    if (key != "key") return;
    second->before_write({});
    first->work();
    next_try();
    BOOST_TEST(in(*cache, "another") == "miss");  // finds that it works, and undoes what it knows of
    BOOST_TEST(!cache->failover_statistics().down);
  });
  BOOST_TEST(cache->set_value("key", "old", 1h));
  BOOST_TEST(in(*second, "key") == "old");

  next_try();
  BOOST_TEST(cache->set_value("key", "new", 1h));
  BOOST_TEST(in(*cache, "key") == "new");
  first->fail(outage);
  BOOST_TEST(in(*cache, "key") == "miss");
}

BOOST_AUTO_TEST_CASE(a_change_that_fails_again_each_time_the_first_cache_seems_back_ends_and_is_made_up_for) {
  int told_of_key = 0;
  make(OnError::callback, true, [&](FailoverCacheOptions& options) {
    options.on_error_callback = [&](std::string_view, std::string_view key, const Error&) {
      if (key != "key") return;
      ++told_of_key;
      next_try();
      BOOST_TEST(in(*cache, "another") == "miss");  // finds that it works, which is true of reads
    };
  });
  BOOST_TEST(cache->set_value("key", "old", 1h));
  first->fail_writes(outage);
  BOOST_TEST(cache->set_value("key", "new", 1h));
  BOOST_TEST(told_of_key == 2);
  next_try();
  BOOST_TEST(in(*cache, "key") == "miss");
  BOOST_TEST(in(*first_memory, "key") == "miss");
}

BOOST_AUTO_TEST_CASE(a_stopped_cache_is_closed_even_during_an_outage) {
  make(OnError::degrade, true);
  first->fail(outage);
  (void)cache->get("key");
  cache->stop();
  BOOST_TEST((cache->get("key").error().code() == ErrorCode::closed));
  BOOST_TEST((cache->write("key", ByteView("x"), 1h).error().code() == ErrorCode::closed));
}

BOOST_AUTO_TEST_CASE(settings_that_do_not_go_together_are_refused) {
  FailoverCacheOptions options;
  BOOST_CHECK_THROW(FailoverCache{options}, std::invalid_argument);
  options.over = Reference<ICache>(first);
  options.failover = Reference<ICache>(first);
  BOOST_CHECK_THROW(FailoverCache{options}, std::invalid_argument);
  options.failover = Reference<ICache>(second);
  options.on_error = OnError::callback;
  BOOST_CHECK_THROW(FailoverCache{options}, std::invalid_argument);
  options.on_error_callback = [](std::string_view, std::string_view, const Error&) {};
  FailoverCache fine(options);
  options.on_error = OnError::error;
  BOOST_CHECK_THROW(FailoverCache{options}, std::invalid_argument);
}

BOOST_AUTO_TEST_CASE(a_failed_result_becomes_an_exception_that_carries_it) {
  try {
    (void)or_throw(Result<bool>(Error(ErrorCode::timeout, "no answer", Outcome::unknown)));
    BOOST_ERROR("nothing was thrown");
  } catch (const CacheError& failure) {
    BOOST_TEST((failure.code() == ErrorCode::timeout));
    BOOST_TEST((failure.error().outcome() == Outcome::unknown));
    BOOST_TEST(std::string(failure.what()) == "timeout: no answer");
  }
  BOOST_TEST(std::string(CacheError(Error(ErrorCode::closed)).what()) == "closed");
  BOOST_TEST(or_throw(Result<int>(7)) == 7);
  BOOST_TEST(or_throw(Lookup()).miss());
}

BOOST_AUTO_TEST_SUITE_END()
