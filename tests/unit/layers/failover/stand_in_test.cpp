#include "support/faulty_cache.hpp"

#include <cachesite/failover_cache.hpp>
#include <cachesite/memory_cache.hpp>
#include <cachesite/null_cache.hpp>
#include <cachesite/remember_cache.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace std::chrono_literals;

namespace {

/// Every call that a program can make of a cache; what it gives, without what depends on stored entries.
std::vector<std::string> use_everything(ICache& cache) {
  std::vector<std::string> failures;
  const auto note = [&](const char* call, bool fine) {
    if (!fine) failures.emplace_back(call);
  };
  cache.start();
  cache.await_started();
  note("set_value", cache.set_value("key", "x", 1h));
  (void)cache.get_value("key");
  note("get", !cache.get("key").failed());
  Value value;
  note("read", cache.read("key", value).ok());
  note("write", cache.write("key", std::nullopt, TimeToLive::never_expires()).ok());
  note("add", cache.add("key", ByteView("x"), 1h).ok());
  note("replace", cache.replace("key", ByteView("x"), 1h).ok());
  note("increment", cache.increment("counter", 1, 1h).ok());
  note("contains", cache.contains("key").ok());
  note("time_to_live", cache.time_to_live("key").ok());
  note("expire", cache.expire("key", 1h).ok());
  note("expire_at", cache.expire_at("key", std::chrono::system_clock::now() + 1h).ok());
  note("persist", cache.persist("key").ok());
  note("get_many", cache.get_many({"key", "other"}).size() == 2 && !cache.get_many({"key"})[0].failed());
  note("set_many", cache.set_many({{"key", ByteView("x"), 1h}})[0].ok());
  note("remove_many", cache.remove_many({"key"})[0].ok());
  auto keys = cache.keys("*");
  for (const auto& key : keys)
    note("keys", !key.empty());
  note("scan", !keys.error());
  note("size", cache.size().ok());
  note("remove", cache.remove("key").ok());
  note("remove_matching", cache.remove_matching("*").ok());
  note("clear", cache.clear().ok());
  const auto ratio = cache.statistics().hit_ratio();
  note("hit_ratio", ratio >= 0 && ratio <= 1);
  note("health", cache.health().state == HealthState::up);
  cache.stop();
  cache.stop();
  note("closed", cache.get("key").failed() && cache.get("key").error().code() == ErrorCode::closed);
  return failures;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(stand_in)

BOOST_AUTO_TEST_CASE(a_null_cache_has_every_call_of_a_real_one) {
  MemoryCache real;
  BOOST_TEST(use_everything(real) == std::vector<std::string>(), boost::test_tools::per_element());
  NullCache nothing;
  BOOST_TEST(use_everything(nothing) == std::vector<std::string>(), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_null_cache_stands_in_for_one_that_is_away) {
  const auto away = std::make_shared<test::FaultyCache>(std::make_shared<MemoryCache>());
  away->fail(Error(ErrorCode::unreachable));
  FailoverCacheOptions options;
  options.over = Reference<ICache>(away);
  options.failover = Reference<ICache>(std::make_shared<NullCache>());
  options.on_error = OnError::error;
  FailoverCache cache(options);
  BOOST_TEST(use_everything(cache) == std::vector<std::string>(), boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(a_value_is_computed_while_its_cache_is_away) {
  const auto away = std::make_shared<test::FaultyCache>(std::make_shared<MemoryCache>());
  away->fail(Error(ErrorCode::unreachable));
  FailoverCacheOptions options;
  options.over = Reference<ICache>(away);
  options.on_error = OnError::callback;
  int told = 0;
  options.on_error_callback = [&](std::string_view, std::string_view, const Error&) { ++told; };
  RememberCacheOptions remember_options;
  remember_options.over = Reference<ICache>(std::make_shared<FailoverCache>(options));
  RememberCache cache(remember_options);
  int computed = 0;
  const auto found = cache.remember("key", 1h, [&] {
    ++computed;
    return "value";
  });
  BOOST_TEST(found.value().text() == "value");
  BOOST_TEST(computed == 1);
  BOOST_TEST(told >= 2);  // the read and the write
}

BOOST_AUTO_TEST_SUITE_END()
