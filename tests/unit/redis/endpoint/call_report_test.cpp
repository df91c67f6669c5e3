#include "redis/endpoint/call_report.hpp"

#include "redis/endpoint/breaker_guard.hpp"
#include "redis/endpoint/outage_log.hpp"
#include "support/collecting_logger.hpp"

#include <chrono>
#include <memory>
#include <mutex>
#include <optional>
#include <string>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::redis;
using namespace std::chrono_literals;
using Next = CallAttempts::Next;

namespace {

const TimePoint begin{1h};
const CallTime call{begin, begin + 100ms};
const std::string place = "redis at here:1";

std::string failure(Ending ending, const std::optional<Error>& loss, Outcome outcome, TimePoint now = begin) {
  CallAttempts attempts(false, false, 0);
  const Next next = attempts.after(ending, loss ? loss->code() : ErrorCode::unreachable, now < call.deadline);
  const Error error = CallReport(place, attempts).failure(next, loss, call, now);
  BOOST_TEST((error.outcome() == outcome));
  return std::string(to_string(error.code())) + ": " + std::string(error.message());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(call_report)

BOOST_AUTO_TEST_CASE(a_late_call_tells_how_long_it_waited_and_whether_it_was_sent) {
  BOOST_TEST(failure(Ending::timed_out_sent, {}, Outcome::unknown, begin + 2h) ==
             "timeout: redis at here:1: no answer within 100 ms (the command was sent)");
  BOOST_TEST(failure(Ending::timed_out_queued, {}, Outcome::not_done, begin + 30ms) ==
             "timeout: redis at here:1: no answer within 30 ms (the command was not sent)");
}

BOOST_AUTO_TEST_CASE(a_lost_connection_is_told_with_its_place_unless_somebody_closed_it) {
  BOOST_TEST(failure(Ending::lost_sent, Error(ErrorCode::no_memory, "gone"), Outcome::unknown) ==
             "unreachable: redis at here:1: gone");
  BOOST_TEST(failure(Ending::spoilt, Error(ErrorCode::protocol, "nonsense"), Outcome::unknown) ==
             "protocol: redis at here:1: nonsense");
  BOOST_TEST(failure(Ending::lost_unsent, Error(ErrorCode::closed, "the cache is stopped"),
                     Outcome::not_done) == "closed: the cache is stopped");
}

BOOST_AUTO_TEST_CASE(a_probe_that_brings_no_decision_makes_room_for_another) {
  std::mutex mutex;
  Breaker breaker({1, 10ms, 10ms}, 1);
  breaker.unanswered(begin, 0);
  const auto later = begin + 1s;
  {
    BreakerGuard hasty(breaker, mutex, 100ms);
    BOOST_TEST(!hasty.admit({begin, begin + 1s}));
    BOOST_TEST(hasty.admit({later, later + 10ms}));  // of too little patience to be the probe
    BOOST_TEST(hasty.probe() == 0U);
    BreakerGuard probe(breaker, mutex, 100ms);
    BOOST_TEST(probe.admit({later, later + 1s}));
    BOOST_TEST(probe.probe() != 0U);
    BOOST_TEST((breaker.state() == RedisBreakerState::half_open));
  }
  BOOST_TEST((breaker.state() == RedisBreakerState::open));
}

BOOST_AUTO_TEST_CASE(an_outage_and_its_end_are_told_once) {
  const auto logger = std::make_shared<test::CollectingLogger>();
  OutageLog outages("cache", logger);
  outages.is_back(place);
  outages.lost(place);
  outages.lost(place);
  outages.is_back(place);
  outages.is_back(place);
  outages.connected();
  outages.lost(place);
  const auto records = logger->records();
  BOOST_REQUIRE(records.size() == 3U);
  BOOST_TEST(records[0].message == "cache: cannot use redis at here:1; calls fail until it returns");
  BOOST_TEST(records[1].message == "cache: redis at here:1 is back");
  BOOST_TEST(records[2].message == "cache: lost redis at here:1; calls fail until it returns");
}

BOOST_AUTO_TEST_SUITE_END()
