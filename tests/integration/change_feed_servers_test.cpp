// News of servers that are not as usual: without rights or RESP3, behind TLS, silent, or of a process that ends.

#include "integration/change_feed_fixture.hpp"
#include "support/test_certificates.hpp"

#include <memory>
#include <string>
#include <string_view>

#include <boost/test/unit_test.hpp>
#include <sys/wait.h>
#include <unistd.h>

using namespace cachesite;
using namespace cachesite::test;

BOOST_AUTO_TEST_SUITE(change_feed_servers)

BOOST_AUTO_TEST_CASE(resp2_serves_where_hello_was_renamed_and_where_it_is_asked_for) {
  RedisServer renamed({.directives = {"rename-command HELLO no-such-hello"}});
  RedisServer usual;
  for (const auto port : {renamed.port(), usual.port()}) {
    const auto redis = connect(connection_options(port));
    auto options = patient_feed();
    if (port == usual.port()) options.protocol = FeedProtocol::resp2;
    Watched watched(*redis, "p:", options);
    BOOST_REQUIRE(watched.coherent());
    auto writer = (port == usual.port() ? usual : renamed).probe();
    BOOST_TEST(is_heard(watched, writer, {"SET", "p:a", "1"}, {"p:a"}));
    const auto epoch = watched.epoch();
    writer.checked({"FLUSHALL"});
    BOOST_REQUIRE(watched.fenced());
    BOOST_TEST(watched.diary.everything() == 1);
    BOOST_TEST(watched.epoch() > epoch);
    Watched more(*redis, "q:", options);
    BOOST_REQUIRE(more.coherent());
    BOOST_TEST(is_heard(more, writer, {"SET", "q:a", "1"}, {"q:a"}));
    BOOST_TEST(watched.coherent());
  }
}

BOOST_AUTO_TEST_CASE(a_protocol_that_a_later_watch_asks_for_is_heeded) {
  RedisServer server;
  const auto redis = connect(connection_options(server.port()));
  Watched first(*redis, "p:");
  BOOST_REQUIRE(first.coherent());
  auto probe = server.probe();
  const auto asks_by_resp2 = [&] {
    return probe.checked({"INFO", "commandstats"}).text.find("cmdstat_client|id:") != std::string::npos;
  };
  BOOST_TEST(!asks_by_resp2());
  auto options = patient_feed();
  options.protocol = FeedProtocol::resp2;
  Watched second(*redis, "q:", options);
  BOOST_TEST(wait_until(asks_by_resp2));
  BOOST_REQUIRE(second.coherent());
  BOOST_TEST(is_heard(second, probe, {"SET", "q:a", "1"}, {"q:a"}));
}

BOOST_AUTO_TEST_CASE(rights_that_are_missing_are_named) {
  const std::string base = " on >secret resetchannels ~* ";
  RedisServer server({.users = {"deaf" + base + "+@all -client|tracking", "mute" + base + "+@all -set",
                                "narrow" + base + "+@all"}});
  /// A connection of a user, with its watch.
  struct User {
    User(const RedisServer& server, const char* name, FeedProtocol protocol) {
      auto options = connection_options(server.port());
      options.username = name;
      options.password = Secret("secret");
      redis = connect(options);
      auto wishes = patient_feed();
      wishes.protocol = protocol;
      watched = std::make_unique<Watched>(*redis, "p:", wishes);
    }
    std::shared_ptr<RedisConnection> redis;
    std::unique_ptr<Watched> watched;
  };
  const auto lacks = [](const Watched& watched, std::string_view right) {
    return watched.in_state("refused") && watched.epoch() == 0 &&
           watched.report().reason.find(right) != std::string::npos;
  };
  for (const auto protocol : {FeedProtocol::automatic, FeedProtocol::resp2})
    BOOST_TEST(lacks(*User(server, "deaf", protocol).watched, "+client|tracking"));
  BOOST_TEST(User(server, "narrow", FeedProtocol::resp3).watched->coherent());
  const User narrow(server, "narrow", FeedProtocol::resp2);
  BOOST_TEST(lacks(*narrow.watched, "&__redis__:invalidate"));
  const Stopwatch fencing;
  BOOST_TEST(!narrow.watched->watch->fence(10s).ok());
  BOOST_TEST((fencing.elapsed() < 5s));

  const User mute(server, "mute", FeedProtocol::automatic);
  auto& watched = *mute.watched;
  BOOST_REQUIRE(watched.coherent());
  BOOST_REQUIRE(wait_until([&] { return watched.report().reason.find("unproven") != std::string::npos; }));
  BOOST_TEST(!watched.report().proven);
  auto writer = server.probe();
  BOOST_TEST(is_heard(watched, writer, {"SET", "p:a", "1"}, {"p:a"}));
}

BOOST_AUTO_TEST_CASE(a_server_that_confirms_and_says_nothing_is_never_coherent) {
  ScriptedServer server(ScriptedServer::after_setup([](const ScriptedCommand& command) -> ScriptedAnswer {
    if (command.name() == "SUBSCRIBE")
      return {">3\r\n" + bulk("subscribe") + bulk(command.arguments[1]) + ":1\r\n"};
    return {"+OK\r\n"};
  }));
  const auto friendly =
      ScriptedServer::after_setup([](const ScriptedCommand&) -> ScriptedAnswer { return {"+OK\r\n"}; });
  server.set_handler([friendly](const ScriptedCommand& command) -> ScriptedAnswer {
    if (command.name() == "HELLO") return {"%1\r\n" + bulk("proto") + ":3\r\n"};
    if (command.name() == "PING" && command.arguments.size() == 2) return {bulk(command.arguments[1])};
    if (command.name() == "SUBSCRIBE")
      return {">3\r\n" + bulk("subscribe") + bulk(command.arguments[1]) + ":1\r\n"};
    return friendly(command);
  });
  const auto redis = connect(connection_options(server.port()));
  FeedOptions options;
  options.max_staleness = std::chrono::milliseconds(250);
  Watched watched(*redis, "", options);
  BOOST_REQUIRE(watched.in_state("refused"));
  BOOST_TEST(watched.report().reason.find("nothing is heard") != std::string::npos);
  BOOST_TEST(watched.diary.served() == 0);
  BOOST_TEST(server.count("HELLO") == 3U);
}

BOOST_AUTO_TEST_CASE(nothing_exists_before_the_first_watch_and_all_ends_with_the_component) {
  RedisServer server;
  auto options = connection_options(server.port());
  options.client_name = "ending";
  auto redis = connect(options);
  auto probe = server.probe();
  BOOST_TEST(probe.count_clients("ending-news") == 0U);
  Watched watched(*redis);
  BOOST_REQUIRE(watched.coherent());
  BOOST_TEST(probe.count_clients("ending-news") == 1U);
  redis->stop();
  BOOST_TEST(watched.epoch() == 0U);
  BOOST_TEST((watched.watch->fence(std::chrono::seconds(10)).error().code() == ErrorCode::closed));
  Watched late(*redis);
  BOOST_TEST(late.epoch() == 0U);
  redis.reset();
  BOOST_TEST(watched.epoch() == 0U);
  BOOST_TEST(wait_until([&] { return probe.count_clients("ending-news") == 0U; }));
}

BOOST_AUTO_TEST_CASE(a_reader_that_the_server_cuts_off_has_a_gap) {
  RedisServer server({.directives = {"client-output-buffer-limit pubsub 64kb 64kb 1"}});
  const auto redis = connect(connection_options(server.port()));
  Watched watched(*redis);
  BOOST_REQUIRE(watched.coherent());
  const auto epoch = watched.epoch();
  auto writer = server.probe();
  writer.checked({"EVAL", "for i = 1, 100000 do redis.call('SET', 'k' .. i, 1) end", "0"});
  BOOST_REQUIRE(wait_until([&] { return watched.epoch() > epoch; }));
  BOOST_TEST(is_heard(watched, writer, {"SET", "after", "1"}, {"after"}));
}

BOOST_AUTO_TEST_CASE(news_come_over_tls_to_a_user_with_a_password) {
  TestCertificates certificates;
  RedisServer server({.users = {"app on >secret ~* &* +@all"}, .tls = certificates.server_tls()});
  auto options = connection_options(server.tls_port());
  options.host = "localhost";
  options.ssl = true;
  options.ssl_ca_certs = certificates.authority_file();
  options.username = "app";
  options.password = Secret("secret");
  const auto redis = connect(options);
  Watched watched(*redis);
  BOOST_REQUIRE(watched.coherent());
  auto writer = server.probe();
  for (int round = 0; round < 20; ++round) {
    const auto key = "k" + std::to_string(round);
    BOOST_TEST(is_heard(watched, writer, {"SET", key, std::string(1000, 'x')}, {key}));
  }
  BOOST_TEST(is_heard(watched, writer,
                      {"EVAL", "for i = 1, 20000 do redis.call('SET', 't' .. i, 1) end", "0"},
                      {"t1", "t20000"}));
  const auto epoch = watched.epoch();
  writer.checked({"ACL", "SETUSER", "app", "resetpass", ">other"});
  BOOST_TEST(is_heard(watched, writer, {"SET", "k", "1"}, {"k"}));
  writer.checked({"CLIENT", "KILL", "ID", news_connection(writer)});
  BOOST_REQUIRE(wait_until([&] {
    return watched.epoch() == 0 && watched.report().reason.find("WRONGPASS") != std::string::npos;
  }));
  writer.checked({"ACL", "SETUSER", "app", "resetpass", ">secret"});
  BOOST_TEST(epoch != 0U);
}

BOOST_AUTO_TEST_CASE(a_forked_child_is_served_nothing_and_its_parent_goes_on) {
  if (sanitized) return;
  RedisServer server;
  const auto redis = connect(connection_options(server.port()));
  Watched watched(*redis);
  BOOST_REQUIRE(watched.coherent());
  const auto epoch = watched.epoch();
  const auto& valid_until = watched.watch->valid_until({});
  const pid_t child = ::fork();
  if (child == 0) {
    const bool served = watched.epoch() != 0 || watched.watch->fills({}) || valid_until.load() != 0;
    const bool fenced = watched.watch->fence(std::chrono::seconds(5)).ok();
    NewsDiary diary;
    const auto other = redis->watch("", {}, diary);
    const bool other_served = other->served({}).load() != 0;
    watched.watch.reset();
    ::_exit(served || fenced || other_served ? 1 : 0);
  }
  int status = -1;
  BOOST_REQUIRE(::waitpid(child, &status, 0) == child);
  BOOST_TEST(status == 0);
  auto writer = server.probe();
  BOOST_TEST(is_heard(watched, writer, {"SET", "k", "1"}, {"k"}));
  BOOST_TEST(watched.epoch() == epoch);
}

BOOST_AUTO_TEST_SUITE_END()
