#include "integration/redis_cache_fixture.hpp"
#include "support/sanitized.hpp"
#include "support/scripted_server.hpp"
#include "unit/redis/wire/hostile_replies.hpp"

#include <atomic>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;

namespace {

ScriptedServer::Handler answers_get(ScriptedAnswer answer) {
  return ScriptedServer::after_setup([answer](const ScriptedCommand& command) {
    return command.name() == "GET" ? answer : ScriptedAnswer{"+OK\r\n"};
  });
}

RedisCacheOptions impatient(const ScriptedServer& server) {
  auto options = options_for_port(server.port());
  options.socket_connect_timeout = 500ms;
  options.socket_timeout = 500ms;
  return options;
}

/// One question that is answered badly, then a good answer, which has to arrive.
void check(const std::string& name, const ScriptedAnswer& bad, std::vector<ErrorCode> permitted) {
  ScriptedServer server(answers_get(bad));
  const StartedCache cache(impatient(server));
  const Stopwatch watch;
  const auto found = cache->get("key");
  BOOST_TEST((watch.elapsed() < 500ms + 500ms * slowness), name);
  BOOST_REQUIRE_MESSAGE(found.failed(), name);
  bool fits = false;
  for (const auto code : permitted)
    fits = fits || found.error().code() == code;
  BOOST_TEST(fits, name << " gave " << to_string(found.error().code()) << ": " << found.error().message());
  server.set_handler(answers_get({"$4\r\ngood\r\n"}));
  std::optional<Value> value;
  BOOST_TEST(wait_until([&] { return (value = cache->get_value("key")).has_value(); }), name);
  if (value) BOOST_TEST(value->text() == "good", name);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(redis_hostile_server)

BOOST_AUTO_TEST_CASE(what_is_no_reply_ends_the_connection_and_the_next_call_works) {
  for (const auto& hostile : hostile_replies()) {
    // What ends in the middle is answered by waiting for the rest.
    check(hostile.name, {hostile.bytes},
          {ErrorCode::protocol, ErrorCode::too_large, ErrorCode::timeout, ErrorCode::unreachable});
  }
}

BOOST_AUTO_TEST_CASE(replies_of_another_kind_end_the_connection) {
  for (const std::string bytes :
       {"+OK\r\n", ":1\r\n", "*0\r\n", "*-1\r\n", "*1\r\n$1\r\na\r\n", "+QUEUED\r\n"})
    if (bytes != "*-1\r\n") check(bytes, {bytes}, {ErrorCode::protocol});
}

BOOST_AUTO_TEST_CASE(errors_of_the_server_are_passed_on_and_the_connection_stays) {
  for (const std::string text :
       {"ERR no", "WRONGTYPE Operation against a key holding the wrong kind of value",
        "OOM command not allowed", "NOPERM this user has no permissions",
        "BUSY Redis is busy running a script", "MISCONF Redis is configured to save",
        "MASTERDOWN Link with MASTER is down", "NOREPLICAS Not enough good replicas to write.",
        "EXECABORT Transaction discarded", "UNKILLABLE", "", "x"}) {
    ScriptedServer server(answers_get({"-" + text + "\r\n"}));
    const StartedCache cache(impatient(server));
    for (int count = 0; count < 3; ++count) {
      const auto found = cache->get("key");
      BOOST_REQUIRE(found.failed());
      BOOST_TEST((found.error().code() == ErrorCode::refused), text);
      BOOST_TEST((found.error().outcome() == Outcome::not_done), text);
    }
    BOOST_TEST(server.accepted() == 1U, text);
  }
}

BOOST_AUTO_TEST_CASE(an_answer_that_stops_ends_at_the_deadline) {
  for (const std::string bytes : {"", "$", "$1", "$10\r", "$10\r\n", "$10\r\nabc", "$3\r\nabc", "$3\r\nabc\r",
                                  "-ERR", "*2\r\n$1\r\na\r\n"})
    check("stops after " + bytes, {bytes}, {ErrorCode::timeout, ErrorCode::protocol});
}

BOOST_AUTO_TEST_CASE(an_answer_that_is_cut_off_is_reported) {
  for (const auto then : {ScriptedAnswer::Then::close, ScriptedAnswer::Then::reset})
    for (const std::string bytes : {"", "$", "$10\r\nabc", "$3\r\nabc\r"})
      check("cut after " + bytes, {bytes, then}, {ErrorCode::unreachable});
}

BOOST_AUTO_TEST_CASE(an_answer_in_single_bytes_is_read) {
  const std::string value(300, 'v');
  ScriptedAnswer slow{"$300\r\n" + value + "\r\n"};
  slow.piece_size = 1;
  slow.piece_interval = 100us;
  ScriptedServer server(answers_get(slow));
  const StartedCache cache(options_for_port(server.port()));
  const auto found = cache->get_value("key");
  BOOST_REQUIRE(found.has_value());
  BOOST_TEST((found->text() == value));
}

BOOST_AUTO_TEST_CASE(two_answers_to_one_question_spoil_both) {
  check("twice", {"$1\r\na\r\n$1\r\na\r\n"}, {ErrorCode::protocol});
  check("a message between", {"*3\r\n$7\r\nmessage\r\n$1\r\nc\r\n$1\r\nm\r\n$1\r\na\r\n"},
        {ErrorCode::protocol});
}

BOOST_AUTO_TEST_CASE(a_server_that_never_agrees_to_the_handshake_leaves_the_cache_down) {
  for (const auto& hostile : hostile_replies()) {
    ScriptedServer server(ScriptedServer::always(hostile.bytes));
    auto options = impatient(server);
    options.socket_connect_timeout = 100ms;
    const StartedCache cache(options);
    BOOST_TEST((cache->health().state == HealthState::down), hostile.name);
    BOOST_TEST(cache.logger().count(LogLevel::warning) == 1U, hostile.name);
  }
  for (const std::string text :
       {"-LOADING Redis is loading the dataset in memory\r\n", "-ERR max number of clients reached\r\n",
        "-NOAUTH Authentication required.\r\n", "-DENIED Redis is running in protected mode\r\n"}) {
    ScriptedServer server(ScriptedServer::always(text));
    const StartedCache cache(impatient(server));
    BOOST_TEST(cache.logger().count(LogLevel::warning, text.substr(1, 6)) == 1U, text);
    // A server that is only loading will be there soon; the others have said no.
    const auto expected = text.starts_with("-LOADING") ? ErrorCode::unreachable : ErrorCode::refused;
    BOOST_TEST((cache->get("key").error().code() == expected), text);
  }
}

BOOST_AUTO_TEST_CASE(a_greeting_that_nobody_asked_for_is_refused) {
  ScriptedServerOptions options;
  options.greeting = {"+HELLO\r\n+PONG\r\n"};
  ScriptedServer server(ScriptedServer::always("+PONG\r\n"), options);
  const StartedCache cache(impatient(server));
  BOOST_TEST((cache->health().state == HealthState::down));
}

BOOST_AUTO_TEST_CASE(secrets_that_a_server_repeats_stay_hidden) {
  ScriptedServer server(ScriptedServer::after_setup([](const ScriptedCommand& command) {
    std::string text = "-ERR unknown command '" + command.name() + "', with args beginning with: ";
    for (const auto& argument : command.arguments)
      text += "'" + argument + "' ";
    return ScriptedAnswer{text + "\r\n"};
  }));
  const StartedCache cache(impatient(server));
  const auto written = cache->write("key", "canary-value", 1min);
  BOOST_REQUIRE(!written.ok());
  BOOST_TEST(written.error().message().find("canary") == std::string_view::npos);
}

BOOST_AUTO_TEST_SUITE_END()
