#include <cachesite/detail/units.hpp>

#include <limits>
#include <random>

#include <boost/test/unit_test.hpp>

using cachesite::ByteSize;
using cachesite::format_duration;
using cachesite::format_size;
using cachesite::parse_duration;
using cachesite::parse_size;
using namespace std::chrono_literals;
using std::chrono::nanoseconds;

namespace {

// -1 for a refusal.
std::int64_t duration(std::string_view text) {
  const auto parsed = parse_duration(text);
  return parsed.ok() ? parsed.value().count() : -1;
}
std::string duration_failure(std::string_view text) {
  const auto parsed = parse_duration(text);
  return parsed.ok() ? "read" : std::string(parsed.error().message());
}
std::string size_of(std::string_view text) {
  const auto parsed = parse_size(text);
  return parsed.ok() ? std::to_string(parsed.value().bytes) : std::string(parsed.error().message());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(units)

BOOST_AUTO_TEST_CASE(durations_are_read_in_every_unit_and_exactly) {
  BOOST_TEST(duration("0") == 0);
  BOOST_TEST(duration("5") == nanoseconds(5s).count());
  BOOST_TEST(duration("0.25") == nanoseconds(250ms).count());
  BOOST_TEST(duration("250ms") == nanoseconds(250ms).count());
  BOOST_TEST(duration("1.5s") == nanoseconds(1500ms).count());
  BOOST_TEST(duration("2h30m") == nanoseconds(150min).count());
  BOOST_TEST(duration("10min") == nanoseconds(10min).count());
  BOOST_TEST(duration("2h1.5min30s250ms") == nanoseconds(2h + 2min + 250ms).count());
  BOOST_TEST(duration("1w2d3h4m5s6ms7us8ns") ==
             nanoseconds(9 * 24h + 3h + 4min + 5s + 6ms + 7us + 8ns).count());
  BOOST_TEST(duration("1.5h30m") == nanoseconds(2h).count());
  BOOST_TEST(duration("0.000000001s") == 1);
  BOOST_TEST(duration("9223372036854775807ns") == std::numeric_limits<std::int64_t>::max());
  BOOST_TEST(duration("9223372036.854775807s") == std::numeric_limits<std::int64_t>::max());
}

BOOST_AUTO_TEST_CASE(what_is_no_duration_is_refused_with_a_reason) {
  for (const auto* text : {"", " ", "s", "-1s", "+1s", "1 s", "1s ", ".5s", "1.s", "1..5s", "0x10s", "1e3",
                           "\xc2\xb5s", "\xd9\xa1s", "five", "inf", "nan"})
    BOOST_TEST_CONTEXT(text) BOOST_TEST(duration(text) == -1);
  BOOST_TEST(duration_failure("abc") == "a duration is written like 250ms, 1.5s or 2h30m");
  BOOST_TEST(duration_failure("5x") == "the units of a duration are w d h m (or min) s ms us ns");
  for (const auto* spaced : {"10 m", "10 min", "2h 30m", "10 minutes"})
    BOOST_TEST(duration_failure(spaced) == "write no space before a unit: w d h m (or min) s ms us ns");
  BOOST_TEST(duration_failure("5S") == "the units of a duration are w d h m (or min) s ms us ns");
  BOOST_TEST(duration_failure("1h5") == "a number needs a unit unless it stands alone: w d h m s ms us ns");
  BOOST_TEST(duration_failure("5m2h") == "units go from large to small, each at most once, as in 2h30m");
  for (const auto* text : {"5mi", "5mins", "5Min", "5min2m", "5m2min", "5min2h"})
    BOOST_TEST_CONTEXT(text) BOOST_TEST(duration(text) == -1);
  BOOST_TEST(duration_failure("5m2m") == "units go from large to small, each at most once, as in 2h30m");
  BOOST_TEST(duration_failure("0.5ns") == "a duration is a whole number of nanoseconds");
  BOOST_TEST(duration_failure("9223372036854775808ns") == "a duration is at most 292 years long");
  BOOST_TEST(duration_failure("15251w") == "a duration is at most 292 years long");
  BOOST_TEST(duration_failure("106751d23h47m16.854775808s") == "a duration is at most 292 years long");
  BOOST_TEST(duration_failure(std::string(1000, '9') + "s") ==
             "a duration is written like 250ms, 1.5s or 2h30m");
}

BOOST_AUTO_TEST_CASE(durations_are_written_in_the_units_of_people) {
  BOOST_TEST(format_duration(0s) == "0s");
  BOOST_TEST(format_duration(250ms) == "250ms");
  BOOST_TEST(format_duration(1500us) == "1.5ms");
  BOOST_TEST(format_duration(1500ms) == "1.5s");
  BOOST_TEST(format_duration(90s) == "1m30s");
  BOOST_TEST(format_duration(150min) == "2h30m");
  BOOST_TEST(format_duration(7 * 24h) == "7d");
  BOOST_TEST(format_duration(1h + 500ms) == "1h500ms");
  BOOST_TEST(format_duration(1ns) == "1ns");
  BOOST_TEST(format_duration(-5s) == "-5s");
}

BOOST_AUTO_TEST_CASE(sizes_are_read_in_every_unit_and_exactly) {
  BOOST_TEST(size_of("0") == "0");
  BOOST_TEST(size_of("512") == "512");
  BOOST_TEST(size_of("512B") == "512");
  BOOST_TEST(size_of("10kB") == "10000");
  BOOST_TEST(size_of("1.5KiB") == "1536");
  BOOST_TEST(size_of("64MiB") == "67108864");
  BOOST_TEST(size_of("1.5GiB") == "1610612736");
  BOOST_TEST(size_of("1MB") == "1000000");
  BOOST_TEST(size_of("15EiB") == "17293822569102704640");
  BOOST_TEST(size_of("18446744073709551615") == "18446744073709551615");
}

BOOST_AUTO_TEST_CASE(what_is_no_size_is_refused_with_a_reason) {
  for (const auto* text : {"", "B", "-1", "1 KiB", "1K", "1kb", "1kib", "1KB", "1M", "1MiB1", "0x10", "1e3"})
    BOOST_TEST_CONTEXT(text) BOOST_TEST(!parse_size(text).ok());
  BOOST_TEST(size_of("abc") == "a size is written like 64MiB, 1.5GiB, 10kB or as a number of bytes");
  BOOST_TEST(size_of("64 MB") ==
             "write no space before the unit: B KiB MiB GiB TiB PiB EiB and kB MB GB TB PB EB");
  BOOST_TEST(size_of("64MIB") == "the units of a size are B KiB MiB GiB TiB PiB EiB and kB MB GB TB PB EB");
  BOOST_TEST(size_of("1.5") == "a size is a whole number of bytes");
  BOOST_TEST(size_of("0.0001KiB") == "a size is a whole number of bytes");
  BOOST_TEST(size_of("16EiB") == "a size is less than 16EiB");
  BOOST_TEST(size_of("18446744073709551616") == "a size is less than 16EiB");
}

BOOST_AUTO_TEST_CASE(sizes_are_written_in_the_largest_unit_that_is_exact) {
  BOOST_TEST(format_size({0}) == "0");
  BOOST_TEST(format_size({1023}) == "1023");
  BOOST_TEST(format_size({1024}) == "1KiB");
  BOOST_TEST(format_size({10000}) == "10kB");
  BOOST_TEST(format_size({1610612736}) == "1536MiB");
}

BOOST_AUTO_TEST_CASE(whatever_is_written_reads_back_the_same) {
  std::mt19937_64 random(7);
  for (int round = 0; round < 20000; ++round) {
    const auto bits = random() >> (random() % 64);
    const nanoseconds length(static_cast<std::int64_t>(bits >> 1U));
    BOOST_REQUIRE(duration(format_duration(length)) == length.count());
    const auto size = parse_size(format_size({bits}));
    BOOST_REQUIRE((size.ok() && size.value() == ByteSize{bits}));
  }
}

BOOST_AUTO_TEST_CASE(a_number_has_no_leading_zeros) {
  for (const char* const text : {"010", "00", "010s", "01h30m", "00.5", "010kB", "01B"}) {
    BOOST_TEST(!parse_duration(text).ok(), text);
    BOOST_TEST(!parse_size(text).ok(), text);
  }
  BOOST_TEST(
      std::string(parse_duration("010").error().message()).starts_with("write it without leading zeros"));
  BOOST_TEST(std::string(parse_size("010").error().message()).starts_with("write it without leading zeros"));
  BOOST_TEST((parse_duration("0.5").value() == 500ms));
  BOOST_TEST((parse_duration("1h05m").value() == 65min));
  BOOST_TEST((parse_duration("0").value() == 0s));
  BOOST_TEST(parse_size("0").value().bytes == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
