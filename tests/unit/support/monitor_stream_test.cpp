#include "support/redis_server.hpp"

#include <boost/test/unit_test.hpp>

using namespace cachesite::test;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(monitor_stream)

BOOST_AUTO_TEST_CASE(a_monitor_line_gives_its_arguments_byte_for_byte) {
  const MonitoredCommand command =
      parse_monitor_line(R"(1700000000.123456 [3 127.0.0.1:50000] "SET" "a b" "\"\\\r\n\t\a\b\x00\xff")");
  BOOST_TEST(command.database == 3);
  BOOST_TEST(command.client == "127.0.0.1:50000");
  const std::vector<std::string> expected = {"SET", "a b", std::string("\"\\\r\n\t\a\b\0\xff", 9)};
  BOOST_TEST(command.arguments == expected, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(commands_are_seen_in_order_and_nothing_else) {
  const RedisServer server({.tcp = false});
  MonitorStream monitor = server.monitor();
  RedisProbe probe = server.probe();
  probe.checked({"SETEX", "key", "60", "value"});
  probe.get("key");
  const std::vector<std::string> expected = {"SETEX key 60 value", "GET key"};
  BOOST_TEST(monitor.texts_so_far() == expected, boost::test_tools::per_element());
  monitor.clear();
  BOOST_TEST(monitor.texts_so_far().empty());
  probe.get("other");
  BOOST_TEST(monitor.wait_for("GET other"));
  BOOST_TEST(!monitor.wait_for("GET never", 5ms));
}

BOOST_AUTO_TEST_SUITE_END()
