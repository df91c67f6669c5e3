#include "redis/topology/redirect_policy.hpp"

#include "redis/topology/refresh_gate.hpp"

#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::redis;
using namespace std::chrono_literals;
using Next = RedirectPolicy::Step::Next;
using Kind = ServerHint::Kind;

namespace {

const TimePoint begin{1h};
const CallTime time_of_call{begin, begin + 1s};
const ServerAddress one{"one", 1, {}};
const ServerAddress two{"two", 2, {}};

RedirectPolicy policy(bool repeatable = true, bool try_replica = false) {
  return RedirectPolicy(repeatable, try_replica, time_of_call, 1);
}

ServerHint hint(Kind kind, const ServerAddress& target = {}) {
  return {kind, 5, target};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(redirect_policy)

BOOST_AUTO_TEST_CASE(errors_of_servers_are_read_for_what_they_say) {
  struct Row {
    std::string text;
    Kind kind;
    std::string target;
  };
  const std::vector<Row> rows = {
      {"MOVED 3999 127.0.0.1:6381", Kind::moved, "127.0.0.1:6381"},
      {"MOVED 3999 ::1:6381", Kind::moved, "[::1]:6381"},
      {"MOVED 3999 [::1]:6381", Kind::moved, "[::1]:6381"},
      {"MOVED 3999 :6381", Kind::moved, "one:6381"},
      {"MOVED 3999 host.example:6381", Kind::moved, "host.example:6381"},
      {"ASK 0 127.0.0.1:6381", Kind::ask, "127.0.0.1:6381"},
      {"MOVED 16384 127.0.0.1:6381", Kind::none, ""},
      {"MOVED -1 127.0.0.1:6381", Kind::none, ""},
      {"MOVED 3999 127.0.0.1:0", Kind::none, ""},
      {"MOVED 3999 127.0.0.1:65536", Kind::none, ""},
      {"MOVED 3999 127.0.0.1", Kind::none, ""},
      {"MOVED 3999 ?:6381", Kind::moved, ""},
      {"ASK 3999 ?:6381", Kind::try_again, ""},
      {"MOVED 3999", Kind::none, ""},
      {"MOVED", Kind::none, ""},
      {"MOVED  127.0.0.1:6381", Kind::none, ""},
      {"MOVED x 127.0.0.1:6381", Kind::none, ""},
      {"MOVED 3999 a b:6381", Kind::none, ""},
      {"MOVEDX 3999 127.0.0.1:6381", Kind::none, ""},
      {"ASK", Kind::none, ""},
      {"TRYAGAIN Multiple keys request during rehashing of slot", Kind::try_again, ""},
      {"CLUSTERDOWN Hash slot not served", Kind::down, ""},
      {"LOADING Redis is loading the dataset in memory", Kind::loading, ""},
      {"MASTERDOWN Link with MASTER is down", Kind::loading, ""},
      {"READONLY You can't write against a read only replica.", Kind::not_a_master, ""},
      {"ERR unknown command", Kind::none, ""},
      {"", Kind::none, ""},
  };
  for (const auto& row : rows) {
    BOOST_TEST_CONTEXT(row.text) {
      const auto read = ServerHint::read(row.text, one);
      BOOST_TEST((read.kind == row.kind));
      if (!row.target.empty()) BOOST_TEST(read.target.text() == row.target);
    }
  }
}

BOOST_AUTO_TEST_CASE(a_moved_slot_is_noted_and_followed) {
  auto request = policy();
  const auto step = request.answered(hint(Kind::moved, two), one, false, begin);
  BOOST_TEST((step.next == Next::to_target));
  BOOST_TEST((step.target == two));
  BOOST_TEST(step.move_slot);
  BOOST_TEST(step.want_refresh);
  BOOST_TEST(!step.await_refresh);
}

BOOST_AUTO_TEST_CASE(a_redirection_to_a_server_without_a_name_is_followed_by_a_newer_map) {
  auto request = policy();
  for (int redirection = 0; redirection < 5; ++redirection) {
    const auto step = request.answered(hint(Kind::moved), one, false, begin);
    BOOST_TEST((step.next == Next::by_map));
    BOOST_TEST(step.want_refresh);
    BOOST_TEST(!step.move_slot);
    BOOST_TEST(step.pause.count() > 0);
  }
  BOOST_TEST((request.answered(hint(Kind::moved), one, false, begin).next == Next::finish));
}

BOOST_AUTO_TEST_CASE(an_asking_redirection_is_followed_once_and_not_noted) {
  auto request = policy();
  const auto step = request.answered(hint(Kind::ask, two), one, false, begin);
  BOOST_TEST((step.next == Next::asking));
  BOOST_TEST(!step.move_slot);
  BOOST_TEST(!step.want_refresh);
  const auto again = request.answered(hint(Kind::try_again), two, false, begin);
  BOOST_TEST((again.next == Next::asking));
  BOOST_TEST((again.target == two));
  BOOST_TEST(again.pause.count() > 0);
}

BOOST_AUTO_TEST_CASE(a_server_that_redirects_to_itself_is_given_up_after_five_times) {
  auto request = policy();
  auto now = begin;
  int redirections = 0;
  for (;;) {
    const auto step = request.answered(hint(Kind::moved, one), one, false, now);
    if (step.next == Next::finish) {
      BOOST_REQUIRE(step.error.has_value());
      BOOST_TEST((step.error->outcome() == Outcome::not_done));
      break;
    }
    BOOST_TEST(step.pause.count() > 0);
    BOOST_TEST(!step.move_slot);
    BOOST_REQUIRE(++redirections <= 5);
    now += step.pause;
  }
  BOOST_TEST(redirections == 5);
}

BOOST_AUTO_TEST_CASE(a_cluster_that_is_down_is_asked_until_the_deadline_and_not_later) {
  for (const auto kind : {Kind::down, Kind::try_again, Kind::loading, Kind::not_a_master}) {
    auto request = policy();
    auto now = begin;
    int attempts = 0;
    for (;; ++attempts) {
      const auto step = request.answered(hint(kind), one, false, now);
      if (step.next == Next::finish) {
        BOOST_TEST((step.error->code() == ErrorCode::timeout));
        break;
      }
      BOOST_REQUIRE(step.pause.count() > 0);
      now += step.pause;
      BOOST_REQUIRE((now < time_of_call.deadline));
    }
    BOOST_TEST(attempts > 5);
    BOOST_TEST(attempts < 100);
  }
}

BOOST_AUTO_TEST_CASE(a_failure_is_repeated_once_and_only_when_that_does_no_harm) {
  struct Row {
    ErrorCode code;
    Outcome outcome;
    bool repeatable;
    bool repeats;
  };
  const std::vector<Row> rows = {
      {ErrorCode::unreachable, Outcome::not_done, false, true},
      {ErrorCode::unreachable, Outcome::not_done, true, true},
      {ErrorCode::unreachable, Outcome::unknown, true, true},
      {ErrorCode::unreachable, Outcome::unknown, false, false},
      {ErrorCode::closed, Outcome::not_done, false, true},
      {ErrorCode::timeout, Outcome::not_done, true, false},
      {ErrorCode::timeout, Outcome::unknown, true, false},
      {ErrorCode::protocol, Outcome::unknown, true, false},
      {ErrorCode::too_large, Outcome::not_done, true, false},
      {ErrorCode::refused, Outcome::not_done, true, false},
  };
  for (const auto& row : rows) {
    auto request = policy(row.repeatable);
    const auto step = request.failed(Error(row.code, "reason", row.outcome), one, false, begin);
    BOOST_TEST((step.next == Next::by_map) == row.repeats);
    if (!row.repeats) {
      BOOST_REQUIRE(step.error.has_value());
      BOOST_TEST((step.error->outcome() == row.outcome));
      continue;
    }
    BOOST_TEST(!request.acceptable(one));
    BOOST_TEST(request.acceptable(two));
    const auto second = request.failed(Error(row.code, "reason"), two, false, begin);
    BOOST_TEST((second.next == Next::finish));
    BOOST_TEST((second.error->outcome() == row.outcome));
  }
}

BOOST_AUTO_TEST_CASE(a_replica_that_cannot_answer_leaves_the_question_to_the_master) {
  for (const auto kind : {Kind::moved, Kind::loading}) {
    auto request = policy(true, true);
    const auto step = request.answered(hint(kind, two), one, true, begin);
    BOOST_TEST((step.next == Next::by_map));
    BOOST_TEST(!step.move_slot);
    BOOST_TEST(!request.try_replica());
  }
  auto request = policy(true, true);
  const auto step = request.failed(Error(ErrorCode::unreachable), one, true, begin);
  BOOST_TEST((step.next == Next::by_map));
  BOOST_TEST(!step.await_refresh);
  BOOST_TEST(!request.try_replica());
}

BOOST_AUTO_TEST_CASE(a_slot_that_nobody_holds_waits_for_one_refresh) {
  auto request = policy();
  const auto step = request.nowhere(false, begin);
  BOOST_TEST((step.next == Next::by_map));
  BOOST_TEST(step.await_refresh);
  BOOST_TEST((request.nowhere(true, begin).next == Next::finish));
}

BOOST_AUTO_TEST_CASE(refreshes_run_one_at_a_time_and_rest_between) {
  RefreshGate gate(100ms);
  BOOST_TEST(!gate.due().has_value());
  const auto round = gate.want();
  BOOST_REQUIRE(gate.due().has_value());
  BOOST_TEST((*gate.due() <= begin));
  gate.begin(begin);
  const auto next = gate.want();  // what is under way began before this reason
  BOOST_TEST(!gate.due().has_value());
  BOOST_TEST(next == round + 1);
  gate.end(true);
  BOOST_TEST(gate.rounds() == round);
  BOOST_TEST(gate.resting(begin + 99ms));
  BOOST_TEST(!gate.resting(begin + 100ms));
  BOOST_TEST((gate.due() == begin + 100ms));
  gate.begin(begin + 100ms);
  gate.end(true);
  BOOST_TEST(!gate.due().has_value());
}

BOOST_AUTO_TEST_CASE(a_refresh_that_failed_is_wanted_again) {
  RefreshGate gate(100ms);
  gate.want();
  gate.begin(begin);
  gate.end(false);
  BOOST_TEST((gate.due() == begin + 100ms));
}

BOOST_AUTO_TEST_SUITE_END()
