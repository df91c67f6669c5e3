#include "testing/clause.hpp"
#include "testing/expectation.hpp"

#include <array>
#include <string>
#include <string_view>
#include <vector>

namespace cachesite::testing {

namespace {

using namespace std::chrono_literals;

constexpr auto long_time = 1h;

// What `time_to_live` says, but for the time that has passed since. A copy in memory may be counted as ended before its
// entry, by as much as the question for it took.
bool agrees(const Subject& subject, std::string_view key, const EntryLife& life) {
  const auto told = subject.cache->time_to_live(key);
  if (!told.ok() || told.value().state != life.left.state || life.stale) return false;
  return life.left.left + 1s >= told.value().left && life.left.left - told.value().left < 10s;
}

void a_read_tells_how_long_the_entry_lives(const Subject& subject) {
  auto& cache = *subject.cache;
  EXPECT(cache.set_value("timed", "value", long_time));
  EXPECT(cache.set_value("null", std::nullopt, long_time));
  EXPECT(cache.set_value("endless", "value", TimeToLive::never_expires()));
  for (const auto* key : {"timed", "null", "endless", "timed"}) {
    Value value;
    EntryLife life;
    const auto found = cache.read_with_life(key, value, life);
    REQUIRE(found.ok());
    const bool null = std::string_view(key) == "null";
    EXPECT(is_null(subject, Lookup(found.value(), value)) == null);
    EXPECT(null || value.text() == "value");
    EXPECT(agrees(subject, key, life));
  }
}

void a_read_of_nothing_tells_no_life(const Subject& subject) {
  auto& cache = *subject.cache;
  EXPECT(cache.set_value("ended", "value", subject.short_time));
  subject.let_pass(subject.short_time + 1ms);
  for (const auto* key : {"absent", "ended", "absent"}) {
    Value value;
    EntryLife life{{Remaining::State::no_expiry, {}}, true};
    const auto found = cache.read_with_life(key, value, life);
    EXPECT(found.ok() && found.value() == Found::miss);
    EXPECT(life.left.state == Remaining::State::absent && !life.stale);
  }
}

void a_read_with_life_refuses_what_others_refuse(const Subject& subject) {
  Value value;
  EntryLife life;
  EXPECT(fails_with(subject.cache->read_with_life("", value, life), ErrorCode::bad_argument));
  const std::string too_long(ICache::longest_key + 1, 'k');
  EXPECT(fails_with(subject.cache->read_with_life(too_long, value, life), ErrorCode::too_large));
}

void a_read_with_life_of_a_stopped_cache_fails(const Subject& subject) {
  Value value;
  EntryLife life;
  subject.cache->stop();
  EXPECT(fails_with(subject.cache->read_with_life("key", value, life), ErrorCode::closed));
}

void many_reads_tell_the_life_of_each_entry(const Subject& subject) {
  auto& cache = *subject.cache;
  EXPECT(cache.set_value("timed", "1", long_time));
  EXPECT(cache.set_value("endless", "2", TimeToLive::never_expires()));
  const std::array<std::string_view, 5> keys{"timed", "absent", "", "endless", "timed"};
  for (int round = 0; round < 2; ++round) {
    std::vector<Lookup> found(keys.size());
    std::vector<EntryLife> lives(keys.size(), EntryLife{{Remaining::State::no_expiry, {}}, true});
    cache.read_with_life_many(keys, found, lives);
    EXPECT(found[1].miss() && lives[1].left.state == Remaining::State::absent);
    EXPECT(fails_with(found[2], ErrorCode::bad_argument));
    for (const std::size_t item : {0U, 3U, 4U}) {
      EXPECT(found[item].hit() && found[item].value().text() == (item == 3 ? "2" : "1"));
      EXPECT(agrees(subject, keys[item], lives[item]));
    }
  }
}

void a_read_with_life_counts_as_one_read(const Subject& subject) {
  auto& cache = *subject.cache;
  EXPECT(cache.set_value("key", "value", long_time));
  const auto before = cache.statistics();
  Value value;
  EntryLife life;
  EXPECT(cache.read_with_life("key", value, life).ok());
  EXPECT(cache.read_with_life("absent", value, life).ok());
  EXPECT(cache.statistics().hits == before.hits + 1);
  EXPECT(cache.statistics().misses == before.misses + 1);
}

constexpr CacheClause clauses[] = {
    CLAUSE(a_read_tells_how_long_the_entry_lives),
    CLAUSE(a_read_of_nothing_tells_no_life),
    CLAUSE_OF_ANY_CACHE(a_read_with_life_refuses_what_others_refuse),
    CLAUSE(a_read_with_life_of_a_stopped_cache_fails),
    CLAUSE(many_reads_tell_the_life_of_each_entry),
    CLAUSE(a_read_with_life_counts_as_one_read),
};

}  // namespace

std::span<const CacheClause> life_clauses() {
  return clauses;
}

}  // namespace cachesite::testing
