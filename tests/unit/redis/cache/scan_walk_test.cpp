#include "redis/cache/scan_walk.hpp"

#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

using cachesite::redis::ScanWalk;

namespace {

using Servers = std::vector<std::string>;

/// As between two calls of a user.
ScanWalk kept(const ScanWalk& walk) {
  return ScanWalk(walk.text());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(redis_scan_walk)

BOOST_AUTO_TEST_CASE(a_walk_asks_each_server_until_its_cursor_is_0_again) {
  const Servers servers{"a:1", "b:2"};
  ScanWalk walk;
  BOOST_TEST(walk.next(servers).value() == "a:1");
  BOOST_TEST(walk.cursor() == "0");
  walk.answered("17", servers);
  walk = kept(walk);
  BOOST_TEST(walk.next(servers).value() == "a:1");
  BOOST_TEST(walk.cursor() == "17");
  walk.answered("0", servers);
  BOOST_TEST(!walk.finished());
  walk = kept(walk);
  BOOST_TEST(walk.next(servers).value() == "b:2");
  BOOST_TEST(walk.cursor() == "0");
  walk.answered("0", servers);
  BOOST_TEST(walk.finished());
  walk = kept(walk);
  BOOST_TEST(!walk.next(servers).has_value());
  BOOST_TEST(walk.finished());
}

BOOST_AUTO_TEST_CASE(a_server_that_takes_the_place_of_another_is_walked_from_its_beginning) {
  ScanWalk walk;
  BOOST_TEST(walk.next({"a:1", "b:2"}).value() == "a:1");
  walk.answered("17", {"a:1", "b:2"});
  walk = kept(walk);
  BOOST_TEST(walk.next({"b:2", "c:3"}).value() == "b:2");
  BOOST_TEST(walk.cursor() == "0");
  walk.answered("0", {"b:2", "c:3"});
  walk = kept(walk);
  BOOST_TEST(walk.next({"b:2", "c:3"}).value() == "c:3");
  walk.answered("0", {"b:2", "c:3"});
  BOOST_TEST(walk.finished());
}

BOOST_AUTO_TEST_CASE(a_walk_over_no_servers_is_finished) {
  ScanWalk walk;
  BOOST_TEST(!walk.next({}).has_value());
  BOOST_TEST(walk.finished());
}

BOOST_AUTO_TEST_CASE(a_walk_that_is_thrown_back_again_and_again_has_an_end) {
  ScanWalk walk;
  unsigned steps = 0;
  while (!walk.lost() && !walk.finished() && steps < 10'000) {
    const Servers servers{steps % 2 == 0 ? "a:1" : "b:2"};
    walk = kept(walk);
    if (walk.next(servers)) walk.answered("17", servers);
    ++steps;
  }
  BOOST_TEST(walk.lost());
  BOOST_TEST(steps < 2 * ScanWalk::most_departures);
}

BOOST_AUTO_TEST_SUITE_END()
