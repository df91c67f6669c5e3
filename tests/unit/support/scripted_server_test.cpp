#include "support/scripted_server.hpp"

#include "support/redis_probe.hpp"

#include <cerrno>

#include <boost/test/unit_test.hpp>
#include <sys/socket.h>

using namespace cachesite::test;
using namespace std::chrono_literals;

namespace {

using Then = ScriptedAnswer::Then;

RedisProbe connect(const ScriptedServer& server, std::chrono::milliseconds limit = 10s) {
  return RedisProbe({.port = server.port()}, limit);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(scripted_server)

BOOST_AUTO_TEST_CASE(commands_are_recorded_and_answered) {
  ScriptedServer server(ScriptedServer::after_setup([](const ScriptedCommand& command) {
    return ScriptedAnswer{.bytes = bulk(command.arguments.at(1) + "!")};
  }));
  RedisProbe first = connect(server);
  BOOST_TEST(first.command({"ping"}).text == "PONG");
  BOOST_TEST(first.command({"GET", std::string("a\0b", 3)}).text == std::string("a\0b!", 4));
  RedisProbe second = connect(server);
  second.send("GET inline\r\n");
  BOOST_TEST(server.wait_for_commands(3));
  const auto commands = server.commands();
  BOOST_TEST(commands.at(0).name() == "PING");
  BOOST_TEST(commands.at(1).number == 1U);
  BOOST_TEST(commands.at(2).connection == 1U);
  BOOST_TEST(commands.at(2).total_number == 2U);
  BOOST_TEST(server.count("GET") == 1U);
  BOOST_TEST(server.accepted() == 2U);
}

BOOST_AUTO_TEST_CASE(a_pipeline_arriving_in_pieces_is_taken_apart) {
  ScriptedServer server(ScriptedServer::always(":1\r\n"));
  RedisProbe probe = connect(server);
  const std::string request = encode_command({"SET", "key", "a\r\nb"}) + encode_command({"GET", "key"});
  for (const char byte : request)
    probe.send(std::string(1, byte));
  BOOST_TEST(server.wait_for_commands(2));
  BOOST_TEST(server.texts().at(0) == "SET key a\r\nb");
  BOOST_TEST(server.texts().at(1) == "GET key");
}

BOOST_AUTO_TEST_CASE(answers_come_in_sequence_and_the_last_one_stays) {
  ScriptedServer server(ScriptedServer::sequence({{.bytes = "+one\r\n"}, {.bytes = "-two\r\n"}}));
  RedisProbe probe = connect(server);
  BOOST_TEST(probe.command({"A"}).text == "one");
  BOOST_TEST(probe.command({"A"}).is_error());
  BOOST_TEST(connect(server).command({"A"}).text == "two");
  server.set_handler(ScriptedServer::always("+three\r\n"));
  BOOST_TEST(probe.command({"A"}).text == "three");
}

BOOST_AUTO_TEST_CASE(connections_end_in_the_wanted_way) {
  ScriptedServer server(ScriptedServer::sequence({{.bytes = "+OK\r\n", .then = Then::close},
                                                  {.bytes = "$5\r\nab", .then = Then::reset},
                                                  {.then = Then::hang}}));
  RedisProbe closed = connect(server);
  BOOST_TEST(closed.command({"A"}).text == "OK");
  BOOST_CHECK_THROW(closed.receive(10s), std::runtime_error);
  RedisProbe reset = connect(server);
  BOOST_CHECK_EXCEPTION(reset.command({"A"}), std::system_error, [](const std::system_error& failure) {
    return failure.code().value() == ECONNRESET;
  });
  RedisProbe hanging = connect(server, 20ms);
  BOOST_CHECK_THROW(hanging.command({"A"}), std::runtime_error);
  BOOST_TEST(server.live() == 1U);
  server.drop_connections();
  BOOST_TEST(server.live() == 0U);
}

BOOST_AUTO_TEST_CASE(answers_are_delayed_and_dripped) {
  ScriptedServer server(ScriptedServer::always(""));
  server.set_handler([](const ScriptedCommand&) {
    return ScriptedAnswer{.bytes = "+0123456789\r\n", .delay = 10ms, .piece_size = 1, .piece_interval = 1ms};
  });
  RedisProbe probe = connect(server);
  const auto begin = std::chrono::steady_clock::now();
  BOOST_TEST(probe.command({"A"}).text == "0123456789");
  BOOST_TEST((std::chrono::steady_clock::now() - begin >= 22ms));
  BOOST_TEST(server.sent() == 13U);
}

BOOST_AUTO_TEST_CASE(a_greeting_and_unasked_bytes_are_sent) {
  ScriptedServer server(ScriptedServer::always("+OK\r\n"),
                        {.greeting = {.bytes = "-ERR max number of clients reached\r\n"}});
  RedisProbe probe = connect(server);
  BOOST_TEST(probe.receive(10s).value().is_error());
  server.push("+EXTRA\r\n");
  BOOST_TEST(probe.receive(10s).value().text == "EXTRA");
}

BOOST_AUTO_TEST_CASE(raw_bytes_are_not_taken_apart) {
  ScriptedServer server(ScriptedServer::always("\x15\x03\x01"), {.raw = true});
  RedisProbe probe = connect(server);
  probe.send("*1\r\n$4\r\nPI");
  BOOST_TEST(server.wait_for_commands(1));
  BOOST_TEST(server.commands().at(0).arguments.at(0) == "*1\r\n$4\r\nPI");
}

BOOST_AUTO_TEST_CASE(a_failing_handler_resets_the_connection) {
  ScriptedServer server([](const ScriptedCommand&) -> ScriptedAnswer { throw std::runtime_error("no"); });
  RedisProbe probe = connect(server);
  BOOST_CHECK_THROW(probe.command({"A"}), std::system_error);
  BOOST_TEST(server.wait_for_live(0));
}

BOOST_AUTO_TEST_SUITE_END()
