#include "contract/cache_clauses.hpp"

#include <cachesite/key_pattern.hpp>

#include <atomic>
#include <set>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>

namespace cachesite::test {

namespace {

using namespace std::chrono_literals;
using Keys = std::set<std::string>;

constexpr auto long_time = 1h;

// A key may come twice.
Keys keys_of(ICache& cache, std::string_view pattern) {
  Keys found;
  auto keys = cache.keys(pattern);
  for (const auto& key : keys)
    found.insert(key);
  BOOST_TEST(!keys.error().has_value());
  return found;
}

void fill(ICache& cache, const std::string& prefix, std::size_t count) {
  std::vector<std::string> keys;
  for (std::size_t index = 0; index < count; ++index)
    keys.push_back(prefix + std::to_string(index));
  std::vector<CacheEntry> entries;
  for (const auto& key : keys)
    entries.push_back({key, ByteView("value"), long_time});
  for (const auto& status : cache.set_many(entries))
    BOOST_REQUIRE(status.ok());
}

// --- walking

void an_empty_cache_has_no_keys(const CacheSubject& subject) {
  auto& cache = *subject.cache;
  BOOST_TEST(keys_of(cache, "*").empty());
  BOOST_TEST(cache.size().value() == 0u);
  BOOST_TEST(cache.remove_matching("*").value() == 0u);
  BOOST_TEST(cache.clear().ok());
}

void a_walk_finds_every_key_and_no_other(const CacheSubject& subject) {
  auto& cache = *subject.cache;
  fill(cache, "user:", 500);
  BOOST_TEST(cache.set_value("a null", std::nullopt, long_time));
  BOOST_TEST(cache.set_value("large", std::string(100000, 'x'), long_time));
  BOOST_TEST(cache.set_value(std::string(5000, 'k'), "value", long_time));
  BOOST_TEST(cache.set_value("expired", "value", 20ms));
  BOOST_TEST(cache.set_value("removed", "value", long_time));
  BOOST_TEST(cache.remove("removed").value());
  subject.let_pass(21ms);
  Keys expected{"a null", "large", std::string(5000, 'k')};
  for (int index = 0; index < 500; ++index)
    expected.insert("user:" + std::to_string(index));
  BOOST_TEST((keys_of(cache, "*") == expected));
}

void a_walk_finds_the_keys_that_match(const CacheSubject& subject) {
  auto& cache = *subject.cache;
  fill(cache, "user:", 20);
  fill(cache, "users:", 20);
  BOOST_TEST((keys_of(cache, "user:1?") == Keys{"user:10", "user:11", "user:12", "user:13", "user:14",
                                                "user:15", "user:16", "user:17", "user:18", "user:19"}));
  BOOST_TEST((keys_of(cache, "user:[0-1]") == Keys{"user:0", "user:1"}));
  BOOST_TEST((keys_of(cache, "user*:19") == Keys{"user:19", "users:19"}));
  BOOST_TEST((keys_of(cache, "user:7") == Keys{"user:7"}));
  BOOST_TEST(keys_of(cache, "user").empty());
  BOOST_TEST(keys_of(cache, "").empty());
  BOOST_TEST(keys_of(cache, "users:*").size() == 20u);
}

void keys_with_characters_of_patterns_are_found_as_they_are(const CacheSubject& subject) {
  auto& cache = *subject.cache;
  const Keys keys{"a*b",      "a?b", "a[b]c", "a\\b", "axb",         "abc",
                  "{tag}key", "*",   "a^b",   "a-b",  "line\r\nend", std::string("nul\0key", 7)};
  for (const auto& key : keys)
    BOOST_REQUIRE(cache.set_value(key, key, long_time));
  BOOST_TEST((keys_of(cache, "*") == keys));
  for (const auto& key : keys)
    BOOST_TEST((keys_of(cache, escape_key_pattern(key)) == Keys{key}));
  BOOST_TEST((keys_of(cache, "a\\*b") == Keys{"a*b"}));
  BOOST_TEST((keys_of(cache, "a?b") == Keys{"a*b", "a?b", "a\\b", "a^b", "a-b", "axb"}));
  BOOST_TEST((keys_of(cache, "a[[]b]c") == Keys{"a[b]c"}));
}

void a_walk_step_by_step_ends_and_goes_no_further(const CacheSubject& subject) {
  auto& cache = *subject.cache;
  fill(cache, "key ", 300);
  ScanPosition position;
  std::vector<std::string> keys{"what was there before"};
  while (!position.finished)
    BOOST_REQUIRE(cache.scan("*", position, keys).ok());
  BOOST_TEST(keys.front() == "what was there before");
  BOOST_TEST(Keys(keys.begin() + 1, keys.end()).size() == 300u);
  const auto count = keys.size();
  BOOST_TEST(cache.scan("*", position, keys).ok());
  BOOST_TEST(keys.size() == count);
}

void a_walk_meets_every_key_that_stays_while_others_write(const CacheSubject& subject) {
  auto& cache = *subject.cache;
  constexpr std::size_t count = 5000;
  fill(cache, "stays ", count);
  std::atomic<bool> done{false};
  std::atomic<int> failed{0};
  std::vector<std::thread> writers;
  for (int number = 0; number < 3; ++number)
    writers.emplace_back([&, number] {
      for (int round = 0; !done; ++round) {
        const auto passing = "passing " + std::to_string(number) + " " + std::to_string(round % 500);
        const bool comes = round / 500 % 2 == 0;
        if (comes ? !cache.set_value(passing, "value", long_time) : !cache.remove(passing).ok()) ++failed;
        const auto stays = "stays " + std::to_string(round * 7 % static_cast<int>(count));
        if (!cache.set_value(stays, std::string(static_cast<std::size_t>(round % 300), 'x'), long_time))
          ++failed;
      }
    });
  for (int walk = 0; walk < 3; ++walk) {
    Keys found;
    auto keys = cache.keys("stays *");
    for (const auto& key : keys)
      found.insert(key);
    BOOST_TEST(!keys.error().has_value());
    BOOST_TEST(found.size() == count);
  }
  done = true;
  for (auto& writer : writers)
    writer.join();
  BOOST_TEST(failed.load() == 0);
}

void a_walk_meets_every_key_that_stays_while_its_caller_writes(const CacheSubject& subject) {
  auto& cache = *subject.cache;
  fill(cache, "stays ", 300);
  Keys found;
  int number = 0;
  auto keys = cache.keys();
  for (const auto& key : keys) {
    if (key.starts_with("stays ")) found.insert(key);
    if (++number <= 2000) BOOST_REQUIRE(cache.set_value("new " + std::to_string(number), "value", long_time));
    if (number > 100) BOOST_REQUIRE(cache.remove("new " + std::to_string(number - 100)).ok());
  }
  BOOST_TEST(!keys.error().has_value());
  BOOST_TEST(found.size() == 300u);
}

// --- removing many

void remove_matching_counts_what_it_removes_and_spares_others(const CacheSubject& subject) {
  auto& cache = *subject.cache;
  fill(cache, "session:", 700);
  fill(cache, "user:", 50);
  BOOST_TEST(cache.set_value("session*", "literal", long_time));
  const auto before = cache.statistics();
  BOOST_TEST(cache.remove_matching("session:*").value() == 700u);
  BOOST_TEST(cache.statistics().removals - before.removals == 700u);
  BOOST_TEST(keys_of(cache, "*").size() == 51u);
  BOOST_TEST(cache.remove_matching("session:*").value() == 0u);
  BOOST_TEST(cache.remove_matching("nobody").value() == 0u);
  BOOST_TEST(cache.remove_matching(escape_key_pattern("session*")).value() == 1u);
  BOOST_TEST(cache.remove_matching("*").value() == 50u);
  BOOST_TEST(keys_of(cache, "*").empty());
}

void clear_removes_everything_and_counts_once(const CacheSubject& subject) {
  auto& cache = *subject.cache;
  fill(cache, "key ", 1500);
  BOOST_TEST(cache.set_value("null", std::nullopt, long_time));
  BOOST_TEST(cache.write("for ever", std::string(100000, 'x'), TimeToLive::never_expires()).ok());
  const auto before = cache.statistics();
  BOOST_TEST(cache.clear().ok());
  BOOST_TEST(cache.statistics().clears - before.clears == 1u);
  BOOST_TEST(cache.get("key 7").miss());
  BOOST_TEST(cache.get("null").miss());
  BOOST_TEST(cache.get("for ever").miss());
  BOOST_TEST(keys_of(cache, "*").empty());
  BOOST_TEST(cache.size().value() == 0u);
  BOOST_TEST(cache.clear().ok());
  BOOST_TEST(cache.statistics().clears - before.clears == 2u);
  BOOST_TEST(cache.set_value("key 7", "back", long_time));
  check_hit(cache, "key 7", "back");
}

void size_is_the_number_of_entries(const CacheSubject& subject) {
  auto& cache = *subject.cache;
  fill(cache, "key ", 250);
  BOOST_TEST(cache.set_value("null", std::nullopt, long_time));
  BOOST_TEST(cache.size().value() == 251u);
  fill(cache, "key ", 250);
  BOOST_TEST(cache.size().value() == 251u);
  BOOST_TEST(cache.remove("key 3").value());
  BOOST_TEST(cache.remove_matching("key 1?").value() == 10u);
  BOOST_TEST(cache.size().value() == 240u);
}

constexpr CacheClause clauses[] = {
    CLAUSE_OF_ANY_CACHE(an_empty_cache_has_no_keys),
    CLAUSE(a_walk_finds_every_key_and_no_other),
    CLAUSE(a_walk_finds_the_keys_that_match),
    CLAUSE(keys_with_characters_of_patterns_are_found_as_they_are),
    CLAUSE(a_walk_step_by_step_ends_and_goes_no_further),
    CLAUSE(a_walk_meets_every_key_that_stays_while_others_write),
    CLAUSE(a_walk_meets_every_key_that_stays_while_its_caller_writes),
    CLAUSE(remove_matching_counts_what_it_removes_and_spares_others),
    CLAUSE(clear_removes_everything_and_counts_once),
    CLAUSE(size_is_the_number_of_entries),
};

}  // namespace

std::span<const CacheClause> key_clauses() {
  return clauses;
}

}  // namespace cachesite::test
