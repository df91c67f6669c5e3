#include "redis/news/prefix_set.hpp"

#include "redis/news/probe_name.hpp"

#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite::redis;

BOOST_AUTO_TEST_SUITE(prefix_set)

BOOST_AUTO_TEST_CASE(the_shortest_prefixes_cover_the_others) {
  using Change = PrefixSet::Change;
  PrefixSet prefixes;
  BOOST_TEST((prefixes.add("a:b:") == Change::added));
  BOOST_TEST((prefixes.add("c:") == Change::added));
  BOOST_TEST((prefixes.add("a:b:") == Change::none));
  BOOST_TEST((prefixes.add("a:b:c") == Change::none));
  BOOST_TEST((prefixes.add("a:") == Change::anew));
  BOOST_TEST((prefixes.add("d") == Change::added));
  const std::vector<std::string> expected{"c:", "a:", "d"};
  BOOST_TEST(prefixes.all() == expected, boost::test_tools::per_element());
  BOOST_TEST((prefixes.add("") == Change::anew));
  BOOST_TEST(prefixes.all().size() == 1U);
  BOOST_TEST((prefixes.add("z") == Change::none));
}

BOOST_AUTO_TEST_CASE(a_probe_is_known_by_its_number_and_connection) {
  const ProbeName name("0123", "7");
  const auto key = name.text(12, 3);
  BOOST_TEST(key == "__cachesite_probe__:0123:{7}:12:3");
  BOOST_TEST(name.is_probe(key));
  BOOST_TEST(name.connection_of(key, 12).value() == 3U);
  BOOST_TEST(!name.connection_of(key, 13));
  for (const auto* const other :
       {"__cachesite_probe__:0123:{7}:12:", "__cachesite_probe__:0123:{7}:12:3x",
        "__cachesite_probe__:0123:{8}:12:3", "__cachesite_probe__:0123:{7}:12", "k"})
    BOOST_TEST(!name.connection_of(other, 12));
  BOOST_TEST(!name.is_probe("__cachesite_probe__:0124:{7}:12:3"));
}

BOOST_AUTO_TEST_SUITE_END()
