#include <cachesite/detail/latency_histogram.hpp>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(latency_histogram)

BOOST_AUTO_TEST_CASE(every_duration_is_in_the_interval_that_holds_it) {
  for (std::int64_t value = 0; value < 2'000'000'000'000;
       value = value < 5000 ? value + 1 : value * 33 / 32) {
    const auto interval = LatencyHistogram::interval_of(std::chrono::nanoseconds(value));
    BOOST_REQUIRE(interval < LatencyHistogram::size);
    BOOST_REQUIRE(value <= LatencyHistogram::longest_in(interval).count());
    if (interval > 0) BOOST_REQUIRE(value > LatencyHistogram::longest_in(interval - 1).count());
  }
}

BOOST_AUTO_TEST_CASE(an_interval_is_at_most_an_eighth_wide) {
  for (std::size_t interval = LatencyHistogram::steps; interval < LatencyHistogram::size; ++interval) {
    const auto longest = LatencyHistogram::longest_in(interval).count();
    const auto width = longest - LatencyHistogram::longest_in(interval - 1).count();
    BOOST_TEST(static_cast<double>(width) <= static_cast<double>(longest) / 8.0 + 1.0);
  }
}

BOOST_AUTO_TEST_CASE(extremes_are_counted) {
  BOOST_TEST(LatencyHistogram::interval_of(-1ns) == 0u);
  BOOST_TEST(LatencyHistogram::interval_of(24h) == LatencyHistogram::size - 1);
}

BOOST_AUTO_TEST_CASE(a_quantile_is_what_so_many_calls_did_not_exceed) {
  LatencyHistogram histogram;
  BOOST_TEST((histogram.quantile(0.5) == 0ns));
  histogram.add(LatencyHistogram::interval_of(1ms), 99);
  histogram.add(LatencyHistogram::interval_of(1s), 1);
  BOOST_TEST(histogram.count() == 100u);
  BOOST_TEST((histogram.quantile(0.99) >= 1ms && histogram.quantile(0.99) < 1130us));
  BOOST_TEST((histogram.quantile(1.0) >= 1s && histogram.quantile(1.0) < 1130ms));
  LatencyHistogram sum = histogram;
  sum += histogram;
  BOOST_TEST(sum.count() == 200u);
}

BOOST_AUTO_TEST_SUITE_END()
