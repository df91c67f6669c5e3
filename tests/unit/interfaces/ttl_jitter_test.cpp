#include <cachesite/detail/ttl_jitter.hpp>

#include <array>
#include <limits>
#include <set>
#include <string>

#include <boost/test/unit_test.hpp>

using cachesite::jittered;
using cachesite::TimeToLive;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(ttl_jitter)

BOOST_AUTO_TEST_CASE(the_difference_stays_within_its_share_and_fills_it) {
  std::array<int, 10> parts{};
  for (int number = 0; number < 10'000; ++number) {
    const auto changed = jittered(1000s, "key:" + std::to_string(number), 0.1).count();
    BOOST_REQUIRE(changed >= 900'000);
    BOOST_REQUIRE(changed <= 1'100'000);
    ++parts[static_cast<std::size_t>((changed - 900'000) * 10 / 200'001)];
  }
  for (const int part : parts) {
    BOOST_TEST(part > 850);
    BOOST_TEST(part < 1150);
  }
}

BOOST_AUTO_TEST_CASE(one_key_has_one_result_everywhere) {
  // The values are part of the promise: a program that shares keys with another one gets the same TTLs.
  BOOST_TEST(jittered(1h, "user:42", 0.1).count() == jittered(1h, "user:42", 0.1).count());
  BOOST_TEST(jittered(1h, "user:42", 0.1).count() == 3'851'381);
  BOOST_TEST(jittered(1h, "user:43", 0.1).count() == 3'630'217);
  BOOST_TEST(jittered(1h, "", 0.1).count() == 3'696'181);
}

BOOST_AUTO_TEST_CASE(keys_that_differ_little_differ_much) {
  std::set<std::int64_t> ends;
  for (char last = 'a'; last <= 'z'; ++last)
    ends.insert(jittered(1h, std::string("session:") + last, 0.5).count() / 60'000);
  BOOST_TEST(ends.size() > 15U);
}

BOOST_AUTO_TEST_CASE(without_a_share_nothing_changes) {
  for (const double share : {0.0, -0.1, -std::numeric_limits<double>::infinity(),
                             std::numeric_limits<double>::quiet_NaN(), 1e-300})
    BOOST_TEST((jittered(1h, "key", share) == TimeToLive(1h)));
}

BOOST_AUTO_TEST_CASE(a_share_is_at_most_a_half) {
  for (int number = 0; number < 100; ++number) {
    const auto key = std::to_string(number);
    BOOST_TEST((jittered(1h, key, 7.0) == jittered(1h, key, 0.5)));
    BOOST_TEST((jittered(1h, key, std::numeric_limits<double>::infinity()) == jittered(1h, key, 0.5)));
  }
}

BOOST_AUTO_TEST_CASE(a_ttl_without_an_end_and_one_that_is_not_valid_stay_so) {
  BOOST_TEST((jittered(TimeToLive::never_expires(), "key", 0.5) == TimeToLive::never_expires()));
  BOOST_TEST(!jittered(0s, "key", 0.5).valid());
}

BOOST_AUTO_TEST_CASE(the_result_is_a_ttl_that_every_cache_takes) {
  bool at_the_end = false;
  for (int number = 0; number < 1000; ++number) {
    const auto key = std::to_string(number);
    for (const TimeToLive time_to_live :
         {TimeToLive(1ms), TimeToLive(2ms), TimeToLive(3ms), TimeToLive(TimeToLive::longest)}) {
      const auto changed = jittered(time_to_live, key, 0.5);
      BOOST_REQUIRE(changed.valid());
      BOOST_REQUIRE(changed.count() <= TimeToLive::longest.count());
      at_the_end = at_the_end || changed.count() == TimeToLive::longest.count();
    }
    BOOST_REQUIRE(jittered(1ms, key, 0.5).count() == 1);
  }
  BOOST_TEST(at_the_end);
}

BOOST_AUTO_TEST_SUITE_END()
