#include "telemetry/retry_schedule.hpp"

#include <chrono>
#include <set>
#include <string>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace std::chrono_literals;
using telemetry::Delivery;
using telemetry::delivery_of;
using telemetry::parse_retry_after;
using telemetry::RetrySchedule;
using TimePoint = RetrySchedule::TimePoint;

BOOST_TEST_DONT_PRINT_LOG_VALUE(Delivery)

BOOST_AUTO_TEST_SUITE(retry_schedule)

BOOST_AUTO_TEST_CASE(each_status_code_is_sent_again_or_dropped) {
  const std::set<int> again{429, 502, 503, 504};
  for (int status = 100; status < 600; ++status) {
    const auto expected = status >= 200 && status < 300 ? Delivery::taken
                          : again.count(status) != 0    ? Delivery::again
                                                        : Delivery::refused;
    BOOST_TEST((delivery_of(status) == expected), status);
  }
}

BOOST_AUTO_TEST_CASE(
    pauses_double_from_one_second_to_thirty_with_half_left_to_chance_and_end_after_five_minutes) {
  std::set<TimePoint::duration> firsts;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    const TimePoint begin{};
    RetrySchedule schedule(begin, seed * 0x9e3779b97f4a7c15U);
    auto now = begin;
    auto whole = std::chrono::duration_cast<TimePoint::duration>(1s);
    int attempts = 0;
    for (auto next = schedule.failed(now, std::nullopt); next; next = schedule.failed(now, std::nullopt)) {
      const auto pause = *next - now;
      if (attempts == 0) firsts.insert(pause);
      BOOST_TEST((pause >= whole / 2 && pause <= whole), seed << ", attempt " << attempts);
      BOOST_TEST((*next - begin <= 5min));
      now = *next;
      whole = std::min<TimePoint::duration>(whole * 2, 30s);
      ++attempts;
    }
    BOOST_TEST((now - begin > 4min), "given up after " << (now - begin) / 1s << " s");
    BOOST_TEST(attempts < 30);
  }
  BOOST_TEST(firsts.size() > 50u);  // chance
}

BOOST_AUTO_TEST_CASE(a_wish_of_the_server_takes_the_place_of_a_pause) {
  RetrySchedule schedule(TimePoint{}, 1);
  BOOST_TEST((schedule.failed(TimePoint{}, 120s) == TimePoint{} + 120s));
  BOOST_TEST((schedule.failed(TimePoint{} + 120s, 3s) == TimePoint{} + 123s));
  const auto own = schedule.failed(TimePoint{} + 123s, 0s);
  BOOST_REQUIRE(own);
  BOOST_TEST((*own - TimePoint{} > 123s && *own - TimePoint{} <= 127s));
  BOOST_TEST(!schedule.failed(TimePoint{} + 200s, 101s));
  RetrySchedule other(TimePoint{}, 1);
  BOOST_TEST(!other.failed(TimePoint{}, 301s));
  BOOST_TEST(!other.failed(TimePoint{}, 1'000'000'000s));
}

BOOST_AUTO_TEST_CASE(retry_after_is_seconds_or_a_date) {
  const auto now = std::chrono::system_clock::from_time_t(784111777);  // Sun, 06 Nov 1994 08:49:37 GMT
  BOOST_TEST((parse_retry_after("0", now) == 0s));
  BOOST_TEST((parse_retry_after("120", now) == 120s));
  BOOST_TEST((parse_retry_after("99999999999999999999999", now) == 1'000'000'000s));
  BOOST_TEST((parse_retry_after("Sun, 06 Nov 1994 08:50:37 GMT", now) == 60s));
  BOOST_TEST((parse_retry_after("Sun, 06 Nov 1994 08:49:00 GMT", now) == 0s));
  for (const std::string text :
       {"", "soon", "-1", "1.5", "12 s", "Sun, 06 Xyz 1994 08:50:37 GMT", "Sunday, 06-Nov-94"})
    BOOST_TEST(!parse_retry_after(text, now), text);
  BOOST_TEST(!parse_retry_after(std::string(5000, '9') + "x", now));
}

BOOST_AUTO_TEST_SUITE_END()
