#include "support/lengths_of_time.hpp"

#include <cachesite/time_to_live.hpp>

#include <limits>
#include <string_view>

#include <boost/test/unit_test.hpp>

using cachesite::TimeToLive;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(time_to_live)

BOOST_AUTO_TEST_CASE(any_duration_is_rounded_down_to_milliseconds) {
  BOOST_TEST(TimeToLive(1s).count() == 1000);
  BOOST_TEST(TimeToLive(1999us).count() == 1);
  BOOST_TEST(TimeToLive(std::chrono::duration<double>(1.9999)).count() == 1999);
  BOOST_TEST(TimeToLive(24h).count() == 86'400'000);
}

BOOST_AUTO_TEST_CASE(less_than_a_millisecond_and_more_than_ten_years_are_not_valid) {
  BOOST_TEST(!TimeToLive(0s).valid());
  BOOST_TEST(!TimeToLive(-5s).valid());
  BOOST_TEST(!TimeToLive(999us).valid());
  BOOST_TEST(TimeToLive(1ms).valid());
  BOOST_TEST(TimeToLive(TimeToLive::longest).valid());
  BOOST_TEST(!TimeToLive(TimeToLive::longest + 1ms).valid());
}

BOOST_AUTO_TEST_CASE(what_is_left_to_the_cache_is_no_ttl_and_no_duration_is_taken_for_it) {
  constexpr auto unspecified = TimeToLive::unspecified();
  BOOST_TEST(!unspecified.specified());
  BOOST_TEST(!unspecified.valid());
  BOOST_TEST(!unspecified.expires());
  BOOST_TEST(unspecified.count() == 0);
  for (const auto given : {TimeToLive(1s), TimeToLive(-1ms), TimeToLive(0s), TimeToLive::never_expires()})
    BOOST_TEST(given.specified());
  BOOST_TEST(TimeToLive::never_expires().valid());
}

BOOST_AUTO_TEST_CASE(durations_that_would_overflow_or_are_no_number_are_not_valid) {
  BOOST_TEST(!TimeToLive(std::chrono::hours::max()).valid());
  BOOST_TEST(!TimeToLive(std::chrono::hours::min()).valid());
  BOOST_TEST(!TimeToLive(std::chrono::duration<double>(std::numeric_limits<double>::quiet_NaN())).valid());
  BOOST_TEST(!TimeToLive(std::chrono::duration<double>(std::numeric_limits<double>::infinity())).valid());
}

BOOST_AUTO_TEST_CASE(of_the_lengths_at_the_bounds_of_all_units_those_up_to_ten_years_are_valid) {
  using namespace cachesite::test;
  for_each_length([](std::string_view name, auto length, LengthKind kind) {
    BOOST_TEST(TimeToLive(length).valid() == (kind == LengthKind::long_), name);
  });
}

BOOST_AUTO_TEST_SUITE_END()
