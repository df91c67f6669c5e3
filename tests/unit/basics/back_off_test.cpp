#include "basics/back_off.hpp"

#include <boost/test/unit_test.hpp>

using namespace cachesite::basics;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(back_off)

BOOST_AUTO_TEST_CASE(pauses_double_up_to_the_longest_and_half_of_each_is_chance) {
  for (std::uint64_t seed = 0; seed < 100; ++seed) {
    BackOff pauses(50ms, 1s, seed);
    auto whole = BackOff::Pause(50ms);
    for (int attempt = 0; attempt < 20; ++attempt) {
      const auto pause = pauses.next();
      BOOST_TEST((pause <= whole && pause >= whole / 2));
      whole = std::min<BackOff::Pause>(whole * 2, 1s);
    }
    pauses.reset();
    BOOST_TEST((pauses.next() <= 50ms));
  }
}

BOOST_AUTO_TEST_CASE(pauses_of_two_seeds_differ) {
  BackOff first(1s, 10s, 1);
  BackOff second(1s, 10s, 2);
  BOOST_TEST((first.next() != second.next() || first.next() != second.next()));
}

BOOST_AUTO_TEST_SUITE_END()
