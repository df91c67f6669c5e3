#include "hex.hpp"
#include "hostile.hpp"

#include <cachesite/compression_codec.hpp>

#include <stdexcept>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using test::hex;
using test::unhex;

namespace {

constexpr std::size_t plenty = 1 << 24;
const CodecScope nowhere;

CompressionCodec codec_of(Compression compression, std::uint32_t max_ratio = 200) {
  return CompressionCodec({compression, std::nullopt, max_ratio});
}

std::string encoded(Compression compression, std::string_view plain) {
  std::string stored;
  BOOST_REQUIRE(codec_of(compression, 1000000).encode(plain, nowhere, stored).ok());
  return stored;
}

// The value, or the code of the failure in brackets.
std::string decoded(Compression compression, std::string_view stored, std::size_t most = plenty,
                    std::uint32_t max_ratio = 200) {
  std::string plain;
  const auto status = codec_of(compression, max_ratio).decode(stored, nowhere, most, plain);
  return status.ok() ? plain : "[" + std::string(to_string(status.error().code())) + "]";
}

std::string repeated(std::string_view text, int times) {
  std::string result;
  while (times-- > 0)
    result.append(text);
  return result;
}

constexpr Compression all[] = {Compression::zlib, Compression::zstd, Compression::lz4};

struct Vector {
  Compression compression;
  std::string_view stored;
  std::string plain;
};

// Written by the compressors of redis-kit: Python's zlib (level 6), zstandard (level 3) and lz4.frame.
const Vector vectors[] = {
    {Compression::zlib, "789c4b4c4a0600024d0127", "abc"},
    {Compression::zlib, "789ccb48cdc9c957c81825892001e7aa6e29", repeated("hello ", 50)},
    {Compression::zlib, "789c030000000001", ""},
    {Compression::zstd, "28b52ffd2003190000616263", "abc"},
    {Compression::zstd, "28b52ffd602c006d00003068656c6c6f20010023514b11", repeated("hello ", 50)},
    {Compression::zstd, "28b52ffd2000010000", ""},
    {Compression::lz4, "04224d1868400300000000000000870300008061626300000000", "abc"},
    {Compression::lz4, "04224d1868402c0100000000000084110000006f68656c6c6f200600ff0f50656c6c6f2000000000",
     repeated("hello ", 50)},
    {Compression::lz4, "04224d1860408200000000", ""},
};

}  // namespace

BOOST_AUTO_TEST_SUITE(compression_codec)

BOOST_AUTO_TEST_CASE(what_redis_kit_writes_is_read_and_written_the_same) {
  for (const auto& vector : vectors) {
    BOOST_TEST(decoded(vector.compression, unhex(vector.stored)) == vector.plain);
    BOOST_TEST(hex(encoded(vector.compression, vector.plain)) == vector.stored);
  }
}

BOOST_AUTO_TEST_CASE(frames_without_a_content_size_and_with_checksums_are_read) {
  const auto plain = repeated("hello ", 50);
  BOOST_TEST(decoded(Compression::zstd, unhex("28b52ffd00586d00003068656c6c6f20010023514b11")) == plain);
  BOOST_TEST(decoded(Compression::lz4,
                     unhex("04224d18604082110000006f68656c6c6f200600ff0f50656c6c6f2000000000")) == plain);
  BOOST_TEST(decoded(Compression::lz4,
                     unhex("04224d187c402c01000000000000fa110000006f68656c6c6f200600ff0f50656c6c6f20"
                           "a88198de0000000041f8976e")) == plain);
}

BOOST_AUTO_TEST_CASE(values_of_every_size_come_back) {
  for (const auto compression : all)
    for (const std::size_t size :
         {0u, 1u, 2u, 255u, 4096u, 65535u, 65536u, 65537u, 1u << 20U, (5u << 20U) + 1})
      for (const auto& plain : {test::random_bytes(size, 1), test::compressible(size, 2)})
        BOOST_TEST((decoded(compression, encoded(compression, plain)) == plain));
}

BOOST_AUTO_TEST_CASE(every_level_is_read_and_others_are_refused) {
  const auto plain = test::compressible(20000, 3);
  const std::pair<Compression, std::pair<int, int>> ranges[] = {
      {Compression::zlib, {0, 9}}, {Compression::zstd, {1, 19}}, {Compression::lz4, {0, 12}}};
  for (const auto& [compression, range] : ranges) {
    for (int level = range.first; level <= range.second; ++level) {
      std::string stored;
      BOOST_REQUIRE(CompressionCodec({compression, level, 200}).encode(plain, nowhere, stored).ok());
      BOOST_TEST((decoded(compression, stored) == plain));
    }
    BOOST_CHECK_THROW(CompressionCodec({compression, range.first - 1, 200}), std::invalid_argument);
    BOOST_CHECK_THROW(CompressionCodec({compression, range.second + 1, 200}), std::invalid_argument);
  }
}

BOOST_AUTO_TEST_CASE(a_value_of_exactly_the_limit_is_read_and_one_byte_more_is_not) {
  for (const auto compression : all)
    for (const std::size_t size : {1u, 1000u, 70000u}) {
      const auto plain = test::compressible(size, 4);
      const auto stored = encoded(compression, plain);
      BOOST_TEST((decoded(compression, stored, size) == plain));
      BOOST_TEST(decoded(compression, stored, size - 1) == "[too_large]");
    }
  // Without an announced size.
  const auto frame = unhex("28b52ffd00586d00003068656c6c6f20010023514b11");
  BOOST_TEST(decoded(Compression::zstd, frame, 300).size() == 300u);
  BOOST_TEST(decoded(Compression::zstd, frame, 299) == "[too_large]");
  const auto unsized = unhex("04224d18604082110000006f68656c6c6f200600ff0f50656c6c6f2000000000");
  BOOST_TEST(decoded(Compression::lz4, unsized, 300).size() == 300u);
  BOOST_TEST(decoded(Compression::lz4, unsized, 299) == "[too_large]");
}

BOOST_AUTO_TEST_CASE(a_bomb_is_refused_by_the_ratio_before_the_limit) {
  const std::string zeros(50 << 20U, '\0');
  for (const auto compression : {Compression::zlib, Compression::zstd}) {
    const auto bomb = encoded(compression, zeros);
    BOOST_TEST(decoded(compression, bomb, zeros.size()) == "[too_large]");
    BOOST_TEST((decoded(compression, bomb, zeros.size(), 1000000) == zeros));
  }
}

BOOST_AUTO_TEST_CASE(an_announced_size_beyond_the_limit_is_refused_at_once) {
  // Headers that announce 2^60 bytes, with nothing behind.
  BOOST_TEST(decoded(Compression::lz4, unhex("04224d18684000000000000000100d") + std::string(8, '\0')) != "");
  BOOST_TEST(decoded(Compression::zstd, unhex("28b52ffde00000000000000010010000")) == "[too_large]");
}

BOOST_AUTO_TEST_CASE(a_value_that_could_not_be_read_again_is_not_written) {
  const std::string zeros(50 << 20U, '\0');
  std::string stored;
  const auto status = codec_of(Compression::zstd).encode(zeros, nowhere, stored);
  BOOST_REQUIRE(!status.ok());
  BOOST_TEST((status.error().code() == ErrorCode::too_large));
}

BOOST_AUTO_TEST_CASE(damage_never_gives_more_than_the_limit_nor_a_crash) {
  for (const auto compression : all) {
    const auto plain = test::compressible(600, 5);
    const auto stored = encoded(compression, plain);
    test::for_each_damage(stored, [&](const std::string& damaged) {
      std::string result;
      const auto status = codec_of(compression).decode(damaged, nowhere, plain.size(), result);
      if (status.ok()) BOOST_REQUIRE(result.size() <= plain.size());
      if (damaged.size() < stored.size()) BOOST_REQUIRE(!status.ok());
      if (damaged.size() > stored.size()) BOOST_REQUIRE(!status.ok());
    });
  }
}

BOOST_AUTO_TEST_CASE(other_containers_and_skippable_frames_are_no_values) {
  BOOST_TEST(decoded(Compression::zlib, "plain text") == "[corrupt]");
  BOOST_TEST(decoded(Compression::zstd, "plain text") == "[corrupt]");
  BOOST_TEST(decoded(Compression::lz4, "plain text") == "[corrupt]");
  const auto skippable = unhex("502a4d1804000000") + "abcd";
  BOOST_TEST(decoded(Compression::zstd, skippable) == "[corrupt]");
  BOOST_TEST(decoded(Compression::lz4, skippable) == "[corrupt]");
  BOOST_TEST(decoded(Compression::zlib, unhex("1f8b0800000000000003") + "gzip") == "[corrupt]");
}

BOOST_AUTO_TEST_SUITE_END()
