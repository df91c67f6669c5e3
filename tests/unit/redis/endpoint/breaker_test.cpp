#include "redis/endpoint/breaker.hpp"

#include <chrono>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::redis;
using namespace std::chrono_literals;

namespace {

using Admission = Breaker::Admission;
using State = Breaker::State;

struct Fixture {
  void open() {
    while (!breaker.unanswered(now, 0)) {
    }
  }
  /// How long calls are refused from now on.
  std::chrono::milliseconds pause() const {
    auto length = 0ms;
    while (breaker.refuses(now + length))
      ++length;
    return length;
  }
  bool enters(Admission expected, bool decisive = true) {
    return breaker.enter(now, decisive, 1s) == expected;
  }

  TimePoint now{1h};
  Breaker breaker{{3, 100ms, 350ms}, 1};
};

}  // namespace

BOOST_FIXTURE_TEST_SUITE(redis_breaker, Fixture)

BOOST_AUTO_TEST_CASE(only_calls_in_a_row_without_an_answer_open_it) {
  for (int round = 0; round < 10; ++round) {
    BOOST_TEST(!breaker.troubled());
    BOOST_TEST(!breaker.unanswered(now, 0));
    BOOST_TEST(!breaker.unanswered(now, 0));
    BOOST_TEST(breaker.troubled());
    BOOST_TEST(enters(Admission::free));
    BOOST_TEST(!breaker.answered());
  }
  BOOST_TEST(!breaker.unanswered(now, 0));
  BOOST_TEST(!breaker.unanswered(now, 0));
  BOOST_TEST(breaker.unanswered(now, 0));
  BOOST_TEST((breaker.state() == State::open));
  BOOST_TEST(breaker.count() == 3u);
  BOOST_TEST(breaker.openings() == 1u);
}

BOOST_AUTO_TEST_CASE(it_refuses_calls_for_a_pause_that_later_failures_do_not_change) {
  open();
  BOOST_TEST(enters(Admission::refused));
  const auto length = pause();
  BOOST_TEST((length > 50ms && length <= 101ms));
  BOOST_TEST(!breaker.unanswered(now + 10ms, 0));
  BOOST_TEST((pause() == length));
  BOOST_TEST(breaker.openings() == 1u);
}

BOOST_AUTO_TEST_CASE(after_the_pause_one_call_is_let_through_and_its_answer_closes_it) {
  open();
  now += 100ms;
  BOOST_TEST(!breaker.refuses(now));
  BOOST_TEST(enters(Admission::probe));
  BOOST_TEST((breaker.state() == State::half_open));
  now += 999ms;
  BOOST_TEST(enters(Admission::refused));
  BOOST_TEST(breaker.answered());
  breaker.probe_ended(now, breaker.probe());
  BOOST_TEST((breaker.state() == State::closed));
  BOOST_TEST(!breaker.troubled());
  BOOST_TEST(!breaker.refuses(now));
  BOOST_TEST(enters(Admission::free));
  BOOST_TEST(!breaker.unanswered(now, 0));
}

BOOST_AUTO_TEST_CASE(a_probe_without_an_answer_opens_it_for_longer_each_time) {
  open();
  for (const auto longest : {200ms, 350ms, 350ms, 350ms}) {
    now += 1s;
    BOOST_TEST(enters(Admission::probe));
    BOOST_TEST(breaker.unanswered(now, breaker.probe()));
    breaker.probe_ended(now, breaker.probe());
    BOOST_TEST((breaker.state() == State::open));
    BOOST_TEST((pause() > longest / 2 - 1ms && pause() <= longest + 1ms));
  }
  BOOST_TEST(breaker.openings() == 5u);
  now += 1s;
  BOOST_TEST(enters(Admission::probe));
  BOOST_TEST(breaker.answered());
  open();
  BOOST_TEST((pause() <= 101ms));
}

BOOST_AUTO_TEST_CASE(a_probe_that_brings_no_decision_lets_the_next_call_try) {
  open();
  now += 1s;
  BOOST_TEST(enters(Admission::probe));
  breaker.probe_ended(now, breaker.probe());
  BOOST_TEST((breaker.state() == State::open));
  BOOST_TEST(enters(Admission::probe));
}

BOOST_AUTO_TEST_CASE(a_probe_that_takes_too_long_leaves_the_decision_to_the_next) {
  open();
  now += 1s;
  BOOST_TEST(enters(Admission::probe));
  const auto first = breaker.probe();
  now += 1s;
  BOOST_TEST(enters(Admission::probe));
  BOOST_TEST(!breaker.unanswered(now, first));
  breaker.probe_ended(now, first);
  BOOST_TEST((breaker.state() == State::half_open));
  BOOST_TEST(enters(Admission::refused));
  BOOST_TEST(breaker.unanswered(now, breaker.probe()));
}

BOOST_AUTO_TEST_CASE(a_call_of_little_patience_goes_through_after_the_pause_and_is_no_probe) {
  open();
  BOOST_TEST(enters(Admission::refused, false));
  now += 1s;
  BOOST_TEST(enters(Admission::free, false));
  BOOST_TEST(!breaker.unanswered(now, 0));
  BOOST_TEST(enters(Admission::probe));
  BOOST_TEST(enters(Admission::refused, false));
  BOOST_TEST(breaker.answered());
}

BOOST_AUTO_TEST_CASE(a_call_from_before_the_opening_decides_nothing_by_failing_and_closes_it_by_its_answer) {
  open();
  now += 1s;
  BOOST_TEST(enters(Admission::probe));
  BOOST_TEST(!breaker.unanswered(now, 0));
  BOOST_TEST((breaker.state() == State::half_open));
  BOOST_TEST(breaker.answered());
  BOOST_TEST((breaker.state() == State::closed));
  // What was the probe is a call like any other now.
  BOOST_TEST(!breaker.unanswered(now, breaker.probe()));
  breaker.probe_ended(now, breaker.probe());
  BOOST_TEST((breaker.state() == State::closed));
}

BOOST_AUTO_TEST_CASE(one_call_may_be_enough_and_none_ever) {
  Breaker eager({1, 100ms, 350ms}, 1);
  BOOST_TEST(eager.unanswered(now, 0));
  BOOST_TEST(eager.troubled());
  Breaker never({0, 100ms, 350ms}, 1);
  for (int call = 0; call < 1000; ++call)
    BOOST_TEST(!never.unanswered(now, 0));
  BOOST_TEST((never.state() == State::closed));
  BOOST_TEST(!never.refuses(now));
  BOOST_TEST((never.enter(now, true, 1s) == Breaker::Admission::free));
  BOOST_TEST(never.count() == 1000u);
  BOOST_TEST(!never.answered());
  BOOST_TEST(!never.troubled());
}

BOOST_AUTO_TEST_SUITE_END()
