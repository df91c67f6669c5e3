#include "basics/null_marker.hpp"

#include <string>

#include <boost/test/unit_test.hpp>

using namespace cachesite::basics;

BOOST_AUTO_TEST_SUITE(null_marker_in_stored_bytes)

BOOST_AUTO_TEST_CASE(stored_bytes_are_told_apart) {
  // As redis-kit writes it, byte for byte.
  BOOST_TEST((null_marker == std::string("\0__REDIS_KIT_NONE__\0", 20)));
  const std::string marker(null_marker);
  BOOST_TEST((classify_stored("") == StoredAs::value));
  BOOST_TEST((classify_stored(marker) == StoredAs::null));
  BOOST_TEST((classify_stored(old_null_marker) == StoredAs::null));
  BOOST_TEST((classify_stored(marker + "x") == StoredAs::escaped_value));
  BOOST_TEST((classify_stored(marker + marker) == StoredAs::escaped_value));
  BOOST_TEST((classify_stored(std::string(old_null_marker) + "x") == StoredAs::value));
  for (std::size_t size = 0; size < marker.size(); ++size)
    BOOST_TEST((classify_stored(marker.substr(0, size)) == StoredAs::value));
  for (std::size_t place = 0; place < marker.size(); ++place) {
    auto other = marker;
    other[place] = 'x';
    BOOST_TEST((classify_stored(other) == StoredAs::value));
    BOOST_TEST(!needs_escape(other));
  }
  BOOST_TEST(needs_escape(marker));
  BOOST_TEST(needs_escape(marker + "x"));
  BOOST_TEST(needs_escape(old_null_marker));
  BOOST_TEST(!needs_escape("__REDIS_KIT_NONE__x"));
}

BOOST_AUTO_TEST_SUITE_END()
