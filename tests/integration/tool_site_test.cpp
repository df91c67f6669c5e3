// What the program `cachesite` says of component files, and of words that it does not know.

#include "tool_fixture.hpp"

#include <cachesite/version.hpp>

#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <utility>
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
  BOOST_TEST(complaint({"--josn", "list"}) ==
             "2 cachesite: there is no option \"--josn\"; did you mean \"--json\"?\n");
  BOOST_TEST(complaint({"check", "--conect"}) ==
             "2 cachesite: there is no option \"--conect\"; did you mean \"--connect\"?\n");
  BOOST_TEST(complaint({"list", "--frobnicate"}).find("--frobnicate") != std::string::npos);
  BOOST_TEST(complaint({"describe", "MemoryCahe"}) ==
             "2 cachesite: no class \"MemoryCahe\"; did you mean \"MemoryCache\"?\n");
  BOOST_TEST(complaint({"describe", "Zebra"}) ==
             "2 cachesite: no class \"Zebra\"; 'cachesite describe' lists them all\n");
}

BOOST_FIXTURE_TEST_CASE(the_version_is_told_without_a_command_and_without_a_file, Tool) {
  const auto told = run_process({CACHESITE_TOOL_PROGRAM, "--version"});
  BOOST_TEST(told.status.value_or(-1) == 0);
  BOOST_TEST(told.errors == "");
  BOOST_TEST(told.output.starts_with("cachesite " CACHESITE_VERSION_TEXT "\n"), told.output);
  BOOST_TEST(told.output.find("\ncompiled by ") != std::string::npos, told.output);
  BOOST_TEST(told.output.ends_with("\nlicence: MIT\n"), told.output);
}

BOOST_AUTO_TEST_CASE(what_is_no_component_file_is_called_what_it_is) {
  for (const std::string file : {"-", "/dev/stdin", "/"}) {
    const auto told = run_process({CACHESITE_TOOL_PROGRAM, "-c", file, "list"});
    BOOST_TEST(told.status.value_or(-1) == 3, file);
    BOOST_TEST(told.output == "", file);
    BOOST_TEST(told.errors.find("give the format") == std::string::npos, told.errors);
    BOOST_TEST(told.errors.find("error[E10") != std::string::npos, told.errors);
  }
}

BOOST_FIXTURE_TEST_CASE(a_check_asks_the_servers_when_it_is_told_to, Tool) {
  std::ofstream(file, std::ios::app) << "- {class: MemoryCache, entries: [{interface: ICache, name: hot}]}\n";
  const auto up = run({"check", "--connect"});
  BOOST_TEST(up.status.value_or(-1) == 0);
  BOOST_TEST(up.output == "ICache \"hot\" MemoryCache: answers\nICache \"shop\" RedisCache: answers\n");
  BOOST_TEST(up.errors == "cachesite: the files have no problems\n");
  server.kill();
  BOOST_TEST(run({"check"}).status.value_or(-1) == 0);
  const auto down = run({"check", "--connect"});
  BOOST_TEST(down.status.value_or(-1) == 4);
  BOOST_TEST(down.output.find("ICache \"shop\" RedisCache: unreachable: ") != std::string::npos, down.output);
  const auto json = run({"check", "--connect", "--json"});
  BOOST_TEST(json.status.value_or(-1) == 4);
  BOOST_TEST(json.output.find("\"answers\": false") != std::string::npos, json.output);
  BOOST_TEST(json.output.find("\"answers\": true") != std::string::npos, json.output);
}

BOOST_FIXTURE_TEST_CASE(a_check_answers_in_json, Tool) {
  BOOST_TEST(answer({"--json", "check"}) == "0 {\n  \"problems\": []\n}\n");
  std::ofstream(file) << "- class: MemoryCache\n  polcy: lru\n";
  const auto told = run({"check", "--json"});
  BOOST_TEST(told.status.value_or(-1) == 3);
  for (const std::string part :
       {"\"severity\": \"error\"", "\"id\": \"E204\"", "\"line\": 2", "\"column\": 3",
        "\"hint\": \"did you mean \\\"policy\\\"?\"", "caches.yml\""})
    BOOST_TEST(told.output.find(part) != std::string::npos, told.output);
}

BOOST_FIXTURE_TEST_CASE(colours_are_for_terminals_alone, Tool) {
  std::ofstream(file) << "- class: MemoryCache\n  polcy: lru\n";
  BOOST_TEST(run({"check"}).output.find('\x1b') == std::string::npos);
  const auto on_terminal = [&](std::map<std::string, std::optional<std::string>> environment) {
    ProcessOptions options;
    options.environment = std::move(environment);
    const std::string program = CACHESITE_TOOL_PROGRAM;
    return run_process({"script", "-qec", program + " -c " + file + " check", "/dev/null"}, options).output;
  };
  const auto coloured = on_terminal({{"NO_COLOR", std::nullopt}, {"TERM", "xterm"}});
  BOOST_TEST(coloured.find("\x1b[31merror[E204]\x1b[0m: ") != std::string::npos, coloured);
  BOOST_TEST(coloured.find("\x1b[32m^") != std::string::npos, coloured);
  BOOST_TEST(on_terminal({{"NO_COLOR", "1"}, {"TERM", "xterm"}}).find('\x1b') == std::string::npos);
  BOOST_TEST(on_terminal({{"NO_COLOR", std::nullopt}, {"TERM", "dumb"}}).find('\x1b') == std::string::npos);
}

BOOST_FIXTURE_TEST_CASE(classes_of_a_program_are_left_out_when_that_is_asked_for, Tool) {
  std::ofstream(file) << "- {class: MemoryCache, entries: [{interface: ICache, name: shop}]}\n"
                         "- {class: Drawer, entries: [{interface: ICache, name: drawer}]}\n"
                         "- {class: PrefixCache, entries: [{interface: ICache, name: part}], over: drawer}\n";
  BOOST_TEST(complaint({"check"}).starts_with("3 "));
  const auto checked = run({"--skip-unknown", "check"});
  BOOST_TEST(checked.status.value_or(-1) == 0);
  BOOST_TEST(checked.output == "");
  for (const std::string sentence :
       {"warning[E307]: there is no component class \"Drawer\"",
        "PrefixCache \"part\" needs the ICache \"drawer\", which is left out", "cachesite: no problems\n"})
    BOOST_TEST(checked.errors.find(sentence) != std::string::npos, checked.errors);
  const auto listed = run({"list", "--skip-unknown"});
  BOOST_TEST(listed.status.value_or(-1) == 0);
  BOOST_TEST(listed.output.find("\"shop\"") != std::string::npos, listed.output);
  BOOST_TEST(listed.output.find("drawer") == std::string::npos, listed.output);
  BOOST_TEST(listed.errors.find("\"Drawer\"") != std::string::npos, listed.errors);
  std::ofstream(file, std::ios::app) << "- {class: Drawer, entries: 1}\n- {class: MemoryCache, polcy: lru}\n";
  const auto wrong = run({"--skip-unknown", "check"});
  BOOST_TEST(wrong.status.value_or(-1) == 3);
  BOOST_TEST(wrong.output.find("polcy") != std::string::npos, wrong.output);
  BOOST_TEST(wrong.output.find("Drawer") == std::string::npos, wrong.output);
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

BOOST_FIXTURE_TEST_CASE(a_check_shows_the_warnings_of_configurations_that_a_load_logs, Tool) {
  const auto path = (directory.path() / "settings.toml").string();
  std::ofstream(path) << "port = 7000\n[redis]\nhosts = [[1]]\nportt = 'hush7Kq9xZwe'\n";
  std::ofstream(file) << "- {class: TomlConfig, entries: [{interface: IConfig}], path: '" + path +
                             "'}\n"
                             "- {class: RedisCache, entries: [{interface: ICache, name: shop}], port: "
                      << server.port() << "}\n";
  const auto checked = run({"check"});
  const auto listed = run({"list"});
  BOOST_TEST(checked.status.value_or(-1) == 3);
  BOOST_TEST(listed.status.value_or(-1) == 0);
  for (const std::string warning : {"\"port\" is in no session", "an element of a list is a single value",
                                    "has no parameter \"portt\", did you mean \"port\"?"}) {
    BOOST_TEST(checked.output.find(warning) != std::string::npos, checked.output);
    BOOST_TEST(listed.errors.find(warning) != std::string::npos, listed.errors);
  }
  BOOST_TEST(checked.output.find("error") == std::string::npos, checked.output);
  BOOST_TEST(checked.output.find("hush7Kq9xZwe") == std::string::npos, checked.output);
}

BOOST_FIXTURE_TEST_CASE(no_command_shows_a_secret_of_the_files, Tool) {
  const std::string key = "c2VjcmV0IGtleSBzZWNyZXQga2V5IHNlY3JldCBrZXk=";
  const std::string password = "hush7Kq9xZwe";
  const auto write = [&](const std::string& keys, const std::string& further) {
    std::ofstream(file) << "- class: MemoryCache\n"
                           "  entries: [{interface: ICache, name: m}]\n"
                           "- class: CodecCache\n"
                           "  entries: [{interface: ICache, name: shop}]\n"
                           "  over: m\n"
                           "  encryption: aes_256_gcm\n"
                           "  cache_name: c\n"
                           "  keys: "
                        << keys
                        << "\n"
                           "- class: RedisCache\n"
                           "  lazy: true\n"
                           "  entries: [{interface: ICache, name: far}]\n"
                           "  host: 127.0.0.1\n"
                           "  port: "
                        << server.port() << "\n"
                        << further;
  };
  const auto silent = [&](const std::vector<std::string>& words) {
    const auto told = run(words);
    for (const auto& text : {told.output, told.errors})
      for (const auto& secret : {key, password})
        BOOST_TEST(text.find(secret) == std::string::npos, words.back() << ": " << text);
    return told;
  };
  write('[' + key + ']', "  password: " + password + "\n");
  for (const std::vector<std::string>& words :
       std::vector<std::vector<std::string>>{{"check"},
                                             {"list"},
                                             {"health"},
                                             {"metrics"},
                                             {"information"},
                                             {"set", "shop", "key", "value", "--ttl", "1h"},
                                             {"get", "far", "key"},
                                             {"stats", "far"}})
    (void)silent(words);
  for (const std::string name : {"shop", "far"})
    for (const auto& words : {std::vector<std::string>{"explain", name}, {"--json", "explain", name}}) {
      const auto told = silent(words);
      BOOST_TEST(told.status.value_or(-1) == 0);
      BOOST_TEST(told.output.find("******") != std::string::npos, told.output);
    }
  for (const auto& [keys, further] : std::vector<std::pair<std::string, std::string>>{
           {"[short" + password + ']', ""},
           {'[' + key + ", {a: " + key + "}]", ""},
           {'[' + key + ']', "  pasword: " + password + "\n"},
           {'[' + key + ']', "  password: {a: " + password + "}\n"},
           {'[' + key + ']', "  password: [" + password + "\n"}}) {
    write(keys, further);
    for (const std::string command : {"check", "list"}) {
      const auto told = silent({command});
      BOOST_TEST(told.status.value_or(-1) == 3);
      BOOST_TEST((told.output + told.errors).find("error[E") != std::string::npos);
    }
  }
}

BOOST_AUTO_TEST_SUITE_END()
