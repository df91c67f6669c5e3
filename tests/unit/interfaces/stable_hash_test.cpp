#include <cachesite/detail/stable_hash.hpp>

#include <string_view>

#include <boost/test/unit_test.hpp>

using cachesite::stable_hash;

BOOST_AUTO_TEST_SUITE(stable_hashes)

BOOST_AUTO_TEST_CASE(texts_have_the_hashes_that_the_authors_of_fnv_1a_publish) {
  BOOST_TEST(stable_hash("") == 0xcbf29ce484222325U);
  BOOST_TEST(stable_hash("a") == 0xaf63dc4c8601ec8cU);
  BOOST_TEST(stable_hash("foobar") == 0x85944171f73967e8U);
}

BOOST_AUTO_TEST_CASE(a_hash_goes_on_where_another_ended_and_all_bytes_count) {
  BOOST_TEST(stable_hash("bar", stable_hash("foo")) == stable_hash("foobar"));
  BOOST_TEST(stable_hash(std::string_view("\0", 1)) != stable_hash(""));
  BOOST_TEST(stable_hash("\xff") != stable_hash("\x7f"));
}

BOOST_AUTO_TEST_SUITE_END()
