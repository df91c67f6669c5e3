#include "../loaders/memory_meter.hpp"
#include "hex.hpp"
#include "hostile.hpp"

#include <cachesite/codec_cache.hpp>
#include <cachesite/json_serializer.hpp>
#include <cachesite/memory_cache.hpp>
#include <cachesite/message_pack_serializer.hpp>
#include <cachesite/pickle_serializer.hpp>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using test::MemoryMeter;
using test::unhex;

namespace {

// What the compressors themselves take comes from malloc and is bounded by their formats.
std::size_t peak_of_decoding(Compression compression, std::string_view stored, std::size_t most) {
  const CompressionCodec codec({compression, std::nullopt, 1000000});
  MemoryMeter::reset();
  {
    std::string plain;
    (void)codec.decode(stored, {}, most, plain);
  }
  return MemoryMeter::peak();
}

std::string bomb(Compression compression, std::size_t size) {
  std::string stored;
  (void)CompressionCodec({compression, std::nullopt, 1000000}).encode(std::string(size, '\0'), {}, stored);
  return stored;
}

template <class S>
std::size_t peak_of_reading(const S& serializer, std::string_view bytes) {
  MemoryMeter::reset();
  { (void)serializer.read_data(bytes); }
  return MemoryMeter::peak();
}

constexpr std::size_t slack = 8192;

}  // namespace

BOOST_AUTO_TEST_SUITE(codec_memory)

BOOST_AUTO_TEST_CASE(a_bomb_takes_no_more_than_the_limit) {
  for (const auto compression : {Compression::zlib, Compression::zstd, Compression::lz4}) {
    const auto stored = bomb(compression, 64 << 20U);
    for (const std::size_t most : {0u, 1000u, 1u << 20U})
      BOOST_TEST(peak_of_decoding(compression, stored, most) <= 2 * most + slack);
  }
}

BOOST_AUTO_TEST_CASE(damaged_headers_take_no_more_than_the_limit) {
  for (const auto compression : {Compression::zlib, Compression::zstd, Compression::lz4}) {
    const auto stored = bomb(compression, 5000);
    test::for_each_damage(stored, [&](const std::string& damaged) {
      BOOST_REQUIRE(peak_of_decoding(compression, damaged, 10000) <= 20000 + slack);
    });
  }
}

BOOST_AUTO_TEST_CASE(announced_counts_take_nothing) {
  for (const auto* const digits : {"ddffffffff", "dfffffffff", "c6ffffffff", "dbffffffff", "c9ffffffff01"})
    BOOST_TEST(peak_of_reading(MessagePackSerializer(), unhex(digits)) <= slack);
  for (const auto* const digits :
       {"800558ffffffff", "80058dffffffffffffff7f", "80058bffffff7f", "80055d72ffffff7f2e"})
    BOOST_TEST(peak_of_reading(PickleSerializer(), unhex(digits)) <= slack);
}

BOOST_AUTO_TEST_CASE(a_limit_of_values_bounds_what_a_tree_takes) {
  constexpr std::size_t values = 10000;
  constexpr std::size_t each = 300;
  const std::size_t many = 1 << 20U;
  BOOST_TEST(peak_of_reading(MessagePackSerializer({{64, values}, false}),
                             unhex("dd00100000") + std::string(many, '\xC0')) <= values * each);
  BOOST_TEST(peak_of_reading(JsonSerializer({{64, values}, false}),
                             "[" + std::string(many, '1') + "," + std::string(many, '0')) <= 16 * many);
  std::string zeros = "[0";
  for (std::size_t count = 0; count < many; ++count)
    zeros += ",0";
  BOOST_TEST(peak_of_reading(JsonSerializer({{64, values}, false}), zeros + "]") <= values * each);
  BOOST_TEST(peak_of_reading(PickleSerializer({{64, values}, 5}),
                             unhex("800528") + std::string(many, 'N') + "t.") <= values * each);
}

BOOST_AUTO_TEST_SUITE_END()
