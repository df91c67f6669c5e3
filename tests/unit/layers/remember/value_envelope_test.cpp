// The bytes of a value in an envelope: their layout, and what is refused.

#include "layers/remember/value_envelope.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include <boost/test/unit_test.hpp>

using namespace cachesite::remembering;
using namespace std::chrono_literals;
using namespace std::string_view_literals;

namespace {

std::string sample() {
  ValueEnvelope envelope;
  envelope.version = 0x0102030405060708U;
  envelope.stale_for = 3'600'000ms;
  envelope.cost = 1'500us;
  envelope.etag = "v7";
  envelope.value = "hello";
  std::string stored;
  write_envelope(envelope, stored);
  return stored;
}

// As another program would, so that the checksum is right.
std::string with_byte(std::string stored, std::size_t at, char byte) {
  stored[at] = byte;
  const std::string_view text = stored;
  std::uint32_t crc = 0xffff'ffffU;
  const auto add = [&crc](std::string_view part) {
    for (const char each : part) {
      crc ^= static_cast<unsigned char>(each);
      for (int bit = 0; bit < 8; ++bit)
        crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? 0xedb8'8320U : 0U);
    }
  };
  add(text.substr(0, 28));
  add(text.substr(32));
  crc = ~crc;
  for (std::size_t index = 0; index < 4; ++index, crc >>= 8U)
    stored[28 + index] = static_cast<char>(crc & 0xffU);
  return stored;
}

bool is_refused(std::string_view stored) {
  ValueEnvelope envelope;
  return read_envelope(stored, envelope) != nullptr;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(value_envelope)

BOOST_AUTO_TEST_CASE(the_layout_is_that_of_the_documents) {
  const auto stored = sample();
  BOOST_TEST(
      stored.substr(0, 28) ==
      "\xC1\x43\x45\x01\x00\x02\x00\x00\x08\x07\x06\x05\x04\x03\x02\x01\x80\xEE\x36\x00\xDC\x05\x00\x00"
      "\x05\x00\x00\x00"sv);
  BOOST_TEST(stored.substr(32) == "v7hello");
  BOOST_TEST(stored == with_byte(stored, 0, '\xC1'));  // the checksum is that of zlib
}

BOOST_AUTO_TEST_CASE(what_was_written_is_read) {
  const auto stored = sample();
  ValueEnvelope envelope;
  BOOST_REQUIRE(read_envelope(stored, envelope) == nullptr);
  BOOST_TEST(!envelope.null);
  BOOST_TEST(!envelope.error);
  BOOST_TEST(envelope.version == 0x0102030405060708U);
  BOOST_TEST(envelope.stale_for.count() == 3'600'000);
  BOOST_TEST(envelope.cost.count() == 1'500);
  BOOST_TEST(envelope.etag == "v7");
  BOOST_TEST(envelope.value == "hello");
}

BOOST_AUTO_TEST_CASE(a_null_and_an_empty_value_are_told_apart) {
  std::string stored;
  ValueEnvelope envelope;
  write_envelope({}, stored);
  BOOST_TEST(stored.size() == ValueEnvelope::header_size);
  BOOST_TEST(read_envelope(stored, envelope) == nullptr);
  BOOST_TEST(!envelope.null);
  ValueEnvelope null;
  null.null = true;
  write_envelope(null, stored);
  BOOST_TEST(read_envelope(stored, envelope) == nullptr);
  BOOST_TEST(envelope.null);
}

BOOST_AUTO_TEST_CASE(durations_beyond_the_header_are_limited) {
  ValueEnvelope long_ago;
  long_ago.stale_for = std::chrono::hours(24 * 365);
  long_ago.cost = -5us;
  std::string stored;
  write_envelope(long_ago, stored);
  ValueEnvelope envelope;
  BOOST_TEST(read_envelope(stored, envelope) == nullptr);
  BOOST_TEST(envelope.stale_for.count() == 0xffff'ffff);
  BOOST_TEST(envelope.cost.count() == 0);
}

// Failure F34; A 22.
BOOST_AUTO_TEST_CASE(an_envelope_cut_short_anywhere_is_refused) {
  const auto stored = sample();
  for (std::size_t size = 3; size < stored.size(); ++size)
    BOOST_TEST(is_refused(std::string_view(stored).substr(0, size)));
  BOOST_TEST(is_refused(stored + "x"));
}

BOOST_AUTO_TEST_CASE(a_change_of_any_bit_is_refused) {
  const auto stored = sample();
  for (std::size_t at = 3; at < stored.size(); ++at)
    for (unsigned bit = 0; bit < 8; ++bit) {
      auto damaged = stored;
      damaged[at] = static_cast<char>(static_cast<unsigned char>(damaged[at]) ^ (1U << bit));
      BOOST_TEST(is_refused(damaged));
    }
}

BOOST_AUTO_TEST_CASE(what_a_later_version_may_write_is_refused_though_its_checksum_is_right) {
  const auto stored = sample();
  BOOST_TEST(!is_refused(with_byte(stored, 4, '\0')));
  BOOST_TEST(is_refused(with_byte(stored, 3, '\x02')));  // the format
  BOOST_TEST(is_refused(with_byte(stored, 4, '\x04')));  // a flag
  BOOST_TEST(is_refused(with_byte(stored, 4, '\x01')));  // a null with a value
  BOOST_TEST(is_refused(with_byte(stored, 6, '\x01')));  // the code of an error that is none
  BOOST_TEST(is_refused(with_byte(stored, 7, '\x01')));  // a byte that has no meaning
}

// Nothing is made by a length that a stranger announces.
BOOST_AUTO_TEST_CASE(lengths_beyond_the_bytes_are_refused) {
  const auto stored = sample();
  BOOST_TEST(is_refused(with_byte(stored, 5, '\xff')));
  BOOST_TEST(is_refused(with_byte(stored, 27, '\xff')));
  BOOST_TEST(is_refused(with_byte(stored, 24, '\x04')));
}

BOOST_AUTO_TEST_CASE(other_values_do_not_look_like_one) {
  for (const auto value : {""sv, "\xC1"sv, "\xC1\x43"sv, "\xC1\x43\x53\x01"sv, "\xC1\x54\x47\x01"sv, "text"sv,
                           "\x80\x04"sv, "{\"a\":1}"sv})
    BOOST_TEST(!looks_enveloped(value));
  BOOST_TEST(looks_enveloped("\xC1\x43\x45"sv));
}

BOOST_AUTO_TEST_SUITE_END()
