// What the program `cachesite` says of component files, and of words that it does not know.

#include "tool_fixture.hpp"

#include <fstream>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite::test;

BOOST_AUTO_TEST_SUITE(tool_site)

BOOST_FIXTURE_TEST_CASE(a_mistyped_word_is_told_with_what_was_meant, Tool) {
  BOOST_TEST(complaint({"chek"}) == "2 cachesite: there is no command \"chek\"; did you mean \"check\"?\n");
  BOOST_TEST(complaint({"frobnicate", "shop"}) ==
             "2 cachesite: there is no command \"frobnicate\"; 'cachesite --help' lists them all\n");
  BOOST_TEST(complaint({"\x1b[2J"}).find('\x1b') == std::string::npos);
  BOOST_TEST(complaint({}).find("subcommand is required") != std::string::npos);
  BOOST_TEST(complaint({"--josn", "list"}).find("--josn") != std::string::npos);
  BOOST_TEST(complaint({"describe", "MemoryCahe"}) ==
             "2 cachesite: no class \"MemoryCahe\"; did you mean \"MemoryCache\"?\n");
  BOOST_TEST(complaint({"describe", "Zebra"}) ==
             "2 cachesite: no class \"Zebra\"; 'cachesite describe' lists them all\n");
}

BOOST_FIXTURE_TEST_CASE(an_unknown_component_is_a_matter_of_usage_for_every_command, Tool) {
  const std::vector<std::vector<std::string>> commands{{"explain", "shp"},
                                                       {"get", "shp", "key"},
                                                       {"set", "shp", "key", "value", "--ttl", "1h"},
                                                       {"del", "shp", "key"},
                                                       {"has", "shp", "key"},
                                                       {"ttl", "shp", "key"},
                                                       {"expire", "shp", "key", "1h"},
                                                       {"persist", "shp", "key"},
                                                       {"keys", "shp"},
                                                       {"clear", "shp"},
                                                       {"size", "shp"},
                                                       {"stats", "shp"}};
  for (const auto& words : commands) {
    const auto told = complaint(words);
    BOOST_TEST(told.starts_with("2 cachesite: no component "), words.front() << ": " << told);
    BOOST_TEST(told.find("did you mean \"shop\"?") != std::string::npos, words.front() << ": " << told);
  }
}

BOOST_AUTO_TEST_CASE(an_explanation_has_each_value_in_one_line) {
  Tool tool("  socket_keepalive_options: {idle: 15s, interval: 5s}\n");
  const auto told = tool.run({"explain", "shop"});
  BOOST_TEST(told.status.value() == 0);
  BOOST_TEST(told.output.find("  prefix = \"shop[1]:\"  (") != std::string::npos, told.output);
  BOOST_TEST(told.output.find(" = {\"") != std::string::npos, told.output);
  BOOST_TEST(told.output.find("{ ") == std::string::npos, told.output);
  BOOST_TEST(told.output.find(",  ") == std::string::npos, told.output);
}

BOOST_AUTO_TEST_SUITE_END()
