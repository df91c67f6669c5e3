#include "redis/breaker.hpp"

#include <chrono>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::redis;
using namespace std::chrono_literals;

namespace {

struct Fixture {
  std::chrono::nanoseconds pause() const { return breaker.open_until() - now; }
  void open() {
    while (!breaker.unanswered(now)) {
    }
  }

  TimePoint now{1h};
  Breaker breaker{{3, 100ms, 350ms}, 1};
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(redis_breaker, Fixture)

BOOST_AUTO_TEST_CASE(only_calls_in_a_row_without_an_answer_open_it) {
  for (int round = 0; round < 10; ++round) {
    BOOST_TEST(!breaker.troubled());
    BOOST_TEST(!breaker.unanswered(now));
    BOOST_TEST(!breaker.unanswered(now));
    BOOST_TEST(breaker.troubled());
    BOOST_TEST(!breaker.answered());
  }
  BOOST_TEST(!breaker.unanswered(now));
  BOOST_TEST(!breaker.unanswered(now));
  BOOST_TEST(breaker.unanswered(now));
  BOOST_TEST((breaker.state() == RedisBreakerState::open));
  BOOST_TEST(breaker.count() == 3u);
  BOOST_TEST(breaker.openings() == 1u);
}

BOOST_AUTO_TEST_CASE(it_stays_open_for_a_pause_whatever_earlier_calls_bring) {
  open();
  BOOST_TEST((pause() > 50ms && pause() <= 100ms));
  const auto until = breaker.open_until();
  BOOST_TEST(!breaker.answered());
  BOOST_TEST(!breaker.unanswered(now + 10ms));
  BOOST_TEST((breaker.state() == RedisBreakerState::open));
  BOOST_TEST((breaker.open_until() == until));
  BOOST_TEST(breaker.openings() == 1u);
}

BOOST_AUTO_TEST_CASE(the_first_answer_after_the_pause_closes_it) {
  open();
  breaker.try_again();
  BOOST_TEST((breaker.state() == RedisBreakerState::half_open));
  BOOST_TEST((breaker.open_until() < now));
  BOOST_TEST(breaker.troubled());
  BOOST_TEST(breaker.answered());
  BOOST_TEST((breaker.state() == RedisBreakerState::closed));
  BOOST_TEST(!breaker.troubled());
  BOOST_TEST(!breaker.unanswered(now));
}

BOOST_AUTO_TEST_CASE(a_call_without_an_answer_after_the_pause_opens_it_for_longer_each_time) {
  open();
  breaker.try_again();
  BOOST_TEST(breaker.unanswered(now));
  BOOST_TEST((pause() > 100ms && pause() <= 200ms));
  for (int round = 0; round < 10; ++round) {
    breaker.try_again();
    BOOST_TEST(breaker.unanswered(now));
    BOOST_TEST((pause() > 170ms && pause() <= 350ms));
  }
  BOOST_TEST(breaker.openings() == 12u);
  BOOST_TEST(breaker.count() == 14u);
  breaker.try_again();
  BOOST_TEST(breaker.answered());
  open();
  BOOST_TEST((pause() <= 100ms));
}

BOOST_AUTO_TEST_CASE(one_call_at_a_time_is_let_through_after_the_pause) {
  BOOST_TEST(breaker.admits(now, 1s));
  open();
  BOOST_TEST(!breaker.admits(now, 1s));
  breaker.try_again();
  BOOST_TEST(breaker.admits(now, 1s));
  BOOST_TEST(!breaker.admits(now + 999ms, 1s));
  BOOST_TEST(breaker.admits(now + 1s, 1s));
  BOOST_TEST(breaker.answered());
  BOOST_TEST(breaker.admits(now + 1s, 1s));
  BOOST_TEST(breaker.admits(now + 1s, 1s));
}

BOOST_AUTO_TEST_CASE(trying_again_means_nothing_while_it_is_closed) {
  breaker.unanswered(now);
  breaker.try_again();
  BOOST_TEST((breaker.state() == RedisBreakerState::closed));
  BOOST_TEST(!breaker.answered());
}

BOOST_AUTO_TEST_CASE(one_call_may_be_enough_and_none_ever) {
  Breaker eager({1, 100ms, 350ms}, 1);
  BOOST_TEST(eager.unanswered(now));
  eager.try_again();
  BOOST_TEST(eager.troubled());
  BOOST_TEST(eager.answered());
  BOOST_TEST(!eager.troubled());
  Breaker never({0, 100ms, 350ms}, 1);
  for (int call = 0; call < 1000; ++call)
    BOOST_TEST(!never.unanswered(now));
  BOOST_TEST(!never.troubled());
}

BOOST_AUTO_TEST_SUITE_END()
