#include <cachesite/detail/time_to_live_text.hpp>

#include <boost/test/unit_test.hpp>

using namespace cachesite;

BOOST_AUTO_TEST_SUITE(time_to_live_text)

// The table of redis-kit, in milliseconds.
BOOST_AUTO_TEST_CASE(the_table_of_redis_kit) {
  const std::pair<std::string_view, std::int64_t> table[] = {
      {"2h30m", 9000}, {"1d", 86400},    {"30s", 30},        {" 2H 30 M ", 9000}, {"30m2h", 9000},
      {"1h1h", 7200},  {"2h 30m", 9000}, {"1 d 2 h", 93600}, {"5m\n", 300}};
  for (const auto& [text, seconds] : table)
    BOOST_TEST(parse_time_to_live(text).value_or(TimeToLive(std::chrono::seconds(0))).count() ==
               seconds * 1000);
}

BOOST_AUTO_TEST_CASE(weeks_and_milliseconds_widen_it) {
  const std::pair<std::string_view, std::int64_t> table[] = {{"1w", 604'800'000},
                                                             {"100ms", 100},
                                                             {"1MS", 1},
                                                             {"10min", 600'000},
                                                             {"1 MIN 1s", 61'000},
                                                             {"1m1ms", 60'001},
                                                             {"1w 2d 3h 4m 5s 6 ms", 788'645'006},
                                                             {"1m s", 0},
                                                             {"0s1ms", 1}};
  for (const auto& [text, milliseconds] : table) {
    const auto parsed = parse_time_to_live(text);
    BOOST_TEST((parsed.ok() ? parsed.value().count() : 0) == milliseconds);
  }
}

BOOST_AUTO_TEST_CASE(other_texts_are_refused) {
  for (const std::string_view text :
       {"60", "1.5h", "", " ", "-5s", "+5s", "1hfoo", "1x", "h", "5m 5", "1e3s", "\xD9\xA3h", "1us", "5 m s"})
    BOOST_TEST(!parse_time_to_live(text).ok());
  BOOST_TEST(!parse_time_to_live(std::string_view("1h\0", 3)).ok());
}

BOOST_AUTO_TEST_CASE(a_sum_that_is_no_ttl_is_refused_and_never_overflows) {
  for (const std::string_view text : {"0s", "0w0ms", "3653d", "99999999999999999999999999w",
                                      "18446744073709551617s", "3650d9999999999999999999999ms"})
    BOOST_TEST(!parse_time_to_live(text).ok());
  BOOST_TEST(parse_time_to_live("315576000000ms").ok());
  BOOST_TEST(!parse_time_to_live("315576000001ms").ok());
}

BOOST_AUTO_TEST_SUITE_END()
