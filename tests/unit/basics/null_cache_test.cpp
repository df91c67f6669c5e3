#include <cachesite/null_cache.hpp>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(null_cache)

BOOST_AUTO_TEST_CASE(every_call_answers_as_a_cache_that_has_just_lost_everything) {
  NullCache cache;
  BOOST_TEST(cache.add("key", "value", 1h).value());
  BOOST_TEST(cache.add("key", "value", 1h).value());
  BOOST_TEST(!cache.replace("key", "value", 1h).value());
  BOOST_TEST(cache.increment("counter", 7, 1h).value() == 7);
  BOOST_TEST(cache.increment("counter", -2, 1h).value() == -2);
  BOOST_TEST(!cache.expire("key", 1h).value());
  BOOST_TEST(!cache.persist("key").value());
  BOOST_TEST(!cache.contains("key").value());
  for (const auto& status : cache.set_many({{"a", "1", 1h}, {"b", "2", 1h}}))
    BOOST_TEST(status.ok());
  for (const auto& lookup : cache.get_many({"a", "b"}))
    BOOST_TEST(lookup.miss());
  for (const auto& removed : cache.remove_many({"a", "b"}))
    BOOST_TEST(!removed.value());
  BOOST_TEST(cache.remove_matching("*").value() == 0U);
  BOOST_TEST(cache.size().value() == 0U);
  BOOST_TEST(cache.clear().ok());
  // Stored: two adds, two increments, two of the batch.
  BOOST_TEST(cache.statistics().writes == 6U);
  BOOST_TEST(cache.statistics().misses == 2U);
  BOOST_TEST(cache.statistics().clears == 1U);
  BOOST_TEST(cache.statistics().removals == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
