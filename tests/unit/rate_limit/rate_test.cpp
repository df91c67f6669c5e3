#include <cachesite/detail/rate_limiter_options.hpp>

#include <string>
#include <utility>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(rates_as_text)

BOOST_AUTO_TEST_CASE(a_rate_is_a_number_and_a_time) {
  const std::pair<const char*, Rate> rates[] = {{"100/minute", {100, 60s}},
                                                {"100/minutes", {100, 60s}},
                                                {"10/second", {10, 1s}},
                                                {"10/seconds", {10, 1s}},
                                                {"1/hour", {1, 1h}},
                                                {"2/hours", {2, 1h}},
                                                {"1/day", {1, 24h}},
                                                {"9/days", {9, 24h}},
                                                {"5/30s", {5, 30s}},
                                                {"5/1m30s", {5, 90s}},
                                                {"7/250ms", {7, 250ms}},
                                                {"7/0.5s", {7, 500ms}},
                                                {" 100 / minute ", {100, 60s}},
                                                {"1/1ms", {1, 1ms}},
                                                {"1000000000/365d", {1'000'000'000, 365 * 24h}}};
  for (const auto& [text, rate] : rates) {
    const auto read = parse_rate(text);
    BOOST_REQUIRE_MESSAGE(read.ok(), text);
    BOOST_TEST((read.value() == rate), text);
  }
}

BOOST_AUTO_TEST_CASE(a_text_that_is_no_rate_is_refused_with_what_is_expected) {
  const std::string form = "a rate is written like 100/minute or 5/30s";
  const std::string number = "the number of a rate is 1 to 1000000000";
  const std::string time = "the time of a rate is second, minute, hour, day or a length such as 30s";
  const std::string length = "the time of a rate is 1 ms to 365 days in whole milliseconds";
  const std::pair<const char*, std::string> wrong[] = {{"", form},
                                                       {"100", form},
                                                       {"minute", form},
                                                       {"/minute", form},
                                                       {"many/minute", form},
                                                       {"-1/minute", form},
                                                       {"+1/minute", form},
                                                       {"1.5/minute", form},
                                                       {"1e3/minute", form},
                                                       {"0x10/minute", form},
                                                       {"1 0/minute", form},
                                                       {"0/minute", number},
                                                       {"1000000001/minute", number},
                                                       {"99999999999999999999999/minute", number},
                                                       {"100/", time},
                                                       {"100/5", time},
                                                       {"100/Minute", time},
                                                       {"100/minutess", time},
                                                       {"100/week", time},
                                                       {"100/per minute", time},
                                                       {"100/minute/2", time},
                                                       {"100/-5s", time},
                                                       {"100/s", time},
                                                       {"100/0s", length},
                                                       {"100/1us", length},
                                                       {"100/1.0005s", length},
                                                       {"100/366d", length}};
  for (const auto& [text, sentence] : wrong) {
    const auto read = parse_rate(text);
    BOOST_REQUIRE_MESSAGE(!read.ok(), text);
    BOOST_TEST((read.error().code() == ErrorCode::bad_argument));
    BOOST_TEST(read.error().message() == sentence, text);
  }
}

BOOST_AUTO_TEST_SUITE_END()
