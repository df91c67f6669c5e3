#include <cachesite/sliding_window_limiter.hpp>
#include <cachesite/token_bucket_limiter.hpp>

#include <stdexcept>
#include <string>

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
    BOOST_TEST(complaint_of(automatic).ends_with(" is for a limiter on Redis, and store is memory"));
  }
}

BOOST_AUTO_TEST_CASE(options_that_do_not_go_together_are_named) {
  BOOST_TEST(complaint_of(bucket("")) == "rate: a rate is written like 100/minute or 5/30s");
  BOOST_TEST(complaint_of(bucket("0/day")) == "rate: the number of a rate is 1 to 1000000000");
  auto options = bucket("1/second");
  options.form = RateLimitForm::redis_kit;
  BOOST_TEST(complaint_of(options) ==
             "form: form is for a limiter on Redis; give a connection, or store: redis");
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
