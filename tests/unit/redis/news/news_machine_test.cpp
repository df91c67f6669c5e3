// Rows of the table of a news machine: a server that is vouched for, and what ends that.

#include "news_bench.hpp"

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;

using Bench = NewsBench;

BOOST_AUTO_TEST_SUITE(news_machine)

BOOST_AUTO_TEST_CASE(pings_keep_it_trusted_and_their_answers_move_trust_on) {
  Bench bench;
  bench.become_coherent();
  for (int second = 0; second < 9; ++second) {
    bench.judge_after(1s);
    BOOST_REQUIRE(bench.sent.size() == 1U);
    BOOST_TEST(bench.sent[0] == "PING " + bench.last_ping);
    bench.sent.clear();
    const auto asked = bench.now;
    bench.now += 10ms;
    bench.pong();
    BOOST_TEST((bench.trusted_until == asked + 2s));
    bench.now = asked;
  }
  BOOST_TEST(bench.noted() == "");
  bench.judge_after(1s);
  BOOST_TEST(bench.noted() == "probe");
  BOOST_TEST(bench.state() == "coherent");
  bench.prove();
  BOOST_TEST(bench.noted() == "proven");
}

BOOST_AUTO_TEST_CASE(without_an_answer_trust_ends_after_max_staleness) {
  Bench bench;
  bench.become_coherent();
  bench.judge_after(1s);
  bench.judge_after(999ms);
  BOOST_TEST(bench.state() == "coherent");
  bench.judge_after(1ms);
  BOOST_TEST(bench.state() == "seeking");
  BOOST_TEST(bench.noted() == "unserve,disconnect");
  BOOST_TEST(bench.log_text.find("lost the news: no sign of life") != std::string::npos);
  bench.now += 1s;
  bench.arm();
  bench.prove();
  BOOST_TEST(bench.log_text.find("news are back after 1000 ms") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_starved_owner_takes_what_has_come_before_it_judges) {
  Bench bench;
  bench.become_coherent();
  bench.judge_after(1s);
  bench.now += 5s;
  bench.pong();
  bench.machine.judge(bench.now);
  BOOST_TEST(bench.state() == "seeking");
  Bench quick;
  quick.become_coherent();
  quick.judge_after(1s);
  quick.now += 1500ms;
  quick.pong();
  quick.machine.judge(quick.now);
  BOOST_TEST(quick.state() == "coherent");
}

BOOST_AUTO_TEST_CASE(a_changed_data_connection_makes_doubtful_until_a_probe_is_heard) {
  Bench bench;
  bench.become_coherent();
  const auto trusted = bench.trusted_until;
  bench.now += 500ms;
  bench.machine.data_connections_changed(bench.now);
  BOOST_TEST(bench.state() == "doubtful");
  BOOST_TEST(bench.machine.served());
  bench.pong();
  BOOST_TEST(bench.state() == "doubtful");
  BOOST_TEST((bench.trusted_until == trusted));
  bench.machine.data_connections_changed(bench.now);
  bench.hear_probe();
  BOOST_TEST(bench.state() == "doubtful");
  bench.pong();
  BOOST_TEST(bench.state() == "coherent");
  BOOST_TEST(bench.noted() == "probe,probe,proven");

  bench.machine.data_connections_changed(bench.now);
  bench.pong();
  bench.judge_after(999ms);
  BOOST_TEST(bench.state() == "doubtful");
  bench.judge_after(1ms);
  BOOST_TEST(bench.state() == "seeking");
  BOOST_TEST(bench.noted() == "probe,unserve,disconnect");
}

BOOST_AUTO_TEST_CASE(an_unheard_probe_ends_trust_in_a_coherent_server) {
  Bench bench;
  bench.become_coherent();
  for (int second = 0; second < 10; ++second) {
    bench.judge_after(1s);
    bench.pong();
  }
  bench.judge_after(1s);
  BOOST_TEST(bench.state() == "seeking");
}

BOOST_AUTO_TEST_CASE(whatever_ends_a_connection_unserves_first) {
  const auto ends = [](auto&& event) {
    Bench bench;
    bench.become_coherent();
    event(bench);
    BOOST_TEST(bench.state() == "seeking");
    BOOST_TEST(bench.noted() == "unserve,disconnect");
  };
  ends([](Bench& bench) { bench.machine.lost(bench.now, "reset"); });
  ends([](Bench& bench) { bench.receive("+OK\r\n"); });
  ends([](Bench& bench) { bench.receive(">1\r\n" + bulk("tracking-redir-broken")); });
  ends([](Bench& bench) { bench.receive(">2\r\n" + bulk("invalidate") + bulk("k")); });
  ends([](Bench& bench) { bench.receive(">3\r\n" + bulk("subscribe") + bulk("c") + ":1\r\n"); });
  ends([](Bench& bench) {
    bench.judge_after(1s);
    bench.receive(bulk("77"));
  });
  ends([](Bench& bench) {
    bench.judge_after(1s);
    bench.receive("-ERR no\r\n");
  });
  Bench bench;
  bench.become_coherent();
  bench.receive(">2\r\n" + bulk("something-new") + ":1\r\n");
  bench.receive(">3\r\n" + bulk("message") + bulk("cachesite:idle:feed") + bulk("x"));
  BOOST_TEST(bench.state() == "coherent");
}

BOOST_AUTO_TEST_CASE(news_name_keys_and_a_nil_push_means_all_of_them) {
  Bench bench;
  bench.become_coherent();
  bench.receive(">2\r\n" + bulk("invalidate") + "*2\r\n" + bulk("p:a") + bulk(std::string("p:\0b", 4)));
  BOOST_TEST(bench.heard == std::string("p:a;p:\0b;", 9));
  bench.receive(">2\r\n" + bulk("invalidate") + "_\r\n");
  BOOST_TEST(bench.noted() == "unserve,everything,serve");
  BOOST_TEST(bench.state() == "coherent");
  bench.machine.data_connections_changed(bench.now);
  bench.receive(">2\r\n" + bulk("invalidate") + "_\r\n");
  BOOST_TEST(bench.noted() == "probe,unserve,everything,serve");
  BOOST_TEST(bench.state() == "doubtful");

  Bench proving;
  proving.arm();
  proving.noted();
  proving.receive(">2\r\n" + bulk("invalidate") + "_\r\n");
  BOOST_TEST(proving.noted() == "everything");
  BOOST_TEST(proving.state() == "proving");
}

BOOST_AUTO_TEST_CASE(another_topology_is_proven_anew) {
  for (const bool doubtful : {false, true}) {
    Bench bench;
    bench.become_coherent();
    if (doubtful) bench.machine.data_connections_changed(bench.now);
    bench.noted();
    bench.machine.topology_changed(bench.now, bench.name);
    BOOST_TEST(bench.state() == "proving");
    BOOST_TEST(bench.noted() == "unserve,probe");
    if (doubtful) bench.pong();
    bench.prove();
    BOOST_TEST(bench.noted() == "proven,serve");
  }
}

BOOST_AUTO_TEST_CASE(who_is_cut_off_again_and_again_waits_and_names_the_limit) {
  Bench bench;
  for (int round = 0; round < 3; ++round) {
    bench.become_coherent();
    bench.machine.cut_off(bench.now, "the server closed the connection");
    BOOST_TEST(bench.noted() == "unserve,disconnect");
    const auto pause = bench.machine.wake_at() - bench.now;
    BOOST_TEST((round < 2 ? pause <= 1s : pause == 5s));
    bench.now = bench.machine.wake_at() + 10s;
  }
  BOOST_TEST(bench.log_text.find("client-output-buffer-limit pubsub") != std::string::npos);
  bench.machine.data_connections_changed(bench.now - 14s);
  BOOST_TEST((bench.machine.wake_at() == bench.now - 10s));
  bench.now += 60s;
  bench.become_coherent();
  bench.machine.cut_off(bench.now, "the server closed the connection");
  BOOST_TEST((bench.machine.wake_at() - bench.now <= 1s));
}

BOOST_AUTO_TEST_CASE(a_fence_is_a_ping_of_its_own) {
  Bench bench;
  const auto early = bench.machine.fence(bench.now);
  bench.become_coherent();
  BOOST_TEST(bench.answered_ping >= early);
  const auto first = bench.machine.fence(bench.now);
  const auto second = bench.machine.fence(bench.now);
  BOOST_TEST(second == first + 1);
  bench.receive(bulk(std::to_string(first)));
  BOOST_TEST(bench.answered_ping == first);
  for (int count = 0; count < 100; ++count)
    (void)bench.machine.fence(bench.now);
  BOOST_TEST(bench.sent.size() == 65U);
}

BOOST_AUTO_TEST_CASE(a_connection_without_room_for_the_probe_is_proven_later_and_not_for_the_others_sake) {
  Bench bench;
  bench.full = true;
  bench.arm();
  bench.prove();
  BOOST_TEST(bench.state() == "proving");
  bench.judge_after(19ms);
  BOOST_TEST(bench.noted() == "connect,probe");
  bench.judge_after(1ms);
  BOOST_TEST(bench.noted() == "probe");
  bench.full = false;
  bench.judge_after(20ms);
  bench.prove();
  BOOST_TEST(bench.state() == "proving");  // an earlier ping
  bench.pong();
  BOOST_TEST(bench.state() == "coherent");
  BOOST_TEST(bench.noted() == "probe,proven,serve");
}

BOOST_AUTO_TEST_CASE(a_connection_that_never_has_room_for_the_probe_is_not_trusted_for_ever) {
  Bench bench;
  bench.become_coherent();
  bench.full = true;
  bench.machine.data_connections_changed(bench.now);
  const auto began = bench.now;
  while (bench.state() == "doubtful" && bench.now < began + 1min) {
    bench.judge_after(20ms);
    if (!bench.pings.empty()) bench.prove();
  }
  BOOST_TEST((bench.now - began == 1s));
  BOOST_TEST(bench.state() == "seeking");
  BOOST_TEST(bench.machine.reason() == "a connection for requests had no room for a proof in time");
}

BOOST_AUTO_TEST_CASE(a_probe_that_comes_by_replication_proves_nothing) {
  Bench bench;
  bench.become_coherent();
  bench.role = "slave";
  bench.machine.data_connections_changed(bench.now);
  bench.prove();
  BOOST_TEST(bench.state() == "seeking");
  BOOST_TEST(bench.noted() == "probe,unserve,disconnect");
}

BOOST_AUTO_TEST_CASE(a_server_that_does_not_tell_its_role_is_asked_once) {
  Bench bench;
  bench.arm();
  bench.pings.erase(bench.pings.begin());
  bench.receive("-NOPERM this user has no permissions to run the 'role' command\r\n");
  bench.prove();
  BOOST_TEST(bench.state() == "coherent");
  bench.machine.data_connections_changed(bench.now);
  bench.prove();
  BOOST_TEST(bench.state() == "coherent");
}

BOOST_AUTO_TEST_CASE(more_fences_than_there_is_room_for_are_no_reason_to_wake_again_and_again) {
  Bench bench;
  bench.become_coherent();
  bench.now += 500ms;
  for (int count = 0; count < 100; ++count)
    (void)bench.machine.fence(bench.now);
  bench.judge_after(1s);
  BOOST_TEST(bench.state() == "coherent");
  BOOST_TEST((bench.machine.wake_at() > bench.now));
}

BOOST_AUTO_TEST_CASE(a_distrusted_server_is_proven_anew_once_the_change_is_done_with) {
  Bench bench;
  bench.become_coherent();
  bench.machine.distrust();
  BOOST_TEST(bench.noted() == "unserve");
  bench.machine.topology_changed(bench.now, bench.name);
  BOOST_TEST(bench.state() == "proving");
  BOOST_TEST(bench.log_text.find("the topology has changed") != std::string::npos);
  bench.prove();
  BOOST_TEST(bench.noted() == "probe,proven,serve");
}

BOOST_AUTO_TEST_CASE(another_protocol_that_is_asked_for_is_spoken_at_once) {
  Bench bench;
  bench.become_coherent();
  bench.machine.set_protocol(bench.now, FeedProtocol::resp3);
  bench.machine.set_protocol(bench.now, FeedProtocol::automatic);
  BOOST_TEST(bench.noted() == "");
  bench.machine.set_protocol(bench.now, FeedProtocol::resp2);
  BOOST_TEST(bench.noted() == "unserve,disconnect");
  bench.connect_now();
  BOOST_REQUIRE(bench.sent.size() == 1U);
  BOOST_TEST(bench.sent[0] == "CLIENT ID");
  bench.machine.set_protocol(bench.now, FeedProtocol::resp2);
  BOOST_TEST(bench.noted() == "connect");

  // Who was refused by one protocol is asked by the other without a pause.
  bench.receive("-NOPERM no\r\n");
  BOOST_TEST(bench.state() == "refused");
  bench.sent.clear();
  bench.machine.set_protocol(bench.now, FeedProtocol::resp3);
  bench.connect_now();
  BOOST_REQUIRE(bench.sent.size() == 3U);
  BOOST_TEST(bench.sent[0] == "HELLO 3");
}

BOOST_AUTO_TEST_CASE(a_stopped_machine_does_nothing) {
  Bench bench;
  bench.become_coherent();
  bench.machine.stop();
  BOOST_TEST(bench.noted() == "unserve,disconnect");
  bench.machine.judge(bench.now + 1h);
  bench.machine.data_connections_changed(bench.now);
  bench.machine.topology_changed(bench.now, bench.name);
  bench.machine.connected(bench.now);
  bench.machine.lost(bench.now, "late");
  bench.receive("+OK\r\n");
  BOOST_TEST(bench.noted() == "");
  BOOST_TEST(bench.state() == "stopped");
  BOOST_TEST((bench.machine.wake_at() == TimePoint::max()));
}

BOOST_AUTO_TEST_SUITE_END()
