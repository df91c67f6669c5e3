#include "redis/channel/wait_list.hpp"

#include <array>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite::redis;

namespace {

struct Line {
  Line() {
    for (Waiter& waiter : waiters)
      list.join(waiter);
  }
  [[nodiscard]] std::vector<long> places(Waiter* first) const {
    std::vector<long> places;
    for (; first != nullptr; first = first->next)
      places.push_back(first - waiters.data());
    return places;
  }
  std::array<Waiter, 4> waiters{};
  WaitList list;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(wait_list)

BOOST_FIXTURE_TEST_CASE(first_come_first_released, Line) {
  BOOST_TEST(list.release_one() == &waiters[0]);
  BOOST_TEST(list.release_one() == &waiters[1]);
  BOOST_TEST(list.size() == 2U);
  BOOST_TEST((places(list.release_all()) == std::vector<long>{2, 3}));
  BOOST_TEST(list.empty());
  BOOST_TEST(list.release_one() == nullptr);
  BOOST_TEST(list.release_all() == nullptr);
}

BOOST_FIXTURE_TEST_CASE(who_withdraws_is_not_released, Line) {
  BOOST_TEST(list.withdraw(waiters[0]));
  BOOST_TEST(list.withdraw(waiters[2]));
  BOOST_TEST(!list.withdraw(waiters[2]));
  BOOST_TEST((places(list.release_all()) == std::vector<long>{1, 3}));
  BOOST_TEST(!list.withdraw(waiters[1]));
}

BOOST_FIXTURE_TEST_CASE(who_comes_again_is_the_last, Line) {
  BOOST_REQUIRE(list.withdraw(waiters[0]));
  list.join(waiters[0]);
  BOOST_TEST((places(list.release_all()) == std::vector<long>{1, 2, 3, 0}));
}

BOOST_AUTO_TEST_SUITE_END()
