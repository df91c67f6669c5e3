// Rows of the table of a news machine: the way to a server that is vouched for.

#include "news_bench.hpp"

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;

using Bench = NewsBench;

BOOST_AUTO_TEST_SUITE(news_arming)

BOOST_AUTO_TEST_CASE(it_connects_asks_is_proven_and_serves) {
  Bench bench;
  BOOST_TEST((bench.machine.wake_at() <= bench.now));
  bench.machine.judge(bench.now);
  BOOST_TEST(bench.noted() == "connect");
  bench.machine.judge(bench.now);
  BOOST_TEST(bench.noted() == "");
  bench.machine.connected(bench.now);
  BOOST_TEST(bench.state() == "arming");
  BOOST_REQUIRE(bench.sent.size() == 3U);
  BOOST_TEST(bench.sent[0] == "HELLO 3");
  BOOST_TEST(bench.sent[1] == "CLIENT TRACKING ON BCAST PREFIX p: PREFIX __cachesite_probe__:feed:");
  BOOST_TEST(bench.sent[2] == "SUBSCRIBE cachesite:idle:feed");
  bench.confirm();
  BOOST_TEST(bench.state() == "proving");
  BOOST_TEST(bench.prefix_count == 2U);
  BOOST_TEST(bench.noted() == "probe");
  const auto began = bench.now;
  bench.now += 5ms;
  bench.pong();
  BOOST_TEST(bench.state() == "proving");
  bench.hear_probe();
  BOOST_TEST(bench.state() == "coherent");
  BOOST_TEST(bench.noted() == "proven,serve");
  BOOST_TEST((bench.trusted_until == began + 2s));
  BOOST_TEST(bench.machine.proven());
}

BOOST_AUTO_TEST_CASE(each_open_data_connection_has_to_be_heard_of) {
  Bench bench;
  bench.connections = 3;
  bench.arm();
  bench.pong();
  for (const std::size_t connection : {2U, 0U, 0U, 7U}) {
    bench.hear_probe(connection);
    BOOST_TEST(bench.state() == "proving");
  }
  bench.news(bench.name.text(bench.last_probe - 1, 1));
  bench.news("__cachesite_probe__:feed:{7}:x");
  BOOST_TEST(bench.state() == "proving");
  bench.hear_probe(1);
  BOOST_TEST(bench.state() == "coherent");
  BOOST_TEST(bench.heard == "");
}

BOOST_AUTO_TEST_CASE(a_probe_waits_for_a_data_connection) {
  Bench bench;
  bench.connections = 0;
  bench.arm();
  bench.pong();
  for (int second = 0; second < 5; ++second) {
    bench.judge_after(1s);
    bench.pong();
  }
  BOOST_TEST(bench.state() == "proving");
  bench.connections = 1;
  bench.machine.data_connections_changed(bench.now);
  bench.prove();
  BOOST_TEST(bench.state() == "coherent");
}

BOOST_AUTO_TEST_CASE(an_attempt_that_fails_is_repeated_after_pauses_that_grow) {
  Bench bench;
  auto longest = 0ms;
  for (int round = 0; round < 12; ++round) {
    bench.machine.judge(bench.now);
    BOOST_TEST(bench.noted() == "connect");
    bench.machine.connect_failed(bench.now, Error(ErrorCode::unreachable, "nobody is there"));
    const auto pause = bench.machine.wake_at() - bench.now;
    BOOST_TEST((pause > 0ms && pause <= 1s));
    longest = std::max(longest, std::chrono::ceil<std::chrono::milliseconds>(pause));
    bench.now = bench.machine.wake_at();
  }
  BOOST_TEST((longest > 400ms));
  BOOST_TEST(bench.machine.reason() == "nobody is there");
  bench.machine.judge(bench.now);
  bench.machine.connect_failed(bench.now, Error(ErrorCode::refused, "WRONGPASS"));
  BOOST_TEST((bench.machine.wake_at() == bench.now + 5s));
  bench.machine.data_connections_changed(bench.now);
  BOOST_TEST((bench.machine.wake_at() == bench.now));
}

BOOST_AUTO_TEST_CASE(what_a_server_says_for_now_is_asked_again) {
  for (const auto* const text :
       {"-LOADING Redis is loading\r\n", "-MASTERDOWN link\r\n", "-BUSY Redis is busy running a script\r\n",
        "-ERR max number of clients\r\n"}) {
    Bench bench;
    bench.connect_now();
    bench.receive(text);
    BOOST_TEST(bench.state() == "seeking");
    BOOST_TEST((bench.machine.wake_at() > bench.now));
    BOOST_TEST((bench.machine.protocol() == FeedProtocol::resp3));
  }
  Bench silent;
  silent.connect_now();
  silent.judge_after(5s);
  BOOST_TEST(silent.state() == "seeking");
}

BOOST_AUTO_TEST_CASE(the_other_protocol_is_tried_once) {
  Bench bench;
  bench.connect_now();
  bench.receive("-ERR unknown command 'HELLO'\r\n");
  BOOST_TEST(bench.state() == "seeking");
  BOOST_TEST((bench.machine.wake_at() == bench.now));
  bench.sent.clear();
  bench.connect_now();
  BOOST_REQUIRE(bench.sent.size() == 1U);
  BOOST_TEST(bench.sent[0] == "CLIENT ID");
  bench.receive(":12\r\n");
  BOOST_REQUIRE(bench.sent.size() == 3U);
  BOOST_TEST(bench.sent[1] ==
             "CLIENT TRACKING ON REDIRECT 12 BCAST PREFIX p: PREFIX __cachesite_probe__:feed:");
  BOOST_TEST(bench.sent[2] == "SUBSCRIBE __redis__:invalidate");
  bench.receive("+OK\r\n*3\r\n" + bulk("subscribe") + bulk("__redis__:invalidate") + ":1\r\n");
  BOOST_TEST(bench.state() == "proving");
  bench.prove();
  BOOST_TEST(bench.state() == "coherent");
  bench.receive("*3\r\n" + bulk("message") + bulk("__redis__:invalidate") + "*-1\r\n");
  BOOST_TEST(bench.noted().ends_with("serve,unserve,everything,serve"));

  Bench refused;
  refused.connect_now();
  refused.receive("-ERR unknown command 'HELLO'\r\n");
  refused.connect_now();
  refused.receive(":12\r\n-ERR unknown subcommand 'tracking'\r\n");
  BOOST_TEST(refused.state() == "refused");
  BOOST_TEST(refused.machine.reason() == "ERR unknown subcommand 'tracking'");

  auto options = usual_options();
  options.protocol = FeedProtocol::resp3;
  Bench only(options);
  only.connect_now();
  only.receive("-NOPROTO no\r\n");
  BOOST_TEST(only.state() == "refused");
}

BOOST_AUTO_TEST_CASE(a_missing_right_is_named_once_and_tried_again_later) {
  Bench bench;
  for (int round = 0; round < 2; ++round) {
    bench.connect_now();
    bench.receive("%0\r\n-NOPERM this user has no permissions to run the 'client|tracking' command\r\n");
    BOOST_TEST(bench.state() == "refused");
    BOOST_TEST(bench.machine.reason().ends_with("the user needs +client|tracking"));
    const auto pause = bench.machine.wake_at() - bench.now;
    BOOST_TEST((pause >= 48s && pause <= 72s));
    bench.judge_after(47s);
    BOOST_TEST(bench.state() == "refused");
    bench.now += 26s;
  }
  BOOST_TEST(bench.log_text.find("NOPERM") == bench.log_text.rfind("NOPERM"));
  Bench channel;
  channel.connect_now();
  channel.receive("%0\r\n+OK\r\n-NOPERM this user has no permissions to access one of the channels\r\n");
  BOOST_TEST(channel.state() == "proving");
}

BOOST_AUTO_TEST_CASE(a_probe_that_is_never_heard_of_ends_in_refusal) {
  Bench bench;
  for (int round = 0; round < 3; ++round) {
    BOOST_TEST(bench.state() == "seeking");
    bench.now = std::max(bench.now, bench.machine.wake_at());
    bench.arm();
    bench.pong();
    BOOST_TEST(!bench.machine.served());
    bench.judge_after(999ms);
    BOOST_TEST(bench.state() == "proving");
    bench.judge_after(1ms);
  }
  BOOST_TEST(bench.state() == "refused");
  BOOST_TEST(bench.machine.reason().find("nothing is heard") != std::string::npos);
  BOOST_TEST(bench.noted().find("serve") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_probe_that_is_refused_leaves_it_unproven) {
  Bench bench;
  bench.arm();
  bench.pong();
  BOOST_TEST(bench.machine.awaits_news_of_probe());
  bench.machine.probe_refused(bench.now, "NOPERM no permissions");
  BOOST_TEST(bench.state() == "coherent");
  BOOST_TEST(!bench.machine.proven());
  BOOST_TEST(bench.machine.reason().starts_with("unproven"));
  bench.noted();
  bench.machine.data_connections_changed(bench.now);
  bench.pong();
  BOOST_TEST(bench.state() == "coherent");
  BOOST_TEST(bench.noted() == "no probe,proven");
  BOOST_TEST(bench.machine.reason().starts_with("unproven"));

  Bench replica;
  replica.become_coherent();
  replica.machine.data_connections_changed(replica.now);
  replica.machine.probe_refused(replica.now, "READONLY You can't write against a read only replica.");
  BOOST_TEST(replica.state() == "seeking");
}

BOOST_AUTO_TEST_CASE(prefixes_are_added_in_place_where_that_is_possible) {
  Bench bench;
  bench.become_coherent();
  bench.machine.add_prefix(bench.now, "p:deeper");
  BOOST_TEST(bench.sent.empty());
  bench.machine.add_prefix(bench.now, "q:");
  bench.machine.add_prefix(bench.now, "r:");
  BOOST_REQUIRE(bench.sent.size() == 2U);
  BOOST_TEST(bench.sent[1] == "CLIENT TRACKING ON BCAST PREFIX r:");
  bench.receive("+OK\r\n");
  BOOST_TEST(bench.prefix_count == 2U);
  bench.receive("+OK\r\n");
  BOOST_TEST(bench.prefix_count == 4U);
  BOOST_TEST(bench.noted() == "");
  bench.machine.add_prefix(bench.now, "");
  BOOST_TEST(bench.noted() == "unserve,disconnect");
  BOOST_TEST((bench.machine.wake_at() == bench.now));
  bench.sent.clear();
  bench.arm();
  BOOST_TEST(bench.sent[1] == "CLIENT TRACKING ON BCAST PREFIX ");
}

BOOST_AUTO_TEST_SUITE_END()
