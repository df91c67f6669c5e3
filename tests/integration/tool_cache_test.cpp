// The program `cachesite` on caches of a real server.

#include "tool_fixture.hpp"

#include <cachesite/document_reader.hpp>

#include <fstream>
#include <string>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite::test;

BOOST_AUTO_TEST_SUITE(tool_cache)

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

BOOST_FIXTURE_TEST_CASE(the_answer_of_a_failover_is_no_answer_of_the_store, Tool) {
  const std::string store =
      "  ttl: 1h\n  store: {class: RedisCache, port: " + std::to_string(server.port()) + "}\n";
  std::ofstream(file) << "- class: Cache\n  name: memory\n" + store +
                             "  failover: {failover: {class: MemoryCache}}\n"
                             "- class: Cache\n  name: nothing\n" +
                             store + "  failover: true\n";
  for (const std::string cache : {"memory", "nothing"}) {
    BOOST_TEST(run({"set", cache, "key", "old"}).status.value() == 0);
    server.kill();
    const std::vector<std::vector<std::string>> commands{
        {"set", cache, "key", "new"}, {"del", cache, "key"}, {"get", cache, "key"}, {"clear", cache}};
    for (const auto& command : commands) {
      const auto answer = run(command);
      BOOST_TEST(answer.status.value() == 4, command.front());
      BOOST_TEST(answer.errors.find("was not reached") != std::string::npos, answer.errors);
    }
    server.restart();
  }
}

BOOST_FIXTURE_TEST_CASE(all_counters_are_shown, Tool) {
  const auto printed = run({"stats", "shop"}).output;
  for (const char* const name : {"hits 0\n", "clears 0\n", "tag_evictions 0\n", "stampede_waits 0\n"})
    BOOST_TEST(printed.find(name) != std::string::npos, name);
}

BOOST_FIXTURE_TEST_CASE(a_cached_null_is_there, Tool) {
  BOOST_TEST(answer({"set", "shop", "key", "--ttl", "never", "--null"}) == "0 ");
  BOOST_TEST(complaint({"get", "shop", "key"}) == "0 cachesite: a cached null\n");
  BOOST_TEST(answer({"--json", "get", "shop", "key"}) == "0 {\n  \"found\": \"null\"\n}\n");
  BOOST_TEST(answer({"has", "shop", "key"}) == "0 yes\n");
  BOOST_TEST(answer({"ttl", "shop", "key"}) == "0 never\n");
  BOOST_TEST(complaint({"get", "shop", "absent"}) == "1 cachesite: not there\n");
}

BOOST_FIXTURE_TEST_CASE(a_ttl_that_is_left_out_is_that_of_the_cache_or_is_asked_for, Tool) {
  BOOST_TEST(complaint({"set", "shop", "key", "value"}) ==
             "2 cachesite: bad_argument: no TTL is given, and the cache has none for this key: give one with "
             "the call, or `ttl` where the cache is declared\n");
  std::ofstream(file) << "- {class: Cache, name: shop, ttl: 1h, store: {class: RedisCache, port: "
                      << server.port() << ", socket_timeout: 5s}}\n";
  BOOST_TEST(answer({"set", "shop", "key", "value"}) == "0 ");
  BOOST_TEST(answer({"get", "shop", "key"}) == "0 value");
  BOOST_TEST(answer({"ttl", "shop", "key"}).starts_with("0 59m"));
  BOOST_TEST(answer({"set", "shop", "key", "value", "--ttl", "never"}) == "0 ");
  BOOST_TEST(answer({"ttl", "shop", "key"}) == "0 never\n");
}

BOOST_FIXTURE_TEST_CASE(metrics_as_json_have_every_cache, Tool) {
  std::ofstream(file)
      << "- {class: Cache, name: shop, store: {class: MemoryCache}, metrics: {sample_every: 1}}\n"
         "- {class: MemoryCache, name: other}\n";
  const auto told = run({"--json", "metrics"});
  BOOST_TEST(told.status.value_or(-1) == 0);
  const auto metrics = cachesite::read_document(told.output, cachesite::Format::json).root;
  const auto* const hits = metrics.find("cachesite_cache_hits_total");
  BOOST_REQUIRE(hits != nullptr);
  BOOST_TEST(hits->find("type")->scalar == "counter");
  BOOST_TEST(hits->find("help")->scalar == "Reads that found a value or a cached null.");
  BOOST_REQUIRE(hits->find("samples")->elements.size() == 2U);
  for (const auto& sample : hits->find("samples")->elements) {
    const auto& name = sample.find("labels")->find("cache")->scalar;
    BOOST_TEST((name == "shop" || name == "other"), name);
    BOOST_TEST(sample.find("value")->scalar == "0");
    BOOST_TEST((sample.find("value")->kind == cachesite::Node::Kind::integer));
  }
}

BOOST_FIXTURE_TEST_CASE(a_value_or_a_null_is_stored_and_never_one_for_the_other, Tool) {
  BOOST_TEST(run({"set", "shop", "key", "--ttl", "1h"}).status.value() == 2);
  BOOST_TEST(run({"set", "shop", "key", "value", "--ttl", "1h", "--null"}).status.value() == 2);
  BOOST_TEST(run({"set", "shop", "key", "-", "--ttl", "1h", "--null"}).status.value() == 2);
  BOOST_TEST(run({"set", "shop", "key", "value", "more", "--ttl", "1h"}).status.value() == 2);
  BOOST_TEST(run({"set", "shop", "key", "value"}).status.value() == 2);
  BOOST_TEST(probe.keys().empty());
  BOOST_TEST(complaint({"set", "shop", "key", "--ttl", "1h"}).find("VALUE or --null is required") !=
             std::string::npos);
  BOOST_TEST(answer({"set", "shop", "key", "", "--ttl", "1h"}) == "0 ");
  BOOST_TEST(probe.get("shop[1]:key").value() == "");
  BOOST_TEST(answer({"set", "shop", "key", "--ttl", "1h", "--", "--null"}) == "0 ");
  BOOST_TEST(probe.get("shop[1]:key").value() == "--null");
}

BOOST_FIXTURE_TEST_CASE(a_value_comes_whole_from_the_standard_input_or_not_at_all, Tool) {
  const std::string value(300'000, '\xfe');
  ProcessOptions options;
  options.input = value;
  BOOST_TEST(run({"set", "shop", "key", "-", "--ttl", "1h"}, options).status.value() == 0);
  BOOST_TEST((run({"get", "shop", "key"}).output == value));
  for (const std::string unreadable : {"<&-", "< /"}) {
    const auto result = run_redirected(unreadable, {"set", "shop", "other", "-", "--ttl", "1h"});
    BOOST_TEST(result.status.value() == 4, unreadable);
    BOOST_TEST(result.errors.starts_with("cachesite: cannot read the value: "), result.errors);
  }
  BOOST_TEST(answer({"has", "shop", "other"}) == "1 no\n");
}

BOOST_AUTO_TEST_CASE(what_is_too_large_is_at_fault_where_it_is) {
  Tool tool("  max_value_bytes: 1kB\n");
  const std::string large(3000, 'x');
  const std::string long_key(70'000, 'x');
  tool.probe.set("shop[1]:large", large);
  BOOST_TEST(tool.complaint({"get", "shop", "large"}).starts_with("4 cachesite: too_large: "));
  BOOST_TEST(tool.complaint({"--json", "get", "shop", "large"}).starts_with("4 cachesite: too_large: "));
  BOOST_TEST(
      tool.complaint({"set", "shop", "key", large, "--ttl", "1h"}).starts_with("2 cachesite: too_large: "));
  for (const char* const verb : {"get", "del", "has", "ttl", "persist"})
    BOOST_TEST(tool.complaint({verb, "shop", long_key}).starts_with("2 cachesite: too_large: "), verb);
  BOOST_TEST(tool.complaint({"expire", "shop", long_key, "1h"}).starts_with("2 cachesite: too_large: "));
}

BOOST_FIXTURE_TEST_CASE(json_has_the_value_of_an_entry, Tool) {
  BOOST_TEST(answer({"--json", "set", "shop", "key", "Ada \"A\"", "--ttl", "1h"}) ==
             "0 {\n  \"stored\": true\n}\n");
  BOOST_TEST(answer({"--json", "get", "shop", "key"}) ==
             "0 {\n  \"found\": \"hit\",\n  \"size\": 7,\n  \"value\": \"Ada \\\"A\\\"\"\n}\n");
  for (const auto& [bytes, base64] :
       std::vector<std::pair<std::string, std::string>>{{"\xff", "/w=="},
                                                        {"\xff\xfe", "//4="},
                                                        {"\xff\xfe\xfd", "//79"},
                                                        {std::string("\xff\0ab", 4), "/wBhYg=="}}) {
    probe.set("shop[1]:bytes", bytes);
    const auto told = answer({"--json", "get", "shop", "bytes"});
    BOOST_TEST(told.find("\"base64\": \"" + base64 + "\"") != std::string::npos, told);
  }
}

BOOST_FIXTURE_TEST_CASE(tags_are_evicted, Tool) {
  BOOST_TEST(complaint({"evict", "shop", "red"}) == "2 cachesite: the cache \"shop\" has no tags\n");
  BOOST_TEST(complaint({"evict", "shop"}).starts_with("2 "));
  std::ofstream(file, std::ios::app)
      << "- class: TaggedCache\n"
         "  entries: [{interface: ICache, name: plain}, {interface: ITaggedCache, name: tagged}]\n"
         "  over: shop\n"
         "- {class: Cache, name: whole, store: shop, tags: true, ttl: 1m}\n"
         "- {class: MetricsCache, name: seen, over: plain}\n";
  BOOST_TEST(answer({"evict", "tagged", "red", "blue"}).starts_with("0 evicted "));
  BOOST_TEST(answer({"evict", "whole", "red"}).starts_with("0 evicted "));
  BOOST_TEST(answer({"evict", "seen", "red"}).starts_with("0 evicted "));
  BOOST_TEST(answer({"evict", "plain", "red"}).starts_with("0 evicted "));
  BOOST_TEST(answer({"--json", "evict", "plain", "red"}).find("\"evicted\": ") != std::string::npos);
  BOOST_TEST(complaint({"evict", "plain", ""}).starts_with("2 cachesite: bad_argument: "));
  BOOST_TEST(complaint({"evict", "tagget", "red"}).find("did you mean") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
