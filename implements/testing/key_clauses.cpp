#include "testing/clause.hpp"
#include "testing/expectation.hpp"

#include <cachesite/detail/key_range.hpp>

#include <atomic>
#include <set>
#include <thread>
#include <vector>

namespace cachesite::testing {

namespace {

using namespace std::chrono_literals;
using Keys = std::set<std::string>;

constexpr auto long_time = 1h;

// A key may come twice.
Keys keys_of(const Caller& cache, std::string_view pattern) {
  Keys found;
  auto keys = cache.keys(pattern);
  for (const auto& key : keys)
    found.insert(key);
  EXPECT(!keys.error().has_value());
  return found;
}

void fill(const Caller& cache, const std::string& prefix, std::size_t count) {
  std::vector<std::string> keys;
  for (std::size_t index = 0; index < count; ++index)
    keys.push_back(prefix + std::to_string(index));
  std::vector<CacheEntry> entries;
  for (const auto& key : keys)
    entries.push_back({key, ByteView("value"), long_time});
  for (const auto& status : cache.set_many(entries))
    REQUIRE(status.ok());
}

// --- walking

void an_empty_cache_has_no_keys(const Subject& subject) {
  auto& cache = *subject.cache;
  EXPECT(keys_of(cache, "*").empty());
  EXPECT(value_of(cache.size()) == 0u);
  EXPECT(value_of(cache.remove_matching("*")) == 0u);
  EXPECT(cache.clear().ok());
}

void a_walk_finds_every_key_and_no_other(const Subject& subject) {
  auto& cache = *subject.cache;
  fill(cache, "user:", 500);
  EXPECT(cache.set_value("a null", std::nullopt, long_time));
  EXPECT(cache.set_value("large", std::string(100000, 'x'), long_time));
  EXPECT(cache.set_value(std::string(5000, 'k'), "value", long_time));
  EXPECT(cache.set_value("expired", "value", 20ms));
  EXPECT(cache.set_value("removed", "value", long_time));
  EXPECT(value_of(cache.remove("removed")));
  subject.let_pass(21ms);
  Keys expected{"a null", "large", std::string(5000, 'k')};
  for (int index = 0; index < 500; ++index)
    expected.insert("user:" + std::to_string(index));
  EXPECT(keys_of(cache, "*") == expected);
}

void a_walk_finds_the_keys_that_match(const Subject& subject) {
  auto& cache = *subject.cache;
  fill(cache, "user:", 20);
  fill(cache, "users:", 20);
  EXPECT(keys_of(cache, "user:1?") == Keys{"user:10", "user:11", "user:12", "user:13", "user:14", "user:15",
                                           "user:16", "user:17", "user:18", "user:19"});
  EXPECT(keys_of(cache, "user:[0-1]") == Keys{"user:0", "user:1"});
  EXPECT(keys_of(cache, "user*:19") == Keys{"user:19", "users:19"});
  EXPECT(keys_of(cache, "user:7") == Keys{"user:7"});
  EXPECT(keys_of(cache, "user").empty());
  EXPECT(keys_of(cache, "").empty());
  EXPECT(keys_of(cache, "users:*").size() == 20u);
}

void keys_with_characters_of_patterns_are_found_as_they_are(const Subject& subject) {
  auto& cache = *subject.cache;
  const Keys keys{"a*b",      "a?b", "a[b]c", "a\\b", "axb",         "abc",
                  "{tag}key", "*",   "a^b",   "a-b",  "line\r\nend", std::string("nul\0key", 7)};
  for (const auto& key : keys)
    REQUIRE(cache.set_value(key, key, long_time));
  EXPECT(keys_of(cache, "*") == keys);
  for (const auto& key : keys)
    EXPECT(keys_of(cache, escape_key_pattern(key)) == Keys{key});
  EXPECT(keys_of(cache, "a\\*b") == Keys{"a*b"});
  EXPECT(keys_of(cache, "a?b") == Keys{"a*b", "a?b", "a\\b", "a^b", "a-b", "axb"});
  EXPECT(keys_of(cache, "a[[]b]c") == Keys{"a[b]c"});
}

void a_walk_step_by_step_ends_and_goes_no_further(const Subject& subject) {
  auto& cache = *subject.cache;
  fill(cache, "key ", 300);
  ScanPosition position;
  std::vector<std::string> keys{"what was there before"};
  while (!position.finished)
    REQUIRE(cache.scan("*", position, keys).ok());
  EXPECT(keys.front() == "what was there before");
  EXPECT(Keys(keys.begin() + 1, keys.end()).size() == 300u);
  const auto count = keys.size();
  EXPECT(cache.scan("*", position, keys).ok());
  EXPECT(keys.size() == count);
}

void a_walk_meets_every_key_that_stays_while_others_write(const Subject& subject) {
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
    EXPECT(!keys.error().has_value());
    EXPECT(found.size() == count);
  }
  done = true;
  for (auto& writer : writers)
    writer.join();
  EXPECT(failed.load() == 0);
}

void a_walk_meets_every_key_that_stays_while_its_caller_writes(const Subject& subject) {
  auto& cache = *subject.cache;
  fill(cache, "stays ", 300);
  Keys found;
  int number = 0;
  auto keys = cache.keys();
  for (const auto& key : keys) {
    if (key.starts_with("stays ")) found.insert(key);
    if (++number <= 2000) REQUIRE(cache.set_value("new " + std::to_string(number), "value", long_time));
    if (number > 100) REQUIRE(cache.remove("new " + std::to_string(number - 100)).ok());
  }
  EXPECT(!keys.error().has_value());
  EXPECT(found.size() == 300u);
}

// --- removing many

void remove_matching_counts_what_it_removes_and_spares_others(const Subject& subject) {
  auto& cache = *subject.cache;
  fill(cache, "session:", 700);
  fill(cache, "user:", 50);
  EXPECT(cache.set_value("session*", "literal", long_time));
  const auto before = cache.statistics();
  EXPECT(value_of(cache.remove_matching("session:*")) == 700u);
  EXPECT(cache.statistics().removals - before.removals == 700u);
  EXPECT(keys_of(cache, "*").size() == 51u);
  EXPECT(value_of(cache.remove_matching("session:*")) == 0u);
  EXPECT(value_of(cache.remove_matching("nobody")) == 0u);
  EXPECT(value_of(cache.remove_matching(escape_key_pattern("session*"))) == 1u);
  EXPECT(value_of(cache.remove_matching("*")) == 50u);
  EXPECT(keys_of(cache, "*").empty());
}

void clear_removes_everything_and_counts_once(const Subject& subject) {
  auto& cache = *subject.cache;
  fill(cache, "key ", 1500);
  EXPECT(cache.set_value("null", std::nullopt, long_time));
  EXPECT(cache.write("for ever", std::string(100000, 'x'), TimeToLive::never_expires()).ok());
  const auto before = cache.statistics();
  EXPECT(cache.clear().ok());
  EXPECT(cache.statistics().clears - before.clears == 1u);
  EXPECT(cache.get("key 7").miss());
  EXPECT(cache.get("null").miss());
  EXPECT(cache.get("for ever").miss());
  EXPECT(keys_of(cache, "*").empty());
  EXPECT(value_of(cache.size()) == 0u);
  EXPECT(cache.clear().ok());
  EXPECT(cache.statistics().clears - before.clears == 2u);
  EXPECT(cache.set_value("key 7", "back", long_time));
  check_hit(cache, "key 7", "back");
}

void size_is_the_number_of_entries(const Subject& subject) {
  auto& cache = *subject.cache;
  fill(cache, "key ", 250);
  EXPECT(cache.set_value("null", std::nullopt, long_time));
  EXPECT(value_of(cache.size()) == 251u);
  fill(cache, "key ", 250);
  EXPECT(value_of(cache.size()) == 251u);
  EXPECT(value_of(cache.remove("key 3")));
  EXPECT(value_of(cache.remove_matching("key 1?")) == 10u);
  EXPECT(value_of(cache.size()) == 240u);
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

}  // namespace cachesite::testing
