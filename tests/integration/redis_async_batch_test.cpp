// Batches that no thread waits for, to servers that change.

#include "integration/async_batch_world.hpp"

#include <algorithm>
#include <atomic>
#include <deque>
#include <stdexcept>
#include <string>
#include <thread>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;
using namespace cachesite::test::routed_call;

BOOST_AUTO_TEST_SUITE(redis_async_batch)

BOOST_FIXTURE_TEST_CASE(all_requests_go_to_their_server_together_and_in_their_order, BatchWorld) {
  greet(first);
  first.say("$1\r\nv\r\n");
  Batch batch("GET", 600);
  batch.begin(topology);
  BOOST_REQUIRE(is_over(batch));
  BOOST_TEST((batch.texts() == Texts(600, "v")));
  BOOST_TEST((asked_since(first, 1) == of("GET", 600)));
  for (const auto& request : batch.requests)
    BOOST_TEST(request.server != Request::no_server);
}

BOOST_FIXTURE_TEST_CASE(what_is_sent_elsewhere_goes_there_by_itself, BatchWorld) {
  greet(first);
  greet(second);
  topology.use(first);
  second.say("+there\r\n");
  for (const auto& redirection : {second.moved(), second.asks()}) {
    const auto before = second.asked().size();
    first.say(redirection);
    Batch batch("SET", 600);
    batch.begin(topology);
    BOOST_REQUIRE(is_over(batch));
    BOOST_TEST((batch.texts() == Texts(600, "there")));
    auto asked = asked_since(second, before);
    std::erase(asked, "ASKING");
    auto expected = of("SET", 600);
    std::sort(asked.begin(), asked.end());
    std::sort(expected.begin(), expected.end());
    BOOST_TEST(asked == expected, boost::test_tools::per_element());
  }
}

BOOST_FIXTURE_TEST_CASE(changes_of_one_key_keep_their_order_wherever_they_are_sent, BatchWorld) {
  greet(first);
  greet(second);
  topology.use(first);
  second.say("+there\r\n");
  for (const auto& redirection : {second.moved(), second.asks()}) {
    const auto before = second.asked().size();
    first.say(redirection);
    Batch batch("SET", 600);
    batch.use_one_key();
    batch.begin(topology);
    BOOST_REQUIRE(is_over(batch));
    auto asked = asked_since(second, before);
    std::erase(asked, "ASKING");
    Texts expected;
    for (int number = 0; number < 600; ++number)
      expected.push_back("SET key0 key" + std::to_string(number));
    BOOST_TEST(asked == expected, boost::test_tools::per_element());
  }
}

BOOST_FIXTURE_TEST_CASE(some_may_be_sent_elsewhere_and_others_not, BatchWorld) {
  greet(first);
  greet(second);
  topology.use(first);
  second.say("+there\r\n");
  first.script().set_handler(ScriptedServer::after_setup([this](const ScriptedCommand& command) {
    const auto text = command.text();
    if (text.ends_with("1")) return ScriptedAnswer{second.moved()};
    return ScriptedAnswer{text.ends_with("2") ? "-ERR an answer\r\n" : "+here\r\n"};
  }));
  Batch batch("GET", 4);
  batch.begin(topology);
  BOOST_REQUIRE(is_over(batch));
  BOOST_TEST((batch.texts() == Texts{"here", "there", "ERR an answer", "here"}));
}

BOOST_FIXTURE_TEST_CASE(without_a_server_one_goes_ahead_and_the_others_follow_together, BatchWorld) {
  greet(first);
  first.say("+OK\r\n");
  topology.lose_view();
  Batch batch("SET", 300);  // more than may wait
  batch.begin(topology);
  loop->run_ready();
  BOOST_TEST(batch.ends == 0);
  topology.use(first);
  BOOST_REQUIRE(is_over(batch));
  BOOST_TEST((batch.texts() == Texts(300, "OK")));
  BOOST_TEST((asked_since(first, 1) == of("SET", 300)));
}

BOOST_FIXTURE_TEST_CASE(what_waited_for_a_server_is_not_counted_as_its_latency, BatchWorld) {
  constexpr auto waited = 5min;
  greet(first);
  first.say("+OK\r\n");
  topology.lose_view();
  Batch batch("SET", 300);
  const auto now = SteadyTime::now();
  batch.begin(topology, CallTime{now - waited, now + 20s});
  topology.use(first);
  BOOST_REQUIRE(is_over(batch));
  BOOST_TEST((batch.texts() == Texts(300, "OK")));
  BOOST_TEST((topology.statistics_of(first).latency.quantile(1) < waited));
}

BOOST_FIXTURE_TEST_CASE(a_batch_leaves_places_for_others_that_wait, BatchWorld) {
  greet(first);
  greet(second);
  topology.use(first);
  second.say("+there\r\n");
  first.say("-TRYAGAIN Multiple keys request during rehashing of slot\r\n");
  std::deque<Batch> batches;
  for (int count = 0; count < 6; ++count)
    batches.emplace_back("GET", ScriptedTopology::most_waiting).begin(topology);
  BOOST_REQUIRE(run_until([&] { return first.asked().size() > 6 * ScriptedTopology::most_waiting; }));
  first.say(second.moved());
  for (auto& batch : batches) {
    BOOST_REQUIRE(is_over(batch));
    BOOST_TEST((batch.texts() == Texts(ScriptedTopology::most_waiting, "there")));
  }
}

BOOST_FIXTURE_TEST_CASE(a_change_that_may_have_been_made_says_so_however_its_batch_goes_on, BatchWorld) {
  greet(first);
  for (const bool cancelled : {false, true}) {
    std::atomic<bool> hold{true};
    first.script().set_handler(ScriptedServer::after_setup([&](const ScriptedCommand&) -> ScriptedAnswer {
      while (hold)
        std::this_thread::yield();
      throw std::runtime_error("the connection is reset");
    }));
    Batch batch("SET", 3);
    batch.begin(topology);
    const auto before = first.script().commands().size();
    BOOST_REQUIRE(run_until([&] { return first.script().commands().size() > before; }));
    if (cancelled) batch.batch.cancel();
    hold = false;
    BOOST_REQUIRE(is_over(batch));
    BOOST_TEST(batch.with(Outcome::unknown) == 3U);
    first.say("+OK\r\n");
    BOOST_TEST(run_until([&] { return answer({"GET", "greeting"}) == "OK"; }));
  }
}

BOOST_FIXTURE_TEST_CASE(without_a_server_for_long_all_fail, BatchWorld) {
  greet(first);
  topology.lose_view();
  Batch late("SET", 300);
  late.begin(topology, 30ms);
  BOOST_REQUIRE(is_over(late));
  BOOST_TEST(late.with(ErrorCode::timeout) + late.with(ErrorCode::unreachable) == 300U);
  Batch refused("GET", 300);
  refused.begin(topology);
  topology.give_up();
  BOOST_REQUIRE(is_over(refused));
  BOOST_TEST(refused.with(ErrorCode::unreachable) == 300U);
}

BOOST_FIXTURE_TEST_CASE(a_cancelled_batch_ends_and_sends_nothing_more, BatchWorld) {
  greet(first);
  greet(second);
  topology.use(first);
  first.say("");
  Batch sent("SET", 3);
  sent.begin(topology);
  BOOST_REQUIRE(run_until([&] { return sets(first).size() == 3; }));
  sent.batch.cancel();
  BOOST_TEST(sent.ends == 1);
  BOOST_TEST(sent.with(ErrorCode::closed) == 3U);
  for (const auto& request : sent.requests)
    BOOST_TEST((request.status.error().outcome() == Outcome::unknown));
  sent.begin(topology);
  BOOST_TEST(sent.ends == 2);
  BOOST_TEST(sets(first).size() == 3U);

  topology.lose_view();
  Batch waiting("SET", 3);
  waiting.begin(topology);
  waiting.batch.cancel();
  BOOST_TEST(waiting.ends == 1);
  BOOST_TEST(waiting.with(ErrorCode::closed) == 3U);
  for (const auto& request : waiting.requests)
    BOOST_TEST((request.status.error().outcome() == Outcome::not_done));
  topology.use(second);
  BOOST_TEST(answer({"GET", "key"}) == "OK");
  BOOST_TEST(sets(second).empty());
}

BOOST_FIXTURE_TEST_CASE(an_abandoned_batch_tells_nobody_and_sends_nothing_more, BatchWorld) {
  greet(first);
  greet(second);
  topology.use(first);
  first.say("");
  Batch sent("SET", 3);
  sent.begin(topology);
  BOOST_REQUIRE(run_until([&] { return sets(first).size() == 3; }));
  BOOST_TEST(sent.batch.abandon());
  first.script().push(second.moved() + second.moved() + second.moved());
  topology.lose_view();
  Batch waiting("SET", 3);
  waiting.begin(topology);
  BOOST_TEST(waiting.batch.abandon());
  topology.use(second);
  BOOST_TEST(answer({"GET", "key"}) == "OK");
  BOOST_TEST(sets(second).empty());
  BOOST_TEST(sent.ends + waiting.ends == 0);
}

BOOST_FIXTURE_TEST_CASE(a_batch_ends_when_its_servers_are_stopped, BatchWorld) {
  greet(first);
  first.say("");
  Batch sent("SET", 3);
  sent.begin(topology);
  topology.stop();
  BOOST_REQUIRE(is_over(sent));
  BOOST_TEST(sent.with(ErrorCode::closed) == 3U);
  Batch later("GET", 3);
  later.begin(topology);
  BOOST_TEST(later.ends == 1);
  BOOST_TEST(later.with(ErrorCode::closed) == 3U);
}

BOOST_AUTO_TEST_SUITE_END()
