#include "layers/tiered/key_changes.hpp"

#include <cstddef>
#include <string>

#include <boost/test/unit_test.hpp>

using cachesite::tiered::KeyChanges;

BOOST_AUTO_TEST_SUITE(key_changes)

// Such as numbers of 128 bits.
BOOST_AUTO_TEST_CASE(keys_with_many_zero_bytes_have_counts_of_their_own) {
  KeyChanges changes(1024);
  const auto key = [](char number) { return "user:" + std::string(15, '\0') + number; };
  KeyChanges::Held(changes, key(0)).change();
  std::size_t changed = 0;
  for (char number = 1; number < 100; ++number)
    changed += changes.count(key(number)) != 0 ? 1 : 0;
  BOOST_TEST(changed < 3U);
}

BOOST_AUTO_TEST_SUITE_END()
