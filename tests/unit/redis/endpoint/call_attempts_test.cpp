#include "redis/endpoint/call_attempts.hpp"

#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::redis;
using Next = CallAttempts::Next;

namespace {

Next after(CallAttempts& attempts, Ending ending, ErrorCode loss = ErrorCode::unreachable,
           bool in_time = true) {
  return attempts.after(ending, loss, in_time);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(call_attempts)

BOOST_AUTO_TEST_CASE(what_was_written_is_repeated_once_and_only_when_it_does_no_harm) {
  CallAttempts harmless(true, false, 1);
  BOOST_TEST((after(harmless, Ending::lost_sent) == Next::again));
  BOOST_TEST((after(harmless, Ending::lost_sent) == Next::lost));
  BOOST_TEST((harmless.outcome() == Outcome::unknown));
  CallAttempts harmful(false, true, 1);
  BOOST_TEST((after(harmful, Ending::lost_sent) == Next::lost));
  BOOST_TEST((harmful.outcome() == Outcome::unknown));
}

BOOST_AUTO_TEST_CASE(what_was_never_written_is_written_again_until_no_connection_can_be_an_old_one) {
  for (const std::size_t connections : {1u, 2u, 3u, 9u}) {
    CallAttempts attempts(false, false, connections);
    for (std::size_t attempt = 0; attempt <= connections; ++attempt)
      BOOST_TEST((after(attempts, Ending::lost_unsent) == Next::again));
    BOOST_TEST((after(attempts, Ending::lost_unsent) == Next::lost));
    BOOST_TEST((attempts.outcome() == Outcome::not_done));
  }
}

BOOST_AUTO_TEST_CASE(connections_that_ended_unused_do_not_take_the_one_repetition_from_a_command) {
  CallAttempts attempts(true, false, 2);
  BOOST_TEST((after(attempts, Ending::lost_unsent) == Next::again));
  BOOST_TEST((after(attempts, Ending::lost_unsent) == Next::again));
  BOOST_TEST((after(attempts, Ending::lost_sent) == Next::again));
  BOOST_TEST((after(attempts, Ending::lost_sent) == Next::lost));
}

BOOST_AUTO_TEST_CASE(a_command_that_may_have_been_done_stays_so_whatever_follows) {
  CallAttempts attempts(true, false, 2);
  BOOST_TEST((after(attempts, Ending::lost_sent) == Next::again));
  BOOST_TEST((after(attempts, Ending::timed_out_queued) == Next::late));
  BOOST_TEST(!attempts.sent());
  BOOST_TEST((attempts.outcome() == Outcome::unknown));
}

BOOST_AUTO_TEST_CASE(nothing_is_repeated_after_the_deadline_a_spoilt_answer_or_a_wanted_end) {
  const auto first = [](Ending ending, ErrorCode loss, bool in_time, bool repeat_after_timeout = false) {
    CallAttempts attempts(true, repeat_after_timeout, 1);
    return attempts.after(ending, loss, in_time);
  };
  BOOST_TEST((first(Ending::lost_unsent, ErrorCode::unreachable, false) == Next::late));
  BOOST_TEST((first(Ending::timed_out_sent, ErrorCode::unreachable, true) == Next::late));
  BOOST_TEST((first(Ending::spoilt, ErrorCode::protocol, true) == Next::spoilt));
  BOOST_TEST((first(Ending::lost_sent, ErrorCode::closed, true) == Next::closed));
  BOOST_TEST((first(Ending::lost_sent, ErrorCode::timeout, true) == Next::late));
  BOOST_TEST((first(Ending::lost_sent, ErrorCode::timeout, true, true) == Next::again));
  BOOST_TEST((first(Ending::answered, ErrorCode::unreachable, false) == Next::done));
}

BOOST_AUTO_TEST_CASE(a_connection_that_is_not_there_is_asked_for_three_times) {
  CallAttempts attempts(true, false, 2);
  for (int attempt = 0; attempt < 3; ++attempt)
    BOOST_TEST((after(attempts, Ending::not_open) == Next::reconnect));
  BOOST_TEST((after(attempts, Ending::not_open) == Next::away));
  BOOST_TEST((attempts.outcome() == Outcome::not_done));
}

BOOST_AUTO_TEST_SUITE_END()
