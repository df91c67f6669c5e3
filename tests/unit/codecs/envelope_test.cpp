#include "codecs/envelope.hpp"

#include "hex.hpp"

#include <string>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using codecs::Envelope;
using codecs::EnvelopeVerdict;

BOOST_AUTO_TEST_SUITE(envelope)

namespace {

const CodecScope here{"shop", "user:1"};

std::string sealed(const Envelope& envelope, std::string_view content) {
  std::string stored;
  codecs::begin_envelope(envelope, here, stored);
  stored.append(content);
  codecs::seal_envelope(stored);
  return stored;
}

// What a reader says of the bytes with another byte at a place, and a checksum that is right again.
EnvelopeVerdict verdict_with(std::string stored, std::size_t place, unsigned byte, Envelope& envelope) {
  stored[place] = static_cast<char>(byte);
  codecs::seal_envelope(stored);
  return codecs::read_envelope(stored, here, envelope);
}

}  // namespace

BOOST_AUTO_TEST_CASE(every_field_has_its_place) {
  const auto stored = sealed({2, 3, 1, 0x01020304}, "Ada");
  BOOST_TEST(test::hex(stored).substr(0, 40) == "c14353010203010001020304ac6977f8c8e19485");
  Envelope read;
  BOOST_TEST((codecs::read_envelope(stored, here, read) == EnvelopeVerdict::good));
  BOOST_TEST(read.compression == 2);
  BOOST_TEST(read.encryption == 3);
  BOOST_TEST(read.flags == 1);
  BOOST_TEST(read.content_size == 0x01020304U);
}

BOOST_AUTO_TEST_CASE(each_byte_of_the_header_is_read_although_the_checksum_is_right) {
  const Envelope written{1, 2, 1, 3};
  const auto stored = sealed(written, "Ada");
  for (std::size_t place = 0; place < Envelope::checksum_at; ++place) {
    for (unsigned byte = 0; byte < 256; ++byte) {
      if (byte == static_cast<unsigned char>(stored[place])) continue;
      Envelope read = written;
      const auto verdict = verdict_with(stored, place, byte, read);
      const bool magic = place < 3;
      if (magic) {
        auto other = stored;
        other[place] = static_cast<char>(byte);
        BOOST_REQUIRE(!codecs::has_envelope(other));
      } else if (place == 3 || place == 7) {  // the version, and what is reserved
        BOOST_REQUIRE((verdict == EnvelopeVerdict::version));
      } else if (place < 12) {
        BOOST_REQUIRE((verdict == EnvelopeVerdict::good));
        BOOST_REQUIRE(read.compression == (place == 4 ? byte : 1U));
        BOOST_REQUIRE(read.encryption == (place == 5 ? byte : 2U));
        BOOST_REQUIRE(read.flags == (place == 6 ? byte : 1U));
        const auto shift = 8 * (11 - static_cast<unsigned>(place));
        const auto size = place < 8 ? 3U : (3U & ~(0xFFU << shift)) | byte << shift;
        BOOST_REQUIRE(read.content_size == size);
      } else {
        BOOST_REQUIRE((verdict == EnvelopeVerdict::misplaced));
      }
    }
  }
}

BOOST_AUTO_TEST_CASE(every_bit_is_under_the_checksum) {
  const auto stored = sealed({1, 2, 1, 3}, "Ada");
  for (std::size_t bit = 4 * 8; bit < stored.size() * 8; ++bit) {
    auto damaged = stored;
    damaged[bit / 8] = static_cast<char>(static_cast<unsigned char>(damaged[bit / 8]) ^ (1U << (bit % 8)));
    Envelope read;
    BOOST_REQUIRE((codecs::read_envelope(damaged, here, read) == EnvelopeVerdict::damaged));
  }
}

BOOST_AUTO_TEST_CASE(a_header_that_is_cut_off_is_none) {
  const auto stored = sealed({}, "");
  BOOST_TEST(stored.size() == Envelope::size);
  BOOST_TEST(codecs::has_envelope(stored));
  BOOST_TEST(!codecs::has_envelope(std::string_view(stored).substr(0, Envelope::size - 1)));
  BOOST_TEST(!codecs::has_envelope(""));
}

BOOST_AUTO_TEST_CASE(the_place_is_that_of_the_cache_and_of_the_key) {
  const auto stored = sealed({}, "value");
  Envelope read;
  for (const CodecScope& scope : {CodecScope{"shop", "user:2"}, CodecScope{"shoq", "user:1"},
                                  CodecScope{"", "shop user:1"}, CodecScope{"shopu", "ser:1"}, CodecScope{}})
    BOOST_TEST((codecs::read_envelope(stored, scope, read) == EnvelopeVerdict::misplaced));
}

BOOST_AUTO_TEST_SUITE_END()
