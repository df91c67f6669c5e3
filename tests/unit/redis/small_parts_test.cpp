#include "redis/base/deadline.hpp"
#include "redis/transport/name_resolver.hpp"
#include "redis/wire/server_text.hpp"

#include <string>

#include <boost/test/unit_test.hpp>

using namespace cachesite::redis;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(redis_small_parts)

BOOST_AUTO_TEST_CASE(a_poll_never_ends_before_the_deadline) {
  const TimePoint now{};
  BOOST_TEST(poll_milliseconds(now, now) == 0);
  BOOST_TEST(poll_milliseconds(now + 1s, now) == 0);
  BOOST_TEST(poll_milliseconds(now, now + 1us) == 1);
  BOOST_TEST(poll_milliseconds(now, now + 1001us) == 2);
  BOOST_TEST(poll_milliseconds(now, now + 10000h) > 0);
}

BOOST_AUTO_TEST_CASE(errors_of_a_server_are_made_fit_to_read) {
  BOOST_TEST(readable_server_error("ERR no") == "ERR no");
  BOOST_TEST(readable_server_error("ERR unknown command 'AUTHX', with args beginning with: 'canary' ") ==
             "ERR unknown command 'AUTHX'");
  BOOST_TEST(readable_server_error("a\tb\x1b[31m") == "a?b?[31m");
  BOOST_TEST(readable_server_error(std::string(1000, 'x')).size() == 163U);
}

BOOST_AUTO_TEST_CASE(localhost_is_this_machine_without_asking_a_resolver) {
  NameResolver resolver;
  const cachesite::basics::StopSignal stop;
  for (const char* const host : {"localhost", "LOCALHOST", "localhost.", "cache.localhost"}) {
    // A resolver would need time.
    const auto answer = resolver.resolve(host, 6379, TimePoint::min(), stop);
    BOOST_TEST(answer.problem == "", host);
    BOOST_TEST(answer.addresses.size() == 2U, host);
  }
  BOOST_TEST(resolver.resolve("notlocalhost", 6379, TimePoint::min(), stop).problem != "");
}

BOOST_AUTO_TEST_SUITE_END()
