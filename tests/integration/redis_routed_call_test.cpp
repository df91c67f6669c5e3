// Calls that no thread waits for, to servers that send them elsewhere.

#include "integration/routed_call_world.hpp"
#include "support/sanitized.hpp"

#include <chrono>
#include <cstddef>
#include <deque>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <malloc.h>

using namespace cachesite;
using namespace cachesite::test;
using namespace cachesite::test::routed_call;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(redis_routed_call)

BOOST_FIXTURE_TEST_CASE(a_call_follows_where_it_is_sent, World) {
  greet(first);
  first.say(second.moved());
  second.say("$3\r\nmap\r\n");
  BOOST_TEST(answer({"GET", "key"}) == "map");
  BOOST_TEST(topology.refreshes() == 1);
  first.say(second.asks());
  second.say("$3\r\nask\r\n");
  BOOST_TEST(answer({"GET", "key"}) == "ask");
  BOOST_TEST((second.asked() == Texts{"GET key", "ASKING", "GET key"}));
}

BOOST_FIXTURE_TEST_CASE(permission_is_asked_for_each_command_and_a_script_goes_by_its_text, World) {
  greet(first);
  first.say(second.asks());
  second.say(":5\r\n");
  Asked both({"GET", "key"});
  both.more = {"PTTL", "key"};
  both.begin(topology);
  BOOST_REQUIRE(is_over(both));
  BOOST_TEST(both.text() == "55");
  Asked script({"EVALSHA", "digest", "1", "key"});
  script.unless_known = {"EVAL", "text", "1", "key"};
  script.begin(topology);
  BOOST_REQUIRE(is_over(script));
  BOOST_TEST(
      (second.asked() == Texts{"ASKING", "GET key", "ASKING", "PTTL key", "ASKING", "EVAL text 1 key"}));
}

// A sanitizer has an allocator of its own.
BOOST_FIXTURE_TEST_CASE(the_text_of_a_script_is_not_kept_when_its_call_has_ended, World) {
  if (sanitized) return;
  greet(first);
  const std::string text(1024 * 1024, 't');
  constexpr std::size_t count = 100;
  const auto before = ::mallinfo2();
  {
    std::deque<Asked> scripts;
    for (std::size_t number = 0; number < count; ++number) {
      auto& script = scripts.emplace_back(Texts{"EVALSHA", "digest", "1", "key"});
      script.unless_known = {"EVAL", text, "1", "key"};
      script.begin(topology);
    }
    BOOST_REQUIRE(are_over(scripts));
  }
  const auto after = ::mallinfo2();
  BOOST_TEST(after.uordblks + after.hblkhd < before.uordblks + before.hblkhd + count * text.size() / 10);
}

BOOST_FIXTURE_TEST_CASE(a_call_comes_again_after_a_pause, World) {
  greet(first);
  for (const std::string error : {"-TRYAGAIN half of it has moved", "-CLUSTERDOWN no", "-LOADING data"}) {
    std::vector<ScriptedAnswer> answers(4, ScriptedAnswer{error + "\r\n"});
    answers.push_back({"+done\r\n"});
    first.script().set_handler(ScriptedServer::after_setup(ScriptedServer::sequence(answers)));
    const auto begin = std::chrono::steady_clock::now();
    BOOST_TEST(answer({"SET", "key", "value"}) == "done");
    BOOST_TEST((std::chrono::steady_clock::now() - begin >= 37ms));  // half of 5, 10, 20 and 40 ms
  }
  first.say("-ERR an answer\r\n");
  BOOST_TEST(answer({"SET", "key", "value"}) == "ERR an answer");
  first.say("-CLUSTERDOWN no\r\n");
  Asked late({"SET", "key", "value"});
  late.begin(topology, 50ms);
  BOOST_REQUIRE(is_over(late));
  BOOST_TEST((late.code() == ErrorCode::timeout));
}

BOOST_FIXTURE_TEST_CASE(a_server_that_is_lost_is_asked_for_and_awaited, World) {
  greet(first);
  first.script().set_handler([](const ScriptedCommand&) {
    return ScriptedAnswer{{}, ScriptedAnswer::Then::close};
  });
  Asked asked({"GET", "key"});
  asked.begin(topology);
  BOOST_REQUIRE(run_until([&] { return topology.refreshes() == 1; }));
  loop->run_ready();
  BOOST_TEST(!asked.is_ended());
  topology.use(second);
  loop->run_ready();
  BOOST_TEST(second.asked().empty());  // the round goes on
  topology.end_round();
  BOOST_REQUIRE(is_over(asked));
  BOOST_TEST(asked.text() == "OK");
}

BOOST_FIXTURE_TEST_CASE(calls_without_a_server_wait_in_their_order, World) {
  auto changes = begin_changes(100);
  loop->run_ready();
  BOOST_TEST(!changes.front().is_ended());
  topology.use(second);
  BOOST_REQUIRE(are_over(changes));
  BOOST_TEST((second.asked() == World::changes(100)));
}

BOOST_FIXTURE_TEST_CASE(a_call_beyond_the_limit_does_not_wait, World) {
  Asked left({"SET", "key", "left"});
  left.begin(topology);
  auto changes = begin_changes(ScriptedTopology::most_waiting - 1);
  BOOST_TEST(!changes.back().is_ended());
  begin_change(changes);
  BOOST_REQUIRE(changes.back().is_ended());
  BOOST_TEST((changes.back().code() == ErrorCode::refused));
  BOOST_TEST((changes.back().call().status().error().outcome() == Outcome::not_done));
  BOOST_TEST(changes.front().call().cancel());
  BOOST_TEST(left.call().abandon());
  for (int count = 0; count < 2; ++count) {
    begin_change(changes);
    BOOST_TEST(!changes.back().is_ended());
  }
  topology.give_up();
  BOOST_TEST(are_over(changes));
}

BOOST_FIXTURE_TEST_CASE(a_later_change_does_not_overtake_those_that_are_about_to_be_told, World) {
  greet(second);
  topology.lose_view();
  auto changes = begin_changes(3);
  topology.use(second);
  begin_change(changes);  // the loop has told nobody yet
  BOOST_REQUIRE(are_over(changes));
  BOOST_TEST((sets(second) == World::changes(4)));
}

BOOST_FIXTURE_TEST_CASE(a_later_change_does_not_overtake_one_that_its_server_has_not_sent_back_yet, World) {
  greet(first);
  greet(second);
  topology.use(first);
  first.say("");
  auto changes = begin_changes(3);
  BOOST_REQUIRE(run_until([&] { return sets(first).size() == 3; }));
  topology.use(second);
  begin_change(changes);
  Asked other({"SET", "{key}another", "value"});
  other.begin(topology);
  Asked read({"GET", "key"});
  read.begin(topology);
  loop->run_ready();
  BOOST_TEST(sets(second).empty());
  BOOST_TEST(!read.is_ended());
  first.script().push(second.moved() + second.moved() + second.moved());
  BOOST_REQUIRE(are_over(changes));
  BOOST_REQUIRE(is_over(other));
  BOOST_REQUIRE(is_over(read));
  auto expected = World::changes(4);
  expected.push_back("SET {key}another value");  // its slot is the same
  expected.push_back("GET key");
  auto asked = second.asked();
  asked.erase(asked.begin());
  BOOST_TEST((asked == expected));
}

BOOST_FIXTURE_TEST_CASE(so_many_changes_wait_for_earlier_ones_and_no_more, World) {
  greet(first);
  greet(second);
  topology.use(first);
  first.say("");
  auto changes = begin_changes(1);
  BOOST_REQUIRE(run_until([&] { return sets(first).size() == 1; }));
  topology.use(second);
  for (const bool again : {false, true}) {
    for (std::size_t number = again ? 1 : 0; number < ScriptedTopology::most_waiting; ++number)
      begin_change(changes);
    Asked refused({"SET", "key", "refused"});
    refused.begin(topology);
    BOOST_TEST(refused.is_ended());
    BOOST_TEST((refused.code() == ErrorCode::refused));
    if (!again) {
      for (std::size_t number = 2; number < changes.size(); ++number)
        BOOST_TEST(changes[number].call().cancel());
    }
  }
  first.script().push(second.moved());
  BOOST_REQUIRE(are_over(changes));
  BOOST_TEST((sets(second).size() == ScriptedTopology::most_waiting + 1));
}

BOOST_FIXTURE_TEST_CASE(a_change_that_was_left_while_it_waits_is_never_made, World) {
  greet(second);
  topology.lose_view();
  auto changes = begin_changes(5);
  Asked late({"SET", "key", "late"});
  late.begin(topology, 10ms);
  BOOST_TEST(changes[1].call().cancel());
  BOOST_TEST(changes[1].is_ended());
  BOOST_TEST((changes[1].code() == ErrorCode::closed));
  BOOST_TEST((changes[1].call().status().error().outcome() == Outcome::not_done));
  BOOST_TEST(!changes[1].call().cancel());
  BOOST_TEST(changes[2].call().abandon());
  BOOST_REQUIRE(is_over(late));
  BOOST_TEST((late.code() == ErrorCode::timeout));
  BOOST_TEST((late.call().status().error().outcome() == Outcome::not_done));
  topology.use(second);
  BOOST_TEST(changes[3].call().abandon());  // it is about to be told
  BOOST_REQUIRE(is_over(changes[4]));
  BOOST_TEST((sets(second) == Texts{"SET key 0", "SET key 4"}));
  BOOST_TEST(!changes[2].is_ended());
  BOOST_TEST(!changes[3].is_ended());
}

BOOST_FIXTURE_TEST_CASE(a_change_that_was_left_in_line_is_never_made, World) {
  greet(first);
  greet(second);
  topology.use(first);
  first.say("");
  auto changes = begin_changes(1);
  BOOST_REQUIRE(run_until([&] { return sets(first).size() == 1; }));
  topology.use(second);
  for (int count = 0; count < 4; ++count)
    begin_change(changes);
  Asked late({"SET", "key", "late"});
  late.begin(topology, 10ms);
  BOOST_TEST(changes[1].call().cancel());
  BOOST_TEST(changes[1].is_ended());
  BOOST_TEST(changes[2].call().abandon());
  BOOST_REQUIRE(is_over(late));
  BOOST_TEST((late.code() == ErrorCode::timeout));
  BOOST_TEST((late.call().status().error().outcome() == Outcome::not_done));
  first.script().push("+OK\r\n");
  BOOST_REQUIRE(is_over(changes[4]));
  BOOST_REQUIRE(is_over(changes[3]));
  BOOST_TEST((sets(second) == Texts{"SET key 3", "SET key 4"}));
}

BOOST_FIXTURE_TEST_CASE(a_sent_change_that_was_left_is_not_sent_elsewhere, World) {
  greet(first);
  first.say("");
  auto changes = begin_changes(2);
  Asked read({"GET", "key"});
  read.begin(topology);
  BOOST_REQUIRE(run_until([&] { return sets(first).size() == 2; }));
  BOOST_TEST(read.call().cancel());
  BOOST_REQUIRE(is_over(read));
  BOOST_TEST(topology.refreshes() == 0);
  BOOST_TEST(changes[0].call().cancel());
  BOOST_TEST(changes[1].call().abandon());
  BOOST_REQUIRE(is_over(changes[0]));
  BOOST_TEST((changes[0].call().status().error().outcome() == Outcome::unknown));
  first.script().push(second.moved() + second.moved());
  topology.use(second);
  begin_change(changes);
  BOOST_REQUIRE(is_over(changes[2]));
  BOOST_TEST((sets(second) == Texts{"SET key 2"}));
  BOOST_TEST(!changes[1].is_ended());
}

BOOST_FIXTURE_TEST_CASE(all_calls_end_when_there_is_no_server_or_the_topology_is_stopped, World) {
  auto changes = begin_changes(3);
  topology.give_up();
  BOOST_REQUIRE(are_over(changes));
  BOOST_TEST((changes[2].code() == ErrorCode::unreachable));
  greet(first);
  first.say("-CLUSTERDOWN no\r\n");
  auto paused = begin_changes(3);
  BOOST_REQUIRE(run_until([&] { return topology.refreshes() >= 1; }));
  topology.stop();  // the loop does not run meanwhile
  for (auto& change : paused) {
    BOOST_REQUIRE(change.is_ended());
    BOOST_TEST((change.code() == ErrorCode::closed));
  }
  Asked later({"SET", "key", "later"});
  later.begin(topology);
  BOOST_REQUIRE(later.is_ended());
  BOOST_TEST((later.code() == ErrorCode::closed));
}

BOOST_AUTO_TEST_SUITE_END()
