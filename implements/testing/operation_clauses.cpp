#include "testing/clause.hpp"
#include "testing/expectation.hpp"

#include <array>
#include <atomic>
#include <limits>
#include <thread>
#include <vector>

namespace cachesite::testing {

namespace {

using namespace std::chrono_literals;

constexpr auto long_time = 1h;
constexpr auto largest = std::numeric_limits<std::int64_t>::max();
constexpr auto smallest = std::numeric_limits<std::int64_t>::min();

Remaining remaining(const Subject& subject, std::string_view key) {
  return subject.cache->time_to_live(key).value_or(Remaining{});
}

bool never_ends(const Subject& subject, std::string_view key) {
  return remaining(subject, key).state == Remaining::State::no_expiry;
}

// True when `change` changes an entry that soon expires. Begins again when it expired before, on a busy machine and by a clock that
// does not wait for tests.
template <class Change>
bool changes_before_it_expires(const Subject& subject, std::string_view key, const Change& change) {
  for (int attempt = 1;; ++attempt) {
    const auto begin = std::chrono::steady_clock::now();
    EXPECT(subject.cache->set_value(key, "value", subject.short_time));
    if (value_of(change())) return true;
    if (std::chrono::steady_clock::now() - begin < subject.short_time || attempt == 100) return false;
  }
}

// True for a cache that does not count, after a look that it says so.
bool only_says_that_it_does_not_count(const Subject& subject) {
  if (subject.counts) return false;
  EXPECT(fails_with(subject.cache->increment("counter", 1, long_time), ErrorCode::unsupported));
  EXPECT(subject.cache->get("counter").miss());
  return true;
}

// --- without a TTL

void check_usual_life(const Subject& subject, std::string_view key) {
  const auto left = remaining(subject, key);
  EXPECT(left.state == Remaining::State::expires);
  EXPECT(left.left <= *subject.ttl && left.left > *subject.ttl - 30s);
}

template <class T>
void check_refused(const Subject& subject, const Result<T>& result, std::string_view key) {
  REQUIRE(fails_with(result, ErrorCode::bad_argument));
  EXPECT(result.error().message().find("no TTL is given") == 0U);
  EXPECT(!value_of(subject.cache->contains(key)));
}

void a_call_without_a_ttl_gets_that_of_the_cache_or_is_refused(const Subject& subject) {
  auto& cache = *subject.cache;
  const auto check = [&](const auto& result, std::string_view key) {
    if (!subject.ttl) return check_refused(subject, result, key);
    REQUIRE(result.ok());
    check_usual_life(subject, key);
  };
  EXPECT(cache.set_value("set", "value") == subject.ttl.has_value());
  check(cache.write("written", "value"), "written");
  check(cache.write("null", std::nullopt), "null");
  check(cache.add("added", "value"), "added");
  if (subject.counts) check(cache.increment("counter", 1), "counter");
  if (subject.ttl) EXPECT(cache.write("replaced", "value", 10h).ok());
  check(cache.replace("replaced", "value"), "replaced");
  if (subject.ttl) EXPECT(cache.write("prolonged", "value", 10h).ok());
  check(cache.expire("prolonged", TimeToLive::unspecified()), "prolonged");
}

void an_entry_of_a_batch_without_a_ttl_fares_by_itself(const Subject& subject) {
  const auto results = subject.cache->set_many({{"given", "value", long_time}, {"left out", "value"}});
  EXPECT(results[0].ok());
  EXPECT(value_of(subject.cache->contains("given")) == (subject.keeps == Keeps::entries));
  if (!subject.ttl) return check_refused(subject, results[1], "left out");
  REQUIRE(results[1].ok());
  check_usual_life(subject, "left out");
}

// --- adding and replacing

void adding_stores_only_where_there_is_no_entry(const Subject& subject) {
  auto& cache = *subject.cache;
  EXPECT(value_of(cache.add("new", "first", long_time)));
  EXPECT(!value_of(cache.add("new", "second", long_time)));
  check_hit(cache, "new", "first");
  EXPECT(value_of(cache.remove("new")));
  EXPECT(value_of(cache.add("new", "third", long_time)));
  check_hit(cache, "new", "third");
}

void a_cached_null_is_an_entry_for_adding_and_replacing(const Subject& subject) {
  auto& cache = *subject.cache;
  EXPECT(value_of(cache.add("null", std::nullopt, long_time)));
  EXPECT(!value_of(cache.add("null", "value", long_time)));
  EXPECT(is_null(subject, cache.get("null")));
  EXPECT(value_of(cache.replace("null", "value", long_time)));
  check_hit(cache, "null", "value");
  EXPECT(value_of(cache.replace("null", std::nullopt, long_time)));
  EXPECT(is_null(subject, cache.get("null")));
}

void replacing_stores_only_where_there_is_an_entry(const Subject& subject) {
  auto& cache = *subject.cache;
  EXPECT(!value_of(cache.replace("there", "value", long_time)));
  EXPECT(cache.get("there").miss());
  EXPECT(cache.set_value("there", "before", 60s));
  EXPECT(value_of(cache.replace("there", "after", long_time)));
  check_hit(cache, "there", "after");
  EXPECT(remaining(subject, "there").left > 60s);
}

void entries_of_any_size_are_added_and_replaced(const Subject& subject) {
  auto& cache = *subject.cache;
  unsigned number = 0;
  for (const std::size_t size : {0u, 1u, 80u, 81u, 2047u, 2048u, 100000u}) {
    const auto key = "sized " + std::to_string(++number);
    const std::string text(size, 'a');
    REQUIRE(value_of(cache.add(key, text, long_time)));
    check_hit(cache, key, text);
    REQUIRE(!value_of(cache.add(key, text + "b", long_time)));
    REQUIRE(value_of(cache.replace(key, text + "c", long_time)));
    check_hit(cache, key, text + "c");
  }
}

void an_expired_entry_is_none(const Subject& subject) {
  auto& cache = *subject.cache;
  for (const auto* key : {"added", "replaced", "given time", "persisted"})
    REQUIRE(cache.set_value(key, "old", subject.short_time));
  subject.let_pass(subject.short_time + 1ms);
  EXPECT(value_of(cache.add("added", "new", long_time)));
  check_hit(cache, "added", "new");
  EXPECT(!value_of(cache.replace("replaced", "new", long_time)));
  EXPECT(cache.get("replaced").miss());
  EXPECT(!value_of(cache.expire("given time", long_time)));
  EXPECT(cache.get("given time").miss());
  EXPECT(!value_of(cache.persist("persisted")));
  EXPECT(cache.get("persisted").miss());
}

void of_many_threads_that_add_one_key_one_gets_it(const Subject& subject) {
  auto& cache = *subject.cache;
  constexpr int threads = 16;
  constexpr int rounds = 20;
  std::array<std::atomic<int>, rounds> winners{};
  std::array<std::atomic<int>, rounds> wins{};
  std::vector<std::thread> crew;
  for (int thread = 0; thread < threads; ++thread)
    crew.emplace_back([&, thread] {
      for (int round = 0; round < rounds; ++round) {
        const auto slot = static_cast<std::size_t>(round);
        if (cache.add("prize " + std::to_string(round), std::to_string(thread), long_time).value_or(false)) {
          ++wins[slot];
          winners[slot] = thread;
        }
      }
    });
  for (auto& member : crew)
    member.join();
  for (std::size_t round = 0; round < rounds; ++round) {
    EXPECT(wins[round].load() == 1);
    check_hit(cache, "prize " + std::to_string(round), std::to_string(winners[round].load()));
  }
}

// --- counters

void a_counter_begins_at_0_and_shows_as_text(const Subject& subject) {
  if (only_says_that_it_does_not_count(subject)) return;
  auto& cache = *subject.cache;
  EXPECT(value_of(cache.increment("visits", 1, long_time)) == 1);
  EXPECT(value_of(cache.increment("visits", 41, long_time)) == 42);
  check_hit(cache, "visits", "42");
  EXPECT(value_of(cache.increment("visits", -50, long_time)) == -8);
  check_hit(cache, "visits", "-8");
  EXPECT(value_of(cache.increment("visits", 0, long_time)) == -8);
  EXPECT(value_of(cache.increment("other", -3, long_time)) == -3);
  EXPECT(value_of(cache.increment("none yet", 0, long_time)) == 0);
  check_hit(cache, "none yet", "0");
}

void a_value_that_is_a_number_counts_on(const Subject& subject) {
  if (only_says_that_it_does_not_count(subject)) return;
  auto& cache = *subject.cache;
  for (const auto& [text, sum] : {std::pair{"9", 10}, {"99999999", 100000000}, {"-1", 0}, {"-10", -9}}) {
    REQUIRE(cache.set_value("number", text, long_time));
    EXPECT(value_of(cache.increment("number", 1, long_time)) == sum);
    check_hit(cache, "number", std::to_string(sum));
  }
  const std::string long_key(5000, 'k');
  EXPECT(value_of(cache.increment(long_key, 7, long_time)) == 7);
  EXPECT(value_of(cache.increment(long_key, largest - 7, long_time)) == largest);
  check_hit(cache, long_key, std::to_string(largest));
}

void a_new_counter_has_its_ttl_and_one_that_is_there_keeps_its_own(const Subject& subject) {
  if (only_says_that_it_does_not_count(subject)) return;
  auto& cache = *subject.cache;
  EXPECT(value_of(cache.increment("kept", 1, 30min)) == 1);
  EXPECT(remaining(subject, "kept").left <= 30min);
  EXPECT(remaining(subject, "kept").left > 29min);
  EXPECT(value_of(cache.increment("kept", 1, 5h)) == 2);
  EXPECT(remaining(subject, "kept").left <= 30min);
  EXPECT(value_of(cache.increment("for ever", 1, TimeToLive::never_expires())) == 1);
  EXPECT(value_of(cache.increment("for ever", 1, 1s)) == 2);
  EXPECT(never_ends(subject, "for ever"));
  EXPECT(value_of(cache.increment("short", 5, subject.short_time)) == 5);
  subject.let_pass(subject.short_time + 1ms);
  EXPECT(cache.get("short").miss());
  EXPECT(value_of(cache.increment("short", 5, long_time)) == 5);
  EXPECT(remaining(subject, "short").left > subject.short_time);
}

void what_is_no_counter_is_refused_and_stays(const Subject& subject) {
  if (only_says_that_it_does_not_count(subject)) return;
  auto& cache = *subject.cache;
  for (const std::string text : {"", "Ada", "12a", " 1", "1 ", "+1", "01", "-0", "-", "1.5", "0x10",
                                 "9223372036854775808", "-9223372036854775809"}) {
    REQUIRE(cache.set_value("text", text, long_time));
    const auto refused = cache.increment("text", 1, long_time);
    REQUIRE(!refused.ok());
    EXPECT(fails_with(refused, ErrorCode::refused));
    if (text.size() > 2) EXPECT(refused.error().message().find(text) == std::string_view::npos);
    check_hit(cache, "text", text);
  }
  const std::string long_text(100000, '1');
  REQUIRE(cache.set_value("text", long_text, long_time));
  EXPECT(!cache.increment("text", 1, long_time).ok());
  check_hit(cache, "text", long_text);
  REQUIRE(cache.set_value("null", std::nullopt, long_time));
  const auto refused = cache.increment("null", 1, long_time);
  EXPECT(fails_with(refused, ErrorCode::refused));
  EXPECT(is_null(subject, cache.get("null")));
}

void a_sum_out_of_range_is_refused_and_changes_nothing(const Subject& subject) {
  if (only_says_that_it_does_not_count(subject)) return;
  auto& cache = *subject.cache;
  EXPECT(value_of(cache.increment("most", largest, long_time)) == largest);
  const auto above = cache.increment("most", 1, long_time);
  EXPECT(fails_with(above, ErrorCode::refused));
  check_hit(cache, "most", "9223372036854775807");
  EXPECT(value_of(cache.increment("most", -1, long_time)) == largest - 1);
  EXPECT(value_of(cache.increment("least", smallest, long_time)) == smallest);
  const auto below = cache.increment("least", -1, long_time);
  EXPECT(fails_with(below, ErrorCode::refused));
  check_hit(cache, "least", "-9223372036854775808");
  EXPECT(value_of(cache.increment("least", largest, long_time)) == -1);
}

void no_increment_of_many_threads_is_lost(const Subject& subject) {
  if (only_says_that_it_does_not_count(subject)) return;
  auto& cache = *subject.cache;
  constexpr int threads = 8;
  constexpr int rounds = 200;
  std::atomic<int> failed{0};
  std::vector<std::vector<std::int64_t>> seen(threads);
  std::vector<std::thread> crew;
  for (std::size_t thread = 0; thread < threads; ++thread)
    crew.emplace_back([&, thread] {
      for (int round = 0; round < rounds; ++round) {
        const auto sum = cache.increment("shared", 1, long_time);
        if (sum.ok()) {
          seen[thread].push_back(sum.value());
        } else {
          ++failed;
        }
        if (!cache.increment("both ways", thread % 2 == 0 ? 3 : -3, long_time).ok()) ++failed;
      }
    });
  for (auto& member : crew)
    member.join();
  EXPECT(failed.load() == 0);
  check_hit(cache, "shared", std::to_string(threads * rounds));
  check_hit(cache, "both ways", "0");
  std::vector<int> times(threads * rounds + 1);
  for (const auto& sums : seen)
    for (const auto sum : sums)
      ++times.at(static_cast<std::size_t>(sum));
  for (std::size_t sum = 1; sum < times.size(); ++sum)
    REQUIRE(times[sum] == 1);
}

// --- TTLs that change

void expire_gives_a_new_ttl(const Subject& subject) {
  auto& cache = *subject.cache;
  EXPECT(!value_of(cache.expire("nobody", long_time)));
  EXPECT(cache.set_value("shorter", "value", long_time));
  EXPECT(cache.set_value("null", std::nullopt, long_time));
  EXPECT(cache.set_value("large", std::string(100000, 'x'), long_time));
  EXPECT(changes_before_it_expires(subject, "longer", [&] { return cache.expire("longer", long_time); }));
  for (const auto* key : {"shorter", "null", "large"})
    EXPECT(value_of(cache.expire(key, subject.short_time)));
  subject.let_pass(subject.short_time + 1ms);
  check_hit(cache, "longer", "value");
  for (const auto* key : {"shorter", "null", "large"})
    EXPECT(cache.get(key).miss());
  EXPECT(value_of(cache.expire("longer", TimeToLive::longest)));
  EXPECT(remaining(subject, "longer").left > 24h * 3600);
  check_hit(cache, "longer", "value");
}

void persist_takes_the_end_away(const Subject& subject) {
  auto& cache = *subject.cache;
  EXPECT(!value_of(cache.persist("nobody")));
  EXPECT(changes_before_it_expires(subject, "kept", [&] { return cache.persist("kept"); }));
  EXPECT(!value_of(cache.persist("kept")));
  EXPECT(never_ends(subject, "kept"));
  EXPECT(remaining(subject, "kept").left.count() == 0);
  subject.let_pass(subject.short_time + 1ms);
  check_hit(cache, "kept", "value");
  EXPECT(value_of(cache.expire("kept", subject.short_time)));
  subject.let_pass(subject.short_time + 1ms);
  EXPECT(cache.get("kept").miss());
}

void an_entry_may_be_stored_without_an_end(const Subject& subject) {
  auto& cache = *subject.cache;
  const auto never = TimeToLive::never_expires();
  EXPECT(cache.write("written", "value", never).ok());
  EXPECT(cache.write("null", std::nullopt, never).ok());
  EXPECT(value_of(cache.add("added", "value", never)));
  EXPECT(changes_before_it_expires(subject, "replaced",
                                   [&] { return cache.replace("replaced", "value", never); }));
  EXPECT(changes_before_it_expires(subject, "given time", [&] { return cache.expire("given time", never); }));
  EXPECT(value_of(cache.expire("given time", never)));
  EXPECT(cache.write("large", std::string(100000, 'x'), never).ok());
  EXPECT(cache.set_many({{"in a batch", "value", never}}).front().ok());
  subject.let_pass(subject.short_time + 10ms);
  for (const auto* key : {"written", "null", "added", "replaced", "given time", "large", "in a batch"}) {
    EXPECT(never_ends(subject, key));
    EXPECT(!cache.get(key).miss());
  }
  EXPECT(cache.set_value("written", "value", subject.short_time));
  subject.let_pass(subject.short_time + 1ms);
  EXPECT(cache.get("written").miss());
}

void an_end_may_be_a_time_of_day(const Subject& subject) {
  auto& cache = *subject.cache;
  const auto now = std::chrono::system_clock::now();
  EXPECT(!value_of(cache.expire_at("nobody", now + long_time)));
  EXPECT(!value_of(cache.expire_at("nobody", now - long_time)));
  EXPECT(cache.set_value("later", "value", 5h));
  EXPECT(value_of(cache.expire_at("later", now + long_time)));
  EXPECT(remaining(subject, "later").left <= long_time);
  EXPECT(remaining(subject, "later").left > long_time - 10min);
  EXPECT(value_of(cache.expire_at("later", now - 1ms)));
  EXPECT(cache.get("later").miss());
  EXPECT(cache.write("for ever", "value", TimeToLive::never_expires()).ok());
  EXPECT(value_of(cache.expire_at("for ever", now + long_time)));
  EXPECT(remaining(subject, "for ever").state == Remaining::State::expires);
}

// --- what is refused, counted and closed

void new_calls_refuse_keys_and_ttls_as_old_ones_do(const Subject& subject) {
  auto& cache = *subject.cache;
  const auto before = cache.statistics();
  const std::string too_long(ICache::longest_key + 1, 'k');
  for (const auto& [key, code] :
       {std::pair<std::string, ErrorCode>("", ErrorCode::bad_argument), {too_long, ErrorCode::too_large}}) {
    EXPECT(fails_with(cache.add(key, "value", long_time), code));
    EXPECT(fails_with(cache.replace(key, "value", long_time), code));
    EXPECT(fails_with(cache.increment(key, 1, long_time), code));
    EXPECT(fails_with(cache.expire(key, long_time), code));
    EXPECT(fails_with(cache.persist(key), code));
    EXPECT(fails_with(cache.expire_at(key, std::chrono::system_clock::now()), code));
  }
  EXPECT(cache.set_value("kept", "5", long_time));
  for (const TimeToLive wrong : {TimeToLive(0s), TimeToLive(-1s), TimeToLive(TimeToLive::longest + 1ms)}) {
    EXPECT(fails_with(cache.add("absent", "value", wrong), ErrorCode::bad_argument));
    EXPECT(fails_with(cache.replace("kept", "value", wrong), ErrorCode::bad_argument));
    EXPECT(fails_with(cache.increment("kept", 1, wrong), ErrorCode::bad_argument));
    EXPECT(fails_with(cache.expire("kept", wrong), ErrorCode::bad_argument));
  }
  EXPECT(cache.statistics().refusals - before.refusals == 24u);
  EXPECT(cache.statistics().failures == before.failures);
  EXPECT(cache.get("absent").miss());
  if (subject.keeps == Keeps::entries) check_hit(cache, "kept", "5");
}

void conditional_writes_count_as_writes_when_they_store(const Subject& subject) {
  auto& cache = *subject.cache;
  const auto before = cache.statistics();
  EXPECT(value_of(cache.add("counted", "1", long_time)));
  EXPECT(!value_of(cache.add("counted", "2", long_time)));
  EXPECT(value_of(cache.replace("counted", "3", long_time)));
  EXPECT(!value_of(cache.replace("not there", "4", long_time)));
  if (subject.counts) EXPECT(value_of(cache.increment("counted", 1, long_time)) == 4);
  EXPECT(value_of(cache.expire("counted", long_time)));
  EXPECT(value_of(cache.persist("counted")));
  const auto after = cache.statistics();
  EXPECT(after.writes - before.writes == (subject.counts ? 3u : 2u));
  EXPECT(after.hits == before.hits);
  EXPECT(after.misses == before.misses);
  EXPECT(after.removals == before.removals);
  EXPECT(after.failures == before.failures);
}

void after_stop_every_new_call_fails_with_closed(const Subject& subject) {
  auto& cache = *subject.cache;
  EXPECT(cache.set_value("before", "1", long_time));
  cache.stop();
  const auto is_closed = [](const auto& result) { return fails_with(result, ErrorCode::closed); };
  EXPECT(is_closed(cache.add("new", "value", long_time)));
  EXPECT(is_closed(cache.replace("before", "value", long_time)));
  const auto counted = cache.increment("before", 1, long_time);
  EXPECT(is_closed(counted) || (!subject.counts && !counted.ok()));
  EXPECT(is_closed(cache.expire("before", long_time)));
  EXPECT(is_closed(cache.expire_at("before", std::chrono::system_clock::now() - 1s)));
  EXPECT(is_closed(cache.expire_at("before", std::chrono::system_clock::now() + long_time)));
  EXPECT(is_closed(cache.persist("before")));
  for (const auto& lookup : cache.get_many({"before", "other"}))
    EXPECT(fails_with(lookup, ErrorCode::closed));
  for (const auto& status : cache.set_many({{"a", "1", long_time}, {"b", "2", long_time}}))
    EXPECT(is_closed(status));
  for (const auto& removed : cache.remove_many({"before", "other"}))
    EXPECT(is_closed(removed));
  const std::string_view asked[] = {"before", "other"};
  std::vector<Result<Remaining>> left(2, Result<Remaining>(Remaining()));
  cache.time_to_live_many(asked, left);
  for (const auto& remaining_time : left)
    EXPECT(is_closed(remaining_time));
  auto keys = cache.keys();
  EXPECT(keys.begin() == keys.end());
  REQUIRE(keys.error().has_value());
  EXPECT(keys.error()->code() == ErrorCode::closed);
  EXPECT(is_closed(cache.remove_matching("*")));
  EXPECT(is_closed(cache.clear()));
  EXPECT(is_closed(cache.size()));
}

constexpr CacheClause clauses[] = {
    CLAUSE_OF_ANY_CACHE(a_call_without_a_ttl_gets_that_of_the_cache_or_is_refused),
    CLAUSE_OF_ANY_CACHE(an_entry_of_a_batch_without_a_ttl_fares_by_itself),
    CLAUSE(adding_stores_only_where_there_is_no_entry),
    CLAUSE(a_cached_null_is_an_entry_for_adding_and_replacing),
    CLAUSE(replacing_stores_only_where_there_is_an_entry),
    CLAUSE(entries_of_any_size_are_added_and_replaced),
    CLAUSE(an_expired_entry_is_none),
    CLAUSE(of_many_threads_that_add_one_key_one_gets_it),
    CLAUSE(a_counter_begins_at_0_and_shows_as_text),
    CLAUSE(a_value_that_is_a_number_counts_on),
    CLAUSE(a_new_counter_has_its_ttl_and_one_that_is_there_keeps_its_own),
    CLAUSE(what_is_no_counter_is_refused_and_stays),
    CLAUSE(a_sum_out_of_range_is_refused_and_changes_nothing),
    CLAUSE(no_increment_of_many_threads_is_lost),
    CLAUSE(expire_gives_a_new_ttl),
    CLAUSE(persist_takes_the_end_away),
    CLAUSE(an_entry_may_be_stored_without_an_end),
    CLAUSE(an_end_may_be_a_time_of_day),
    CLAUSE_OF_ANY_CACHE(new_calls_refuse_keys_and_ttls_as_old_ones_do),
    CLAUSE(conditional_writes_count_as_writes_when_they_store),
    CLAUSE_OF_ANY_CACHE(after_stop_every_new_call_fails_with_closed),
};

}  // namespace

std::span<const CacheClause> operation_clauses() {
  return clauses;
}

}  // namespace cachesite::testing
