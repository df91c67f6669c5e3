#include "support/redis_server.hpp"

#include "support/wait_until.hpp"

#include <cerrno>
#include <cstdlib>
#include <filesystem>
#include <iostream>
#include <sstream>

#include <boost/test/unit_test.hpp>

using namespace cachesite::test;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(redis_server)

BOOST_AUTO_TEST_CASE(a_server_answers_on_tcp_and_on_its_unix_socket) {
  const RedisServer server;
  server.probe().set("key", std::string("a\r\n\0b", 5));
  RedisProbe tcp({.port = server.port()});
  BOOST_TEST(tcp.get("key").value() == std::string("a\r\n\0b", 5));
  BOOST_TEST(!tcp.get("other").has_value());
  BOOST_TEST(tcp.ttl_milliseconds("key") == -1);
  BOOST_TEST(tcp.info("redis_mode") == "standalone");
}

BOOST_AUTO_TEST_CASE(a_pipeline_of_large_values_does_not_block) {
  const RedisServer server({.tcp = false});
  RedisProbe probe = server.probe();
  const std::string value(1 << 20, 'v');
  probe.set("key", value);
  std::vector<std::vector<std::string>> commands;
  for (int count = 0; count < 16; ++count) {
    commands.push_back({"GET", "key"});
    commands.push_back({"SET", "key", value});
  }
  const auto replies = probe.pipeline(commands);
  BOOST_TEST((replies.at(30).text == value));
  BOOST_TEST(replies.at(31).text == "OK");
}

BOOST_AUTO_TEST_CASE(a_password_is_asked_for) {
  const RedisServer server({.password = "secret word"});
  BOOST_TEST(server.probe().command({"PING"}).text == "PONG");
  RedisProbe stranger({.port = server.port()});
  BOOST_TEST(stranger.command({"GET", "key"}).text == "NOAUTH Authentication required.");
  BOOST_TEST(stranger.command({"AUTH", "secret word"}).text == "OK");
}

BOOST_AUTO_TEST_CASE(users_have_only_their_rights_and_the_harness_has_all) {
  const RedisServer server({.users = {"default off", "reader on >pw ~app:* +get +ping"}});
  server.probe().set("app:key", "value");
  RedisProbe reader({.port = server.port(), .username = "reader", .password = "pw"});
  BOOST_TEST(reader.get("app:key").value() == "value");
  BOOST_TEST(reader.command({"GET", "other"}).text.rfind("NOPERM", 0) == 0U);
  BOOST_TEST(reader.command({"SET", "app:key", "x"}).text.rfind("NOPERM", 0) == 0U);
}

BOOST_AUTO_TEST_CASE(a_server_comes_back_on_the_same_port_without_its_data) {
  RedisServer server;
  const std::uint16_t port = server.port();
  const auto connect = [&] { RedisProbe probe({.port = port}); };
  const auto refused = [](const std::system_error& failure) {
    return failure.code().value() == ECONNREFUSED;
  };
  for (const bool gently : {true, false}) {
    server.probe().set("key", "value");
    if (gently) {
      server.stop();
    } else {
      server.kill();
    }
    BOOST_TEST(!server.running());
    BOOST_CHECK_EXCEPTION(connect(), std::system_error, refused);
    server.restart();
    BOOST_TEST(server.port() == port);
    BOOST_TEST(!RedisProbe({.port = port}).get("key").has_value());
  }
}

BOOST_AUTO_TEST_CASE(a_frozen_server_accepts_but_answers_only_after_the_thaw) {
  RedisServer server;
  server.freeze();
  RedisProbe probe({.port = server.port()});
  probe.send("PING\r\n");
  BOOST_TEST(!probe.receive(20ms).has_value());
  server.thaw();
  BOOST_TEST(probe.receive(10s).value().text == "PONG");
  server.freeze();
  server.stop();
  BOOST_TEST(!server.running());
}

BOOST_AUTO_TEST_CASE(clients_are_counted_by_name) {
  const RedisServer server;
  RedisProbe named = server.probe();
  named.checked({"CLIENT", "SETNAME", "shop"});
  RedisProbe probe = server.probe();
  BOOST_TEST(probe.count_clients("shop") == 1U);
  BOOST_TEST(wait_until([&] { return probe.count_clients() == 1U; }));
}

BOOST_AUTO_TEST_CASE(a_wrong_directive_is_reported_with_the_words_of_the_server) {
  BOOST_CHECK_EXCEPTION(RedisServer({.directives = {"no-such-directive 1"}}), std::runtime_error,
                        [](const auto& failure) {
                          return std::string(failure.what()).find("no-such-directive") != std::string::npos;
                        });
}

BOOST_AUTO_TEST_CASE(the_temporary_directory_goes_with_the_server) {
  std::string path;
  {
    const RedisServer server;
    path = server.unix_socket_path();
    BOOST_TEST(std::filesystem::exists(path));
  }
  BOOST_TEST(!std::filesystem::exists(std::filesystem::path(path).parent_path()));
}

BOOST_AUTO_TEST_CASE(a_server_dies_with_the_program_that_started_it) {
  // This case runs itself a second time as the program that is killed.
  constexpr const char* role = "CACHESITE_TEST_KILLED_PROGRAM";
  if (std::getenv(role) != nullptr) {
    const RedisServer server;
    std::cout << "server " << server.pid() << " in " << server.unix_socket_path() << " is ready" << std::endl;
    std::string line;
    std::getline(std::cin, line);
    return;
  }
  Process program(
      {"/proc/self/exe", "--run_test=redis_server/a_server_dies_with_the_program_that_started_it"},
      {.environment = {{role, "1"}}, .keep_input_open = true});
  BOOST_REQUIRE(program.wait_for_output("is ready", 30s));
  std::istringstream words(program.output().substr(program.output().find("server ")));
  std::string word;
  std::string pid;
  std::string path;
  words >> word >> pid >> word >> path;
  const std::string command_line = "/proc/" + pid + "/cmdline";
  BOOST_TEST(read_file(command_line).find("redis-server") != std::string::npos);
  program.kill();
  BOOST_TEST(wait_until([&] { return read_file(command_line).empty(); }));
  std::filesystem::remove_all(std::filesystem::path(path).parent_path());
}

BOOST_AUTO_TEST_SUITE_END()
