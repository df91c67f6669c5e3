// The program `cachesite` on caches of a real server.

#include "support/process.hpp"
#include "support/redis_server.hpp"
#include "support/temporary_directory.hpp"

#include <fstream>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite::test;

namespace {

struct Tool {
  Tool() {
    std::ofstream(file) << "- class: RedisCache\n"
                           "  entries: [{interface: ICache, name: shop}]\n"
                           "  host: 127.0.0.1\n"
                           "  port: "
                        << server.port()
                        << "\n"
                           "  prefix: \"shop[1]:\"\n";
  }

  ProcessResult run(std::vector<std::string> words) {
    words.insert(words.begin(), {CACHESITE_TOOL_PROGRAM, "-c", file});
    return run_process(words);
  }
  /// The exit status and what was printed.
  std::string answer(std::vector<std::string> words) {
    const auto result = run(std::move(words));
    return std::to_string(result.status.value_or(-1)) + " " + result.output;
  }

  RedisServer server;
  RedisProbe probe = server.probe();
  TemporaryDirectory directory;
  const std::string file = (directory.path() / "caches.yml").string();
};

}  // namespace

BOOST_AUTO_TEST_SUITE(tool)

BOOST_FIXTURE_TEST_CASE(ttls_are_changed_and_taken_away, Tool) {
  BOOST_TEST(answer({"set", "shop", "key", "value", "--ttl", "never"}) == "0 ");
  BOOST_TEST(answer({"ttl", "shop", "key"}) == "0 never\n");
  BOOST_TEST(answer({"persist", "shop", "key"}) == "1 no\n");
  BOOST_TEST(answer({"expire", "shop", "key", "2h"}) == "0 yes\n");
  BOOST_TEST(probe.ttl_milliseconds("shop[1]:key") > 7'000'000);
  BOOST_TEST(answer({"--json", "persist", "shop", "key"}) == "0 true\n");
  BOOST_TEST(answer({"expire", "shop", "key", "never"}) == "0 yes\n");
  BOOST_TEST(answer({"expire", "shop", "absent", "2h"}) == "1 no\n");
  BOOST_TEST(run({"expire", "shop", "key", "soon"}).status.value() == 2);
  BOOST_TEST(run({"expire", "shop", "key", "0s"}).status.value() == 2);
}

BOOST_FIXTURE_TEST_CASE(keys_are_printed_one_on_a_line_and_without_tricks, Tool) {
  probe.set("shop1:neighbour", "value");
  BOOST_TEST(answer({"keys", "shop"}) == "0 ");
  BOOST_TEST(answer({"size", "shop"}) == "0 0\n");
  probe.set("shop[1]:a\n\\b\x1b\xff", "value");
  BOOST_TEST(answer({"keys", "shop"}) == "0 a\\n\\\\b\\x1b\\xff\n");
  BOOST_TEST(run({"--json", "keys", "shop"}).output.find("\"escaped\": \"a\\\\n") != std::string::npos);
  probe.set("shop[1]:user:\xc5\xbc", "value");
  BOOST_TEST(answer({"keys", "shop", "user:*"}) == "0 user:\xc5\xbc\n");
  BOOST_TEST(run({"--json", "keys", "shop", "user:*"}).output.find("\"user:") != std::string::npos);
  BOOST_TEST(answer({"size", "shop"}) == "0 2\n");
  BOOST_TEST(answer({"--json", "size", "shop"}) == "0 2\n");
}

BOOST_FIXTURE_TEST_CASE(a_cache_is_cleared_and_its_neighbours_stay, Tool) {
  probe.set("shop1:neighbour", "value");
  for (const char* const key : {"shop[1]:a1", "shop[1]:a2", "shop[1]:b"})
    probe.set(key, "value");
  BOOST_TEST(answer({"clear", "shop", "--matching", "a?"}) == "0 removed 2\n");
  BOOST_TEST(answer({"clear", "shop"}) == "0 cleared\n");
  BOOST_TEST((probe.keys() == std::vector<std::string>{"shop1:neighbour"}));
  server.kill();
  for (const char* const verb : {"clear", "keys", "size"})
    BOOST_TEST(run({verb, "shop"}).status.value() == 4);
  BOOST_TEST(run({"clear", "absent"}).status.value() == 2);
}

BOOST_FIXTURE_TEST_CASE(all_counters_are_shown, Tool) {
  const auto printed = run({"stats", "shop"}).output;
  for (const char* const name : {"hits 0\n", "clears 0\n", "tag_evictions 0\n", "stampede_waits 0\n"})
    BOOST_TEST(printed.find(name) != std::string::npos, name);
}

BOOST_AUTO_TEST_SUITE_END()
