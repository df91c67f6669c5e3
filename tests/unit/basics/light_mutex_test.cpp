#include "basics/light_mutex.hpp"

#include "support/wait_until.hpp"

#include <algorithm>
#include <atomic>
#include <mutex>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>

using cachesite::basics::LightMutex;
using cachesite::test::wait_until;

BOOST_AUTO_TEST_SUITE(light_mutex)

BOOST_AUTO_TEST_CASE(one_thread_at_a_time_holds_it_and_none_waits_for_ever) {
  LightMutex mutex;
  int inside = 0;
  int most = 0;
  long turns = 0;
  std::vector<std::thread> threads;
  for (int thread = 0; thread < 8; ++thread)
    threads.emplace_back([&, rests = thread % 2 == 0] {
      for (int turn = 0; turn < 2000; ++turn) {
        const std::lock_guard lock(mutex);
        most = std::max(most, ++inside);
        if (rests && turn % 16 == 0) std::this_thread::yield();
        ++turns;
        --inside;
      }
    });
  for (auto& each : threads)
    each.join();
  BOOST_TEST(most == 1);
  BOOST_TEST(turns == 16'000);
}

BOOST_AUTO_TEST_CASE(all_who_wait_get_it_one_after_the_other) {
  LightMutex mutex;
  std::atomic<int> about_to_wait{0};
  int had_it = 0;
  std::vector<std::thread> threads;
  {
    const std::lock_guard lock(mutex);
    for (int thread = 0; thread < 4; ++thread)
      threads.emplace_back([&] {
        ++about_to_wait;
        const std::lock_guard own(mutex);
        ++had_it;
      });
    BOOST_TEST_REQUIRE(wait_until([&] { return about_to_wait == 4; }));
    BOOST_TEST(had_it == 0);
  }
  for (auto& each : threads)
    each.join();
  BOOST_TEST(had_it == 4);
}

BOOST_AUTO_TEST_SUITE_END()
