#include "binding/suggestion.hpp"

#include <initializer_list>

#include <boost/test/unit_test.hpp>

namespace {

std::string nearest(std::string_view wanted, std::initializer_list<std::string_view> candidates) {
  cachesite::binding::Suggestion suggestion(wanted);
  for (const auto candidate : candidates)
    suggestion.offer(candidate);
  return suggestion.best();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(suggestion)

BOOST_AUTO_TEST_CASE(swaps_gaps_and_capitals_are_seen_through) {
  BOOST_TEST(nearest("max_szie", {"max_bytes", "max_size"}) == "max_size");
  BOOST_TEST(nearest("hst", {"port", "host"}) == "host");
  BOOST_TEST(nearest("HOST", {"port", "host"}) == "host");
  BOOST_TEST(nearest("pasword", {"password"}) == "password");
  BOOST_TEST(nearest("scoket_tiemout", {"socket_timeout", "socket_connect_timeout"}) == "socket_timeout");
  BOOST_TEST(nearest("bd", {"db"}) == "db");
}

BOOST_AUTO_TEST_CASE(what_is_too_far_away_is_not_suggested) {
  BOOST_TEST(nearest("timeout", {"host", "port"}) == "");
  BOOST_TEST(nearest("x", {"y"}) == "");
  BOOST_TEST(nearest("", {"y", ""}) == "");
  BOOST_TEST(nearest("abcd", {"abxy"}) == "");
  BOOST_TEST(nearest(std::string(100000, 'a'), {"a"}) == "");
}

BOOST_AUTO_TEST_CASE(the_nearest_wins_and_among_equals_the_first) {
  BOOST_TEST(nearest("names", {"games", "name", "names2"}) == "games");
  BOOST_TEST(nearest("sessions", {"session1", "sessions"}) == "sessions");
}

BOOST_AUTO_TEST_SUITE_END()
