#include "memory/log/bucket.hpp"

#include "memory/base/hash.hpp"

#include <random>
#include <set>
#include <string>

#include <boost/test/unit_test.hpp>

using namespace cachesite::memory;

BOOST_AUTO_TEST_SUITE(bucket)

BOOST_AUTO_TEST_CASE(tags_are_matched_alike_with_and_without_simd) {
  std::mt19937_64 random(1);
  for (int round = 0; round < 20'000; ++round) {
    // Few different bytes, so that many are equal.
    const std::uint64_t word0 = random() & 0x0303030303030303U;
    const std::uint64_t word1 = random() & 0x0303030303030303U;
    for (unsigned tag = 0; tag < 5; ++tag) {
      std::uint32_t expected = 0;
      for (unsigned slot = 0; slot < Bucket::slots; ++slot) {
        const std::uint64_t word = slot < 8 ? word0 : word1;
        if ((word >> (8 * (slot & 7U)) & 0xFFU) == tag) expected |= 1U << slot;
      }
      BOOST_REQUIRE(match_tags(word0, word1, static_cast<std::uint8_t>(tag)) == expected);
      BOOST_REQUIRE(match_tags_by_words(word0, word1, static_cast<std::uint8_t>(tag)) == expected);
    }
  }
}

BOOST_AUTO_TEST_CASE(the_parts_of_a_bucket_do_not_touch_each_other) {
  Bucket bucket{};
  bucket.set_link(0x2ABCD);
  for (unsigned slot = 0; slot < Bucket::slots; ++slot) {
    bucket.set_tag(slot, static_cast<std::uint8_t>(200 + slot));
    bucket.set_use(slot, slot % 4);
    bucket.set_reference(slot, 1000 + slot);
  }
  for (unsigned slot = 0; slot < Bucket::slots; ++slot) {
    BOOST_TEST(bucket.tag(slot) == 200 + slot);
    BOOST_TEST(bucket.use(slot) == slot % 4);
    BOOST_TEST(bucket.reference(slot) == 1000 + slot);
  }
  BOOST_TEST(bucket.link() == 0x2ABCDU);
}

BOOST_AUTO_TEST_CASE(uses_are_counted_up_to_three) {
  Bucket bucket{};
  for (int i = 0; i < 10; ++i)
    bucket.count_use(bucket.word1.load(), 7);
  BOOST_TEST(bucket.use(7) == 3U);
  BOOST_TEST(bucket.use(6) == 0U);
  BOOST_TEST(bucket.use(8) == 0U);
}

BOOST_AUTO_TEST_CASE(a_change_moves_the_sequence_on_and_never_to_the_values_with_a_meaning) {
  Bucket bucket{};
  bucket.sequence = 2;
  {
    const ChainChange change(bucket);
    BOOST_TEST(bucket.sequence == 3U);
  }
  BOOST_TEST(bucket.sequence == 4U);
  bucket.sequence = 0xFFFFFFFEU;
  { const ChainChange change(bucket); }
  BOOST_TEST(bucket.sequence == 2U);
}

BOOST_AUTO_TEST_CASE(the_hash_depends_on_every_byte_on_the_length_and_on_the_seed) {
  const HashSeed seed{0x0123456789ABCDEF, 0xFEDCBA9876543210};
  std::set<std::uint64_t> hashes;
  std::size_t count = 0;
  for (std::size_t size = 0; size <= 70; ++size) {
    std::string key(size, 'k');
    hashes.insert(hash_key(key, seed));
    ++count;
    for (std::size_t i = 0; i < size; ++i, ++count) {
      key[i] = 'x';
      hashes.insert(hash_key(key, seed));
      key[i] = 'k';
    }
  }
  BOOST_TEST(hashes.size() == count);
  BOOST_TEST(hash_key("key", seed) != hash_key("key", HashSeed{0x1123456789ABCDEF, 0xFEDCBA9876543210}));
  BOOST_TEST(hash_key("key", seed) != hash_key("key", HashSeed{0x0123456789ABCDEF, 0xFEDCBA9876543211}));
}

BOOST_AUTO_TEST_SUITE_END()
