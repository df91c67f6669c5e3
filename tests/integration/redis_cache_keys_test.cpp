// Walking, counting and removing keys on a real server that others use too.

#include "integration/redis_cache_fixture.hpp"
#include "support/wait_until.hpp"

#include <algorithm>
#include <set>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;

BOOST_AUTO_TEST_SUITE(redis_cache_keys)

namespace {

RedisServer& server() {
  static RedisServer shared;
  return shared;
}

struct Emptied {
  Emptied() { probe.flush(); }

  static RedisCacheOptions with_prefix(const std::string& prefix) {
    auto options = options_for_port(server().port());
    options.prefix = prefix;
    return options;
  }
  void fill(const std::string& prefix, int count) {
    std::vector<std::vector<std::string>> commands;
    for (int number = 0; number < count; ++number)
      commands.push_back({"SET", prefix + std::to_string(number), "value"});
    for (const auto& reply : probe.pipeline(commands))
      if (reply.is_error()) BOOST_FAIL(reply.describe());
  }
  std::int64_t calls_of(const std::string& command) {
    const auto statistics = probe.checked({"INFO", "commandstats"}).text;
    const auto line = statistics.find("cmdstat_" + command + ":calls=");
    if (line == std::string::npos) return 0;
    return std::stoll(statistics.substr(statistics.find('=', line) + 1));
  }

  RedisProbe probe = server().probe();
};

std::set<std::string> keys_of(ICache& cache, std::string_view pattern = "*") {
  std::set<std::string> found;
  auto range = cache.keys(pattern);
  for (const auto& key : range)
    found.insert(key);
  BOOST_TEST(!range.error().has_value());
  return found;
}

}  // namespace

BOOST_FIXTURE_TEST_CASE(bytes_that_mean_something_in_patterns_mean_themselves_in_a_prefix, Emptied) {
  for (const std::string prefix :
       {"app[1]:", "app*", "app?:", "app\\:", "app[^x]", "app[a-z]", "{app}:", "app[1"}) {
    probe.flush();
    for (const std::string neighbour :
         {"app1:other", "app2", "app", "appx:other", "apple:other", "app[2]:other", "app\\1"})
      if (!neighbour.starts_with(prefix)) probe.set(neighbour, "value");
    const auto before = probe.checked({"DBSIZE"}).integer;
    const StartedCache cache(with_prefix(prefix));
    cache->set_many({{"one", "1", 1min}, {"two", "2", 1min}});
    BOOST_TEST((keys_of(*cache) == std::set<std::string>{"one", "two"}));
    BOOST_TEST((keys_of(*cache, "t*") == std::set<std::string>{"two"}));
    BOOST_TEST(cache->size().value() == 2U);
    BOOST_TEST(cache->clear().ok());
    BOOST_TEST(cache->size().value() == 0U);
    BOOST_TEST(probe.checked({"DBSIZE"}).integer == before);
  }
}

BOOST_FIXTURE_TEST_CASE(what_matches_is_removed_and_counted, Emptied) {
  const StartedCache cache(with_prefix("app:"));
  fill("app:user:", 1000);
  fill("app:group:", 10);
  fill("user:", 10);
  BOOST_TEST(cache->remove_matching("user:*").value() == 1000U);
  BOOST_TEST(cache->remove_matching("user:*").value() == 0U);
  BOOST_TEST(cache->remove_matching("group:[0-4]").value() == 5U);
  BOOST_TEST(probe.keys("user:*").size() == 10U);
  BOOST_TEST(cache->size().value() == 5U);
  BOOST_TEST(cache->statistics().removals == 1005U);
  BOOST_TEST(cache->statistics().clears == 0U);
}

BOOST_FIXTURE_TEST_CASE(ten_thousand_keys_are_cleared_in_small_steps, Emptied) {
  fill("app:", 10'000);
  fill("other:", 100);
  probe.checked({"CONFIG", "RESETSTAT"});
  const StartedCache cache(with_prefix("app:"));
  auto monitor = server().monitor();
  BOOST_TEST(cache->clear().ok());
  std::size_t longest = 0;
  for (const auto& command : monitor.commands_so_far())
    longest = std::max(longest, command.arguments.size());
  BOOST_TEST(longest > 100U);
  BOOST_TEST(longest < 2000U);
  for (const char* const forbidden : {"keys", "flushdb", "flushall", "del"})
    BOOST_TEST(calls_of(forbidden) == 0);
  BOOST_TEST(calls_of("unlink") >= 10);
  BOOST_TEST(probe.checked({"DBSIZE"}).integer == 100);
  BOOST_TEST(cache->statistics().clears == 1U);
  BOOST_TEST(cache->statistics().removals == 10'000U);
}

BOOST_FIXTURE_TEST_CASE(a_cache_without_a_prefix_has_all_keys_and_asks_how_many, Emptied) {
  fill("", 500);
  probe.checked({"CONFIG", "RESETSTAT"});
  const StartedCache cache(with_prefix(""));
  auto monitor = server().monitor();
  BOOST_TEST(cache->size().value() == 500U);
  BOOST_TEST(monitor.texts_so_far() == std::vector<std::string>{"DBSIZE"}, boost::test_tools::per_element());
  BOOST_TEST(keys_of(*cache).size() == 500U);
  BOOST_TEST(cache->clear().ok());
  for (const char* const forbidden : {"keys", "flushdb", "flushall"})
    BOOST_TEST(calls_of(forbidden) == 0);
  BOOST_TEST(probe.checked({"DBSIZE"}).integer == 0);
}

BOOST_FIXTURE_TEST_CASE(keys_are_fetched_while_they_are_walked, Emptied) {
  fill("app:", 5000);
  const StartedCache cache(with_prefix("app:"));
  auto monitor = server().monitor();
  {
    auto range = cache->keys("*");
    auto key = range.begin();
    ++key;
  }
  BOOST_TEST(monitor.commands_so_far().size() == 1U);
  BOOST_TEST((monitor.commands_so_far().front().arguments ==
              std::vector<std::string>{"SCAN", "0", "MATCH", "app:*", "COUNT", "100"}));
  BOOST_TEST(keys_of(*cache).size() == 5000U);
}

BOOST_FIXTURE_TEST_CASE(the_prefix_alone_is_no_key_of_the_cache, Emptied) {
  probe.set("app:", "value");
  const StartedCache cache(with_prefix("app:"));
  BOOST_TEST(cache->size().value() == 0U);
  BOOST_TEST(cache->clear().ok());
  BOOST_TEST(probe.exists("app:"));
}

BOOST_FIXTURE_TEST_CASE(keys_longer_than_the_longest_value_are_walked_too, Emptied) {
  auto options = with_prefix("app:");
  options.max_value_bytes = ByteSize{16};
  const StartedCache cache(options);
  const std::string key(65536, 'k');
  BOOST_TEST(cache->set_value(key, "value", 1min));
  BOOST_TEST((keys_of(*cache) == std::set<std::string>{key}));
  BOOST_TEST(cache->clear().ok());
  BOOST_TEST(probe.checked({"DBSIZE"}).integer == 0);
}

BOOST_FIXTURE_TEST_CASE(a_walk_that_fails_says_so_and_can_go_on, Emptied) {
  fill("app:", 1000);
  ChaosProxy proxy(server().port());
  auto options = with_prefix("app:");
  options.port = proxy.port();
  const StartedCache cache(options);
  ScanPosition position;
  std::vector<std::string> keys;
  BOOST_TEST(cache->scan("*", position, keys).ok());
  proxy.set_accepting(Accepting::refuse);
  proxy.drop_connections();
  BOOST_TEST((cache->scan("*", position, keys).error().code() == ErrorCode::unreachable));
  BOOST_TEST(!position.finished);
  proxy.set_accepting(Accepting::forward);
  BOOST_TEST(wait_until([&] { return cache->contains("0").ok(); }));
  while (!position.finished)
    BOOST_REQUIRE(cache->scan("*", position, keys).ok());
  BOOST_TEST((std::set<std::string>(keys.begin(), keys.end()).size() == 1000U));
}

BOOST_FIXTURE_TEST_CASE(the_whole_database_goes_only_by_a_call_that_says_so, Emptied) {
  fill("app:", 10);
  fill("other:", 10);
  const StartedCache cache(with_prefix("app:"));
  IRedisDatabase& database = *cache;
  auto monitor = server().monitor();
  BOOST_TEST(database.flush_database().ok());
  BOOST_TEST(monitor.texts_so_far() == std::vector<std::string>{"FLUSHDB ASYNC"},
             boost::test_tools::per_element());
  BOOST_TEST(probe.checked({"DBSIZE"}).integer == 0);
  BOOST_TEST(cache->statistics().clears == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
