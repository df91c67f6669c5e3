#include <cachesite/redis_cache.hpp>
#include <cachesite/redis_mutex_site.hpp>
#include <cachesite/redis_pubsub_queue_site.hpp>
#include <cachesite/redis_stream_queue_site.hpp>
#include <cachesite/sliding_window_limiter.hpp>
#include <cachesite/token_bucket_limiter.hpp>

#include <limits>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace std::chrono_literals;

namespace {

TokenBucketLimiterOptions bucket(const std::string& rate) {
  TokenBucketLimiterOptions options;
  options.rate = rate;
  return options;
}

std::string complaint_of(const TokenBucketLimiterOptions& options) {
  const auto complaints = options.complaints();
  BOOST_REQUIRE_EQUAL(complaints.size(), 1U);
  return complaints.front().parameter + ": " + complaints.front().message;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(rate_limiter_options)

BOOST_AUTO_TEST_CASE(a_limiter_is_on_redis_when_settings_of_a_connection_are_given) {
  TokenBucketLimiterOptions options = bucket("1/second");
  BOOST_TEST(!options.on_redis());
  BOOST_TEST(!options.uses_session());
  options.store = RateLimitStore::redis;
  BOOST_TEST(options.on_redis());
  BOOST_TEST(options.uses_session());

  for (const auto& given : std::initializer_list<void (*)(TokenBucketLimiterOptions&)>{
           [](auto& each) { each.host = "elsewhere"; }, [](auto& each) { each.port = 1; },
           [](auto& each) { each.url = Secret("redis://elsewhere"); },
           [](auto& each) { each.unix_socket_path = "/run/redis"; }, [](auto& each) { each.db = 1; }}) {
    TokenBucketLimiterOptions automatic = bucket("1/second");
    given(automatic);
    BOOST_TEST(automatic.on_redis());
    for (const auto& complaint : automatic.complaints())
      BOOST_ERROR(complaint.message);
    automatic.store = RateLimitStore::memory;
    BOOST_TEST(!automatic.on_redis());
    BOOST_TEST(complaint_of(automatic).ends_with(
        " is for a limiter on Redis, and this one is in memory; give it store: redis"));
  }
}

BOOST_AUTO_TEST_CASE(a_file_gives_a_setting_of_a_connection_also_when_it_gives_the_default) {
  const ParameterTable table = TokenBucketLimiterOptions::parameters();
  for (const auto& [name, value] :
       std::vector<std::pair<const char*, ParameterValue>>{{"host", {std::string("localhost")}},
                                                           {"port", {std::int64_t{6379}}},
                                                           {"config", {ReferenceName{""}}},
                                                           {"config_session", {std::string("redis")}}}) {
    TokenBucketLimiterOptions options = bucket("1/second");
    table.find(name)->store(&options, value);
    BOOST_TEST(TokenBucketLimiterOptions(options).on_redis(), name);
  }
  for (const char* name : {"connection", "config"}) {
    TokenBucketLimiterOptions options = bucket("1/second");
    table.find(name)->store(&options, {});
    BOOST_TEST(!options.on_redis(), name);
    BOOST_TEST(options.complaints().empty());
  }
}

BOOST_AUTO_TEST_CASE(settings_that_only_count_on_redis_are_refused_in_memory) {
  const ParameterTable table = TokenBucketLimiterOptions::parameters();
  for (const auto& [name, value] :
       std::vector<std::pair<std::string, ParameterValue>>{{"prefix", {std::string("shop:")}},
                                                           {"timeout", {std::chrono::nanoseconds(500ms)}},
                                                           {"without_server", {std::string("deny")}},
                                                           {"local_share", {1.0}},
                                                           {"form", {std::string("cachesite")}}}) {
    TokenBucketLimiterOptions options = bucket("1/second");
    table.find(name)->store(&options, value);
    BOOST_TEST(complaint_of(options) ==
               name + ": " + name +
                   " is for a limiter on Redis, and this one is in memory; give it store: redis");
    options.store = RateLimitStore::redis;
    BOOST_TEST(options.complaints().empty());
  }
}

BOOST_AUTO_TEST_CASE(numbers_out_of_their_ranges_are_refused_in_code_as_in_files) {
  const auto complaint_after = [](void (*change)(TokenBucketLimiterOptions&)) {
    auto options = bucket("1/second");
    options.store = RateLimitStore::redis;
    change(options);
    return complaint_of(options);
  };
  BOOST_TEST(complaint_after([](auto& each) { each.local_share = 9; }) ==
             "local_share: expected a number from 0.001 to 1, found 9");
  BOOST_TEST(complaint_after([](auto& each) {
               each.local_share = std::numeric_limits<double>::quiet_NaN();
             }).starts_with("local_share: expected a number from 0.001 to 1, found "));
  BOOST_TEST(complaint_after([](auto& each) { each.max_keys = 0; }).starts_with("max_keys: expected "));
  BOOST_TEST(complaint_after([](auto& each) { each.timeout = 61s; }).starts_with("timeout: expected "));
  BOOST_TEST(complaint_after([](auto& each) { each.capacity = 0; }).starts_with("capacity: expected "));
}

BOOST_AUTO_TEST_CASE(a_session_gives_settings_of_connections_alone) {
  const ParameterTable table = TokenBucketLimiterOptions::parameters();
  for (const char* name : {"host", "port", "db", "max_connections"})
    BOOST_TEST(table.find(name)->in_sessions, name);
  for (const char* name : {"rate", "capacity", "store", "form", "prefix", "timeout", "without_server",
                           "local_share", "max_keys"})
    BOOST_TEST(!table.find(name)->in_sessions, name);
}

BOOST_AUTO_TEST_CASE(a_session_gives_its_prefix_to_caches_alone) {
  BOOST_TEST(RedisCacheOptions::parameters().find("prefix")->in_sessions);
  for (const ParameterTable& table :
       {RedisMutexSiteOptions::parameters(), RedisStreamQueueSiteOptions::parameters(),
        RedisPubSubQueueSiteOptions::parameters(), SlidingWindowLimiterOptions::parameters()}) {
    BOOST_TEST(!table.find("prefix")->in_sessions);
    BOOST_TEST(table.find("host")->in_sessions);
  }
}

BOOST_AUTO_TEST_CASE(a_window_of_redis_kit_is_bounded) {
  SlidingWindowLimiterOptions window;
  window.rate = "100001/hour";
  window.store = RateLimitStore::redis;
  BOOST_TEST(window.complaints().empty());
  window.form = RateLimitForm::redis_kit;
  BOOST_REQUIRE_EQUAL(window.complaints().size(), 1U);
  BOOST_TEST(window.complaints().front().message ==
             "in the form of redis-kit the number of a window's rate is at most 100000");
  window.rate = "100000/hour";
  BOOST_TEST(window.complaints().empty());
}

BOOST_AUTO_TEST_CASE(options_that_do_not_go_together_are_named) {
  BOOST_TEST(complaint_of(bucket("")) == "rate: a rate is written like 100/minute or 5/30s");
  BOOST_TEST(complaint_of(bucket("0/day")) == "rate: the number of a rate is 1 to 1000000000");
  auto options = bucket("1/second");
  options.form = RateLimitForm::redis_kit;
  BOOST_TEST(complaint_of(options) ==
             "form: form is for a limiter on Redis, and this one is in memory; give it store: redis");
  options.store = RateLimitStore::redis;
  BOOST_TEST(options.complaints().empty());
  options.prefix = "}";
  BOOST_TEST(complaint_of(options) ==
             "prefix: with a } in front, the keys of a limit would be in different slots");
  options.prefix = std::string(1025, 'p');
  BOOST_TEST(complaint_of(options) == "prefix: the prefix is longer than a key may be");
}

BOOST_AUTO_TEST_CASE(a_bucket_that_cannot_be_counted_exactly_is_refused) {
  BOOST_TEST(complaint_of(bucket("999999937/365d")) ==
             "rate: so many tokens over so long a time cannot be counted exactly");
  BOOST_TEST(bucket("285000/365d").complaints().empty());
  auto options = bucket("7/day");
  options.capacity = 1'000'000'000;
  BOOST_TEST(complaint_of(options) ==
             "capacity: so many tokens over so long a time cannot be counted exactly");
  options.capacity = 100'000'000;
  BOOST_TEST(options.complaints().empty());
  BOOST_CHECK_THROW(TokenBucketLimiter(bucket("999999937/365d")), std::invalid_argument);
  SlidingWindowLimiterOptions window;
  window.rate = "999999937/365d";
  BOOST_TEST(window.complaints().empty());
}

BOOST_AUTO_TEST_SUITE_END()
