// What the program `cachesite` prints for shells and for man.

#include "tool_fixture.hpp"

#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite::test;

namespace {

ProcessResult tool(std::vector<std::string> words) {
  words.insert(words.begin(), CACHESITE_TOOL_PROGRAM);
  return run_process(words);
}

/// What bash offers for the last of these words.
std::string offered(const std::string& words) {
  const auto result =
      run_process({"bash", "-c",
                   "source <(\"$0\" completion bash); COMP_WORDS=(" + words +
                       "); COMP_CWORD=$((${#COMP_WORDS[@]} - 1)); _cachesite; echo \"${COMPREPLY[*]}\"",
                   CACHESITE_TOOL_PROGRAM});
  return result.output + result.errors;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(tool_pages)

BOOST_AUTO_TEST_CASE(bash_completes_commands_options_and_files) {
  BOOST_TEST(offered("cachesite che") == "check\n");
  BOOST_TEST(offered("cachesite -c caches.yml ev") == "evict\n");
  BOOST_TEST(offered("cachesite check --con") == "--connect --config\n");
  BOOST_TEST(offered("cachesite get --con") == "--config\n");
  BOOST_TEST(offered("cachesite -c check set --tt") == "--ttl\n");
  BOOST_TEST(offered("cachesite completion z") == "zsh\n");
  BOOST_TEST(offered("cachesite -c /et") == "/etc\n");
  BOOST_TEST(offered("cachesite list x") == "\n");
}

BOOST_AUTO_TEST_CASE(bash_completes_names_of_classes_and_of_the_components_in_the_files) {
  const std::string program(CACHESITE_TOOL_PROGRAM);
  const TemporaryDirectory folder;
  folder.write("more.yml", "- {class: NullCache, name: shut}\n");
  const auto file = folder.write(
      "caches.yml",
      "include: more.yml\n"
      "components:\n"
      "  - class: MemoryCache\n"
      "    entries: [{interface: ICache, name: sessions}, {interface: ICache, name: two words}]\n"
      "  - {class: RedisCache, name: shared, url: \"${env:NOT_SET}\"}\n");
  BOOST_TEST(offered(program + " describe MemoryC") == "MemoryCache\n");
  BOOST_TEST(offered(program + " get sh -c " + file + " sh") == "shared shut\n");
  BOOST_TEST(offered(program + " -c " + file + " explain se") == "sessions\n");
  BOOST_TEST(offered(program + " -c " + file + " get t") == "\n");
  BOOST_TEST(offered(program + " -c /nowhere.yml get se") == "\n");
}

BOOST_AUTO_TEST_CASE(every_command_stands_in_every_page) {
  const auto help = tool({"--help"}).output;
  const auto bash = tool({"completion", "bash"}).output;
  const auto zsh = tool({"completion", "zsh"}).output;
  const auto fish = tool({"completion", "fish"}).output;
  const auto man = tool({"man-page"}).output;
  for (const std::string command : {"check", "list", "get", "set", "evict", "describe", "completion"}) {
    BOOST_TEST(help.find("  " + command + " ") != std::string::npos, command);
    BOOST_TEST(bash.find("    " + command + ") words='") != std::string::npos, command);
    BOOST_TEST(zsh.find("    '" + command + ":") != std::string::npos, command);
    BOOST_TEST(fish.find(" -a " + command + " -d '") != std::string::npos, command);
    BOOST_TEST(man.find(".TP\n\\fB" + command + "\\fR") != std::string::npos, command);
  }
  BOOST_TEST(fish.find("complete -c cachesite -s c -l config -r -F -d '") != std::string::npos, fish);
  BOOST_TEST(fish.find("complete -c cachesite -n '__fish_seen_subcommand_from check' -l connect -d '") !=
                 std::string::npos,
             fish);
  BOOST_TEST(man.find("\\fBset\\fR \\fINAME\\fR \\fIKEY\\fR \\fI[VALUE]\\fR") != std::string::npos, man);
  BOOST_TEST(man.find("\\fIVALUE...") == std::string::npos);
  BOOST_TEST(man.find("\\fBevict\\fR \\fINAME\\fR \\fITAG...\\fR") != std::string::npos, man);
}

BOOST_AUTO_TEST_CASE(another_shell_is_a_matter_of_usage) {
  BOOST_TEST(tool({"completion", "tcsh"}).status.value_or(-1) == 2);
  BOOST_TEST(tool({"completion"}).status.value_or(-1) == 2);
}

BOOST_AUTO_TEST_SUITE_END()
