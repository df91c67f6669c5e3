#include "redis/lent/raw_command.hpp"

#include "redis/wire/script_digest.hpp"

#include <chrono>
#include <string>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::redis;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(raw_commands)

BOOST_AUTO_TEST_CASE(a_command_keeps_its_arguments_byte_for_byte) {
  RedisCommand command("SET", std::string("a\0b", 3), "", 42, -1, 0.5, std::uint64_t{18446744073709551615U});
  BOOST_REQUIRE(command.size() == 7U);
  BOOST_TEST(command.name() == "SET");
  BOOST_TEST((command[1] == std::string_view("a\0b", 3)));
  BOOST_TEST(command[2].empty());
  BOOST_TEST(command[3] == "42");
  BOOST_TEST(command[4] == "-1");
  BOOST_TEST(command[5] == "0.5");
  BOOST_TEST(command[6] == "18446744073709551615");
  BOOST_TEST(!command.is_repeatable());
  BOOST_TEST((command.timeout(1500us).timeout() == 2ms));
}

BOOST_AUTO_TEST_CASE(commands_are_told_apart_by_what_they_do_to_a_connection) {
  for (const RedisCommand& command :
       {RedisCommand("GET", "BLPOP"), RedisCommand("XREAD", "STREAMS", "BLOCK", "0"),
        RedisCommand("CLIENT", "ID"), RedisCommand("CLIENT"),
        RedisCommand("XREADGROUP", "GROUP", "g", "c", "STREAMS", "s", ">")})
    BOOST_TEST((nature_of(command) == CommandNature::usual));
  for (const RedisCommand& command :
       {RedisCommand("blpop", "k", 0), RedisCommand("XREAD", "block", 0, "STREAMS", "s", "$"),
        RedisCommand("WAIT", 1, 0), RedisCommand("BLMOVE", "a", "b", "LEFT", "RIGHT", 0)})
    BOOST_TEST((nature_of(command) == CommandNature::waiting));
  for (const RedisCommand& command : {RedisCommand("select", 1), RedisCommand("CLIENT", "Tracking", "on"),
                                      RedisCommand("WATCH", "k"), RedisCommand("EXEC")})
    BOOST_TEST((nature_of(command) == CommandNature::stateful));
  for (const RedisCommand& command :
       {RedisCommand("PSubscribe", "*"), RedisCommand("client", "reply", "skip"), RedisCommand("MONITOR")})
    BOOST_TEST((nature_of(command) == CommandNature::streaming));
}

BOOST_AUTO_TEST_CASE(the_waiting_time_is_read_from_the_command) {
  BOOST_TEST((waiting_time({"BLPOP", "a", "b", 2}) == 2001ms));
  BOOST_TEST((waiting_time({"BLPOP", "a", "0.25"}) == 251ms));
  BOOST_TEST((waiting_time({"BLPOP", "a", 0}) == std::nullopt));
  BOOST_TEST((waiting_time({"BLMPOP", 3, 1, "k", "LEFT"}) == 3001ms));
  BOOST_TEST((waiting_time({"WAIT", 1, 50}) == 51ms));
  BOOST_TEST((waiting_time({"XREAD", "COUNT", 5, "BLOCK", 70, "STREAMS", "s", "$"}) == 71ms));
  BOOST_TEST((waiting_time({"XREAD", "BLOCK", 0, "STREAMS", "s", "$"}) == std::nullopt));
  for (const char* malformed : {"x", "", "nan", "inf", "1x"})
    BOOST_TEST((waiting_time({"BLPOP", "a", malformed}) == 0ms));
  BOOST_TEST((waiting_time({"BLPOP"}) == 0ms));
  BOOST_TEST((waiting_time({"XREAD", "BLOCK"}) == 0ms));
}

BOOST_AUTO_TEST_CASE(a_script_is_called_by_its_sha1) {
  BOOST_TEST(script_digest("") == "da39a3ee5e6b4b0d3255bfef95601890afd80709");
  BOOST_TEST(script_digest("return 1") == "e0e1f9fabfc9d4800c877a703b823ac0578ff8db");
}

BOOST_AUTO_TEST_SUITE_END()
