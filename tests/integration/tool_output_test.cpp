// The program `cachesite` when what it prints is lost.

#include "tool_fixture.hpp"

#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite::test;

namespace {

/// One use of every command that prints something.
const std::vector<std::vector<std::string>> printing{
    {"list"},
    {"health"},
    {"doctor", "shop"},
    {"metrics"},
    {"information"},
    {"explain", "shop"},
    {"describe"},
    {"schema"},
    {"reference"},
    {"completion", "bash"},
    {"completion", "zsh"},
    {"completion", "fish"},
    {"man-page"},
    {"get", "shop", "key"},
    {"has", "shop", "key"},
    {"ttl", "shop", "key"},
    {"explain-key", "shop", "key"},
    {"persist", "shop", "key"},
    {"expire", "shop", "key", "1h"},
    {"keys", "shop"},
    {"size", "shop"},
    {"stats", "shop"},
    {"del", "shop", "key"},
    {"clear", "shop"},
    {"clear", "shop", "--matching", "k*"},
    {"--help"},
    {"get", "--help"},
    {"-c", "BROKEN", "check"},
};

/// The names of all commands, as the help has them.
std::set<std::string> commands_of(const std::string& help) {
  std::set<std::string> names;
  std::istringstream lines(help.substr(help.find("Subcommands:")));
  std::string line;
  std::getline(lines, line);
  while (std::getline(lines, line) && line.starts_with("  "))
    if (line[2] != ' ') names.insert(line.substr(2, line.find(' ', 2) - 2));
  return names;
}

struct PrintingTool : Tool {
  PrintingTool() { std::ofstream(broken) << "- class: Nothing\n"; }

  /// Runs the command on the same entry every time.
  ProcessResult run_to(const std::string& redirection, std::vector<std::string> words) {
    probe.set("shop[1]:key", "value");
    probe.command({"EXPIRE", "shop[1]:key", "1000"});
    for (auto& word : words)
      if (word == "BROKEN") word = broken;
    return run_redirected(redirection, std::move(words));
  }

  const std::string broken = (directory.path() / "broken.yml").string();
};

}  // namespace

BOOST_AUTO_TEST_SUITE(tool_output)

BOOST_FIXTURE_TEST_CASE(every_command_tells_that_its_output_is_lost, PrintingTool) {
  const std::string told = "cachesite: cannot write the output: ";
  for (const auto& words : printing)
    for (const bool json : {false, true}) {
      auto asked = words;
      if (json) asked.insert(asked.begin(), "--json");
      const auto& name = words.front();
      BOOST_TEST(!run_to("", asked).output.empty(), name);
      const auto full = run_to("> /dev/full", asked);
      BOOST_TEST(full.status.value() == 4, name);
      BOOST_TEST(full.errors == told + "No space left on device\n", name << ": " << full.errors);
      const auto closed = run_to(">&-", asked);
      BOOST_TEST(closed.status.value() == 4, name);
      BOOST_TEST(closed.errors == told + "Bad file descriptor\n", name << ": " << closed.errors);
    }
}

BOOST_FIXTURE_TEST_CASE(all_commands_are_tried, PrintingTool) {
  auto commands = commands_of(run_to("", {"--help"}).output);
  BOOST_TEST(commands.size() > 15);
  for (const auto& words : printing)
    for (const auto& word : words)
      commands.erase(word);
  BOOST_TEST((commands == std::set<std::string>{"evict", "set"}));
}

BOOST_FIXTURE_TEST_CASE(a_command_that_prints_nothing_loses_nothing, PrintingTool) {
  for (const std::string redirection : {"> /dev/full", ">&-"}) {
    BOOST_TEST(run_to(redirection, {"set", "shop", "key", "value", "--ttl", "1h"}).status.value() == 0);
    BOOST_TEST(run_to(redirection, {"get", "shop", "absent"}).status.value() == 1);
    BOOST_TEST(run_to(redirection, {"check"}).status.value() == 0);
  }
}

BOOST_FIXTURE_TEST_CASE(a_large_value_is_lost_as_loudly_as_a_small_one, PrintingTool) {
  probe.set("shop[1]:large", std::string(300'000, 'x'));
  for (const std::string redirection : {"> /dev/full", ">&-"}) {
    const auto result = run_to(redirection, {"get", "shop", "large"});
    BOOST_TEST(result.status.value() == 4);
    BOOST_TEST(result.errors.starts_with("cachesite: cannot write the output: "), result.errors);
  }
}

BOOST_AUTO_TEST_SUITE_END()
