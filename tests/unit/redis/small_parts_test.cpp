#include "redis/deadline.hpp"
#include "redis/name_resolver.hpp"
#include "redis/null_marker.hpp"
#include "redis/server_text.hpp"

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

BOOST_AUTO_TEST_CASE(stored_bytes_are_told_apart) {
  // As redis-kit writes it, byte for byte.
  BOOST_TEST((null_marker == std::string("\0__REDIS_KIT_NONE__\0", 20)));
  const std::string marker(null_marker);
  BOOST_TEST((classify_stored("") == StoredAs::value));
  BOOST_TEST((classify_stored(marker) == StoredAs::null));
  BOOST_TEST((classify_stored(old_null_marker) == StoredAs::null));
  BOOST_TEST((classify_stored(marker + "x") == StoredAs::escaped_value));
  BOOST_TEST((classify_stored(marker + marker) == StoredAs::escaped_value));
  BOOST_TEST((classify_stored(std::string(old_null_marker) + "x") == StoredAs::value));
  for (std::size_t size = 0; size < marker.size(); ++size)
    BOOST_TEST((classify_stored(marker.substr(0, size)) == StoredAs::value));
  for (std::size_t place = 0; place < marker.size(); ++place) {
    auto other = marker;
    other[place] = 'x';
    BOOST_TEST((classify_stored(other) == StoredAs::value));
    BOOST_TEST(!needs_escape(other));
  }
  BOOST_TEST(needs_escape(marker));
  BOOST_TEST(needs_escape(marker + "x"));
  BOOST_TEST(needs_escape(old_null_marker));
  BOOST_TEST(!needs_escape("__REDIS_KIT_NONE__x"));
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
