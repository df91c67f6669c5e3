#include "support/lengths_of_time.hpp"

#include <cachesite/detail/time_span.hpp>

#include <chrono>
#include <cstdint>
#include <ratio>
#include <string_view>

#include <boost/test/unit_test.hpp>

using cachesite::TimeSpan;
using namespace cachesite::test;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(time_span)

BOOST_AUTO_TEST_CASE(any_duration_is_rounded_up_to_milliseconds) {
  BOOST_TEST((TimeSpan().milliseconds() == 0ms));
  BOOST_TEST((TimeSpan(1s).milliseconds() == 1000ms));
  BOOST_TEST((TimeSpan(1001us).milliseconds() == 2ms));
  BOOST_TEST((TimeSpan(24h).milliseconds() == 86'400'000ms));
  BOOST_TEST((TimeSpan(std::chrono::duration<double>(0.07)).milliseconds() == 70ms));
  BOOST_TEST((TimeSpan(std::chrono::duration<float>(0.1F)).milliseconds() == 100ms));
  BOOST_TEST((TimeSpan(std::chrono::duration<int, std::ratio<1, 3>>(1)).milliseconds() == 334ms));
  for (std::int64_t count = 1; count < 100'000'000'000; count = count * 7 + 1)
    BOOST_TEST((TimeSpan(std::chrono::nanoseconds(count * 1'000'000)).milliseconds().count() == count));
}

BOOST_AUTO_TEST_CASE(no_length_overflows_and_none_changes_its_sign) {
  for_each_length([](std::string_view name, auto length, LengthKind kind) {
    BOOST_TEST_CONTEXT(name) {
      const TimeSpan span(length);
      const auto milliseconds = span.milliseconds();
      BOOST_TEST(span.negative() == (kind == LengthKind::below));
      BOOST_TEST(span.positive() == (kind != LengthKind::below && kind != LengthKind::none));
      if (kind == LengthKind::longest) BOOST_TEST((milliseconds == TimeSpan::longest));
      if (kind == LengthKind::long_) BOOST_TEST((milliseconds > 24h && milliseconds < TimeSpan::longest));
      if (kind == LengthKind::tiny) BOOST_TEST((milliseconds == 1ms));
      if (kind == LengthKind::none || kind == LengthKind::below) BOOST_TEST((milliseconds == 0ms));
    }
  });
}

BOOST_AUTO_TEST_CASE(the_time_until_a_point_does_not_overflow) {
  using System = std::chrono::system_clock;
  using Steady = std::chrono::steady_clock;
  using Hours = std::chrono::hours;
  BOOST_TEST((TimeSpan::until(System::time_point::max()).milliseconds() == TimeSpan::longest));
  BOOST_TEST((TimeSpan::until(Steady::time_point::max()).milliseconds() == TimeSpan::longest));
  BOOST_TEST(
      (TimeSpan::until(std::chrono::time_point<System, Hours>::max()).milliseconds() == TimeSpan::longest));
  BOOST_TEST(TimeSpan::until(System::time_point::min()).negative());
  BOOST_TEST(TimeSpan::until(std::chrono::time_point<System, Hours>::min()).negative());
  BOOST_TEST(!TimeSpan::until(Steady::now()).positive());
  const auto soon = TimeSpan::until(Steady::now() + 10min).milliseconds();
  BOOST_TEST((soon <= 10min && soon > 9min));
  const std::chrono::duration<double> endless(std::numeric_limits<double>::infinity());
  const std::chrono::time_point<System, std::chrono::duration<double>> never(endless);
  BOOST_TEST((TimeSpan::until(never).milliseconds() == TimeSpan::longest));
}

BOOST_AUTO_TEST_SUITE_END()
