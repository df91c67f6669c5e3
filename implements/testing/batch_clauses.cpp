#include "testing/clause.hpp"
#include "testing/expectation.hpp"

#include <atomic>
#include <thread>
#include <vector>

namespace cachesite::testing {

namespace {

using namespace std::chrono_literals;

constexpr auto long_time = 1h;

// --- reading

void get_many_answers_in_the_order_of_the_keys(const Subject& subject) {
  auto& cache = *subject.cache;
  EXPECT(cache.set_value("hit", "value", long_time));
  EXPECT(cache.set_value("empty", "", long_time));
  EXPECT(cache.set_value("null", std::nullopt, long_time));
  EXPECT(cache.set_value("large", std::string(100000, 'x'), long_time));
  EXPECT(cache.set_value("expired", "value", 20ms));
  subject.let_pass(21ms);
  const auto found = cache.get_many({"large", "miss", "hit", "expired", "null", "hit", "empty", "miss"});
  REQUIRE(found.size() == 8u);
  EXPECT(found[0].hit() && found[0].value().text() == std::string(100000, 'x'));
  EXPECT(found[1].miss());
  EXPECT(found[2].hit() && found[2].value().text() == "value");
  EXPECT(found[3].miss());
  EXPECT(is_null(subject, found[4]));
  EXPECT(found[5].hit() && found[5].value().text() == "value");
  EXPECT(found[6].hit() && found[6].value().empty());
  EXPECT(found[7].miss());
}

void a_batch_of_nothing_is_nothing(const Subject& subject) {
  auto& cache = *subject.cache;
  EXPECT(cache.get_many(std::span<const std::string_view>()).empty());
  EXPECT(cache.set_many(std::span<const CacheEntry>()).empty());
  EXPECT(cache.remove_many(std::span<const std::string_view>()).empty());
}

void one_refused_key_does_not_keep_others_from_being_read(const Subject& subject) {
  auto& cache = *subject.cache;
  const std::string too_long(ICache::longest_key + 1, 'k');
  EXPECT(cache.set_value("good", "value", long_time));
  const auto found = cache.get_many({"good", "", too_long, "miss", "good"});
  REQUIRE(found.size() == 5u);
  EXPECT(fails_with(found[1], ErrorCode::bad_argument));
  EXPECT(fails_with(found[2], ErrorCode::too_large));
  EXPECT(found[3].miss());
  for (const std::size_t index : {0u, 4u}) {
    EXPECT(!found[index].failed());
    if (subject.keeps == Keeps::entries) EXPECT(found[index].value().text() == "value");
  }
}

void results_of_an_earlier_batch_are_overwritten(const Subject& subject) {
  auto& cache = *subject.cache;
  EXPECT(cache.set_value("a", std::string(1000, 'a'), long_time));
  std::vector<Lookup> results(2);
  const std::string_view first[] = {"a", "miss"};
  const std::string_view second[] = {"miss", "a"};
  cache.get_many(first, results);
  EXPECT(results[0].hit() && results[1].miss());
  cache.get_many(second, results);
  EXPECT(results[0].miss() && results[1].hit());
  EXPECT(results[0].value().empty());
}

// --- writing

void set_many_stores_each_entry_as_write_does(const Subject& subject) {
  auto& cache = *subject.cache;
  EXPECT(cache.set_value("replaced", "before", long_time));
  const std::string large(100000, 'x');
  const auto stored = cache.set_many({{"value", "1", long_time},
                                      {"null", std::nullopt, long_time},
                                      {"short", "2", 20ms},
                                      {"for ever", "3", TimeToLive::never_expires()},
                                      {"replaced", "after", long_time},
                                      {"large", large, long_time}});
  REQUIRE(stored.size() == 6u);
  for (const auto& status : stored)
    EXPECT(status.ok());
  check_hit(cache, "value", "1");
  EXPECT(is_null(subject, cache.get("null")));
  check_hit(cache, "replaced", "after");
  check_hit(cache, "large", large);
  EXPECT(value_of(cache.time_to_live("for ever")).state == Remaining::State::no_expiry);
  subject.let_pass(21ms);
  EXPECT(cache.get("short").miss());
  check_hit(cache, "value", "1");
}

void of_two_entries_with_one_key_the_later_one_counts(const Subject& subject) {
  auto& cache = *subject.cache;
  const auto stored =
      cache.set_many({{"twice", "first", 30s}, {"other", "x", long_time}, {"twice", "second", long_time}});
  REQUIRE(stored.size() == 3u);
  for (const auto& status : stored)
    EXPECT(status.ok());
  check_hit(cache, "twice", "second");
  EXPECT(value_of(cache.time_to_live("twice")).left > 30s);
}

void one_refused_entry_does_not_keep_others_from_being_stored(const Subject& subject) {
  auto& cache = *subject.cache;
  const std::string too_long(ICache::longest_key + 1, 'k');
  const auto stored = cache.set_many({{"first", "1", long_time},
                                      {"", "2", long_time},
                                      {"no time", "3", 0s},
                                      {too_long, "4", long_time},
                                      {"last", "5", long_time}});
  REQUIRE(stored.size() == 5u);
  EXPECT(stored[0].ok());
  EXPECT(fails_with(stored[1], ErrorCode::bad_argument));
  EXPECT(fails_with(stored[2], ErrorCode::bad_argument));
  EXPECT(fails_with(stored[3], ErrorCode::too_large));
  EXPECT(stored[4].ok());
  EXPECT(cache.get("no time").miss());
  if (subject.keeps == Keeps::nothing) return;
  check_hit(cache, "first", "1");
  check_hit(cache, "last", "5");
}

// --- removing

void remove_many_tells_for_each_key_whether_there_was_an_entry(const Subject& subject) {
  auto& cache = *subject.cache;
  EXPECT(cache.set_value("a", "1", long_time));
  EXPECT(cache.set_value("null", std::nullopt, long_time));
  EXPECT(cache.set_value("stays", "1", long_time));
  const std::string too_long(ICache::longest_key + 1, 'k');
  const auto removed = cache.remove_many({"a", "never there", "null", "a"});
  REQUIRE(removed.size() == 4u);
  EXPECT(value_of(removed[0]));
  EXPECT(!value_of(removed[1]));
  EXPECT(value_of(removed[2]));
  EXPECT(!value_of(removed[3]));
  EXPECT(cache.get("a").miss());
  EXPECT(cache.get("null").miss());
  check_hit(cache, "stays", "1");
  const auto mixed = cache.remove_many({"", "stays", too_long});
  EXPECT(fails_with(mixed[0], ErrorCode::bad_argument));
  EXPECT(value_of(mixed[1]));
  EXPECT(fails_with(mixed[2], ErrorCode::too_large));
}

void the_rest_of_many_lives_is_told_together(const Subject& subject) {
  auto& cache = *subject.cache;
  EXPECT(cache.set_value("hour", "1", long_time));
  EXPECT(cache.write("endless", "1", TimeToLive::never_expires()).ok());
  const std::vector<std::string_view> keys{"endless", "never there", "hour", "", "hour"};
  std::vector<Result<Remaining>> left(keys.size(), Result<Remaining>(Remaining()));
  cache.time_to_live_many(keys, left);
  EXPECT(value_of(left[0]).state == Remaining::State::no_expiry);
  EXPECT(value_of(left[1]).state == Remaining::State::absent);
  for (const std::size_t index : {2u, 4u}) {
    EXPECT(value_of(left[index]).state == Remaining::State::expires);
    EXPECT(value_of(left[index]).left > long_time - 1min);
    EXPECT(value_of(left[index]).left <= long_time);
  }
  EXPECT(fails_with(left[3], ErrorCode::bad_argument));
}

// --- all of it

void batches_of_1000_keys_are_done_whole(const Subject& subject) {
  auto& cache = *subject.cache;
  constexpr std::size_t count = 1000;
  std::vector<std::string> texts;
  for (std::size_t index = 0; index < count; ++index)
    texts.push_back("batch " + std::to_string(index));
  std::vector<CacheEntry> entries;
  std::vector<std::string_view> keys;
  for (std::size_t index = 0; index < count; ++index) {
    keys.push_back(texts[index]);
    if (index % 2 == 0) entries.push_back({texts[index], ByteView(texts[index]), long_time});
  }
  for (const auto& status : cache.set_many(entries))
    REQUIRE(status.ok());
  const auto found = cache.get_many(keys);
  for (std::size_t index = 0; index < count; ++index) {
    REQUIRE(found[index].hit() == (index % 2 == 0));
    if (index % 2 == 0) REQUIRE(found[index].value().text() == texts[index]);
  }
  const auto removed = cache.remove_many(keys);
  for (std::size_t index = 0; index < count; ++index)
    REQUIRE(value_of(removed[index]) == (index % 2 == 0));
  for (const auto& lookup : cache.get_many(keys))
    REQUIRE(lookup.miss());
}

void batches_count_as_their_entries_do(const Subject& subject) {
  auto& cache = *subject.cache;
  const auto before = cache.statistics();
  for (const auto& status : cache.set_many({{"a", "1", long_time}, {"b", std::nullopt, long_time}}))
    EXPECT(status.ok());
  EXPECT(cache.get_many({"a", "b", "c"}).size() == 3u);
  EXPECT(cache.get_many({"a", ""}).size() == 2u);
  EXPECT(cache.remove_many({"a", "c"}).size() == 2u);
  const auto after = cache.statistics();
  EXPECT(after.writes - before.writes == 2u);
  EXPECT(after.hits - before.hits == 3u);
  EXPECT(after.misses - before.misses == 1u);
  EXPECT(after.removals - before.removals == 1u);
  EXPECT(after.refusals - before.refusals == 1u);
  EXPECT(after.failures == before.failures);
}

void batches_of_many_threads_do_not_mix(const Subject& subject) {
  auto& cache = *subject.cache;
  constexpr int threads = 8;
  constexpr int rounds = 20;
  constexpr std::size_t count = 30;
  std::atomic<int> wrong{0};
  std::vector<std::thread> crew;
  for (int number = 0; number < threads; ++number)
    crew.emplace_back([&cache, &wrong, number] {
      for (int round = 0; round < rounds; ++round) {
        std::vector<std::string> texts;
        for (std::size_t index = 0; index < count; ++index)
          texts.push_back("thread " + std::to_string(number) + " key " + std::to_string(index));
        const auto value = std::to_string(number) + " in round " + std::to_string(round);
        std::vector<CacheEntry> entries;
        for (const auto& text : texts)
          entries.push_back({text, ByteView(value), long_time});
        for (const auto& status : cache.set_many(entries))
          wrong += status.ok() ? 0 : 1;
        const std::vector<std::string_view> keys(texts.begin(), texts.end());
        for (const auto& lookup : cache.get_many(keys))
          wrong += lookup.hit() && lookup.value().text() == value ? 0 : 1;
      }
    });
  for (auto& member : crew)
    member.join();
  EXPECT(wrong.load() == 0);
}

constexpr CacheClause clauses[] = {
    CLAUSE(get_many_answers_in_the_order_of_the_keys),
    CLAUSE_OF_ANY_CACHE(a_batch_of_nothing_is_nothing),
    CLAUSE_OF_ANY_CACHE(one_refused_key_does_not_keep_others_from_being_read),
    CLAUSE(results_of_an_earlier_batch_are_overwritten),
    CLAUSE(set_many_stores_each_entry_as_write_does),
    CLAUSE(of_two_entries_with_one_key_the_later_one_counts),
    CLAUSE_OF_ANY_CACHE(one_refused_entry_does_not_keep_others_from_being_stored),
    CLAUSE(remove_many_tells_for_each_key_whether_there_was_an_entry),
    CLAUSE(the_rest_of_many_lives_is_told_together),
    CLAUSE(batches_of_1000_keys_are_done_whole),
    CLAUSE(batches_count_as_their_entries_do),
    CLAUSE(batches_of_many_threads_do_not_mix),
};

}  // namespace

std::span<const CacheClause> batch_clauses() {
  return clauses;
}

}  // namespace cachesite::testing
