#include "contract/cache_clauses.hpp"
#include "support/sanitized.hpp"

#include <array>
#include <atomic>
#include <limits>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>

namespace cachesite::test {

namespace {

using namespace std::chrono_literals;

constexpr auto long_time = 1h;
constexpr auto short_time = 20ms * slowness;
constexpr auto largest = std::numeric_limits<std::int64_t>::max();
constexpr auto smallest = std::numeric_limits<std::int64_t>::min();

Remaining remaining(const CacheSubject& subject, std::string_view key) {
  return subject.cache->time_to_live(key).value_or(Remaining{});
}

bool never_ends(const CacheSubject& subject, std::string_view key) {
  return remaining(subject, key).state == Remaining::State::no_expiry;
}

// True for a cache that does not count, after a look that it says so.
bool only_says_that_it_does_not_count(const CacheSubject& subject) {
  if (subject.counts) return false;
  const auto refused = subject.cache->increment("counter", 1, long_time);
  BOOST_REQUIRE(!refused.ok());
  BOOST_TEST((refused.error().code() == ErrorCode::unsupported));
  BOOST_TEST(subject.cache->get("counter").miss());
  return true;
}

// --- without a TTL

void check_usual_life(const CacheSubject& subject, std::string_view key) {
  const auto left = remaining(subject, key);
  BOOST_TEST((left.state == Remaining::State::expires), key);
  BOOST_TEST((left.left <= *subject.ttl && left.left > *subject.ttl - 30s), key);
}

template <class T>
void check_refused(const CacheSubject& subject, const Result<T>& result, std::string_view key) {
  BOOST_REQUIRE(!result.ok());
  BOOST_TEST((result.error().code() == ErrorCode::bad_argument), key);
  BOOST_TEST(result.error().message().find("no TTL is given") == 0U, result.error().message());
  BOOST_TEST(!subject.cache->contains(key).value(), key);
}

void a_call_without_a_ttl_gets_that_of_the_cache_or_is_refused(const CacheSubject& subject) {
  auto& cache = *subject.cache;
  const auto check = [&](const auto& result, std::string_view key) {
    if (!subject.ttl) return check_refused(subject, result, key);
    BOOST_REQUIRE(result.ok());
    check_usual_life(subject, key);
  };
  BOOST_TEST(cache.set_value("set", "value") == subject.ttl.has_value());
  check(cache.write("written", "value"), "written");
  check(cache.write("null", std::nullopt), "null");
  check(cache.add("added", "value"), "added");
  if (subject.counts) check(cache.increment("counter", 1), "counter");
  if (subject.ttl) BOOST_TEST(cache.write("replaced", "value", 10h).ok());
  check(cache.replace("replaced", "value"), "replaced");
  if (subject.ttl) BOOST_TEST(cache.write("prolonged", "value", 10h).ok());
  check(cache.expire("prolonged", TimeToLive::unspecified()), "prolonged");
}

void an_entry_of_a_batch_without_a_ttl_fares_by_itself(const CacheSubject& subject) {
  const auto results = subject.cache->set_many({{"given", "value", long_time}, {"left out", "value"}});
  BOOST_TEST(results[0].ok());
  BOOST_TEST(subject.cache->contains("given").value() == (subject.keeps == Keeps::entries));
  if (!subject.ttl) return check_refused(subject, results[1], "left out");
  BOOST_REQUIRE(results[1].ok());
  check_usual_life(subject, "left out");
}

// --- adding and replacing

void adding_stores_only_where_there_is_no_entry(const CacheSubject& subject) {
  auto& cache = *subject.cache;
  BOOST_TEST(cache.add("new", "first", long_time).value());
  BOOST_TEST(!cache.add("new", "second", long_time).value());
  check_hit(cache, "new", "first");
  BOOST_TEST(cache.remove("new").value());
  BOOST_TEST(cache.add("new", "third", long_time).value());
  check_hit(cache, "new", "third");
}

void a_cached_null_is_an_entry_for_adding_and_replacing(const CacheSubject& subject) {
  auto& cache = *subject.cache;
  BOOST_TEST(cache.add("null", std::nullopt, long_time).value());
  BOOST_TEST(!cache.add("null", "value", long_time).value());
  BOOST_TEST(is_null(subject, cache.get("null")));
  BOOST_TEST(cache.replace("null", "value", long_time).value());
  check_hit(cache, "null", "value");
  BOOST_TEST(cache.replace("null", std::nullopt, long_time).value());
  BOOST_TEST(is_null(subject, cache.get("null")));
}

void replacing_stores_only_where_there_is_an_entry(const CacheSubject& subject) {
  auto& cache = *subject.cache;
  BOOST_TEST(!cache.replace("there", "value", long_time).value());
  BOOST_TEST(cache.get("there").miss());
  BOOST_TEST(cache.set_value("there", "before", 60s));
  BOOST_TEST(cache.replace("there", "after", long_time).value());
  check_hit(cache, "there", "after");
  BOOST_TEST(remaining(subject, "there").left > 60s);
}

void entries_of_any_size_are_added_and_replaced(const CacheSubject& subject) {
  auto& cache = *subject.cache;
  unsigned number = 0;
  for (const std::size_t size : {0u, 1u, 80u, 81u, 2047u, 2048u, 100000u}) {
    const auto key = "sized " + std::to_string(++number);
    const std::string text(size, 'a');
    BOOST_REQUIRE(cache.add(key, text, long_time).value());
    check_hit(cache, key, text);
    BOOST_REQUIRE(!cache.add(key, text + "b", long_time).value());
    BOOST_REQUIRE(cache.replace(key, text + "c", long_time).value());
    check_hit(cache, key, text + "c");
  }
}

void an_expired_entry_is_none(const CacheSubject& subject) {
  auto& cache = *subject.cache;
  for (const auto* key : {"added", "replaced", "given time", "persisted"})
    BOOST_REQUIRE(cache.set_value(key, "old", short_time));
  subject.let_pass(short_time + 1ms);
  BOOST_TEST(cache.add("added", "new", long_time).value());
  check_hit(cache, "added", "new");
  BOOST_TEST(!cache.replace("replaced", "new", long_time).value());
  BOOST_TEST(cache.get("replaced").miss());
  BOOST_TEST(!cache.expire("given time", long_time).value());
  BOOST_TEST(cache.get("given time").miss());
  BOOST_TEST(!cache.persist("persisted").value());
  BOOST_TEST(cache.get("persisted").miss());
}

void of_many_threads_that_add_one_key_one_gets_it(const CacheSubject& subject) {
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
    BOOST_TEST(wins[round].load() == 1);
    check_hit(cache, "prize " + std::to_string(round), std::to_string(winners[round].load()));
  }
}

// --- counters

void a_counter_begins_at_0_and_shows_as_text(const CacheSubject& subject) {
  if (only_says_that_it_does_not_count(subject)) return;
  auto& cache = *subject.cache;
  BOOST_TEST(cache.increment("visits", 1, long_time).value() == 1);
  BOOST_TEST(cache.increment("visits", 41, long_time).value() == 42);
  check_hit(cache, "visits", "42");
  BOOST_TEST(cache.increment("visits", -50, long_time).value() == -8);
  check_hit(cache, "visits", "-8");
  BOOST_TEST(cache.increment("visits", 0, long_time).value() == -8);
  BOOST_TEST(cache.increment("other", -3, long_time).value() == -3);
  BOOST_TEST(cache.increment("none yet", 0, long_time).value() == 0);
  check_hit(cache, "none yet", "0");
}

void a_value_that_is_a_number_counts_on(const CacheSubject& subject) {
  if (only_says_that_it_does_not_count(subject)) return;
  auto& cache = *subject.cache;
  for (const auto& [text, sum] : {std::pair{"9", 10}, {"99999999", 100000000}, {"-1", 0}, {"-10", -9}}) {
    BOOST_REQUIRE(cache.set_value("number", text, long_time));
    BOOST_TEST(cache.increment("number", 1, long_time).value() == sum);
    check_hit(cache, "number", std::to_string(sum));
  }
  const std::string long_key(5000, 'k');
  BOOST_TEST(cache.increment(long_key, 7, long_time).value() == 7);
  BOOST_TEST(cache.increment(long_key, largest - 7, long_time).value() == largest);
  check_hit(cache, long_key, std::to_string(largest));
}

void a_new_counter_has_its_ttl_and_one_that_is_there_keeps_its_own(const CacheSubject& subject) {
  if (only_says_that_it_does_not_count(subject)) return;
  auto& cache = *subject.cache;
  BOOST_TEST(cache.increment("kept", 1, 30min).value() == 1);
  BOOST_TEST(remaining(subject, "kept").left <= 30min);
  BOOST_TEST(remaining(subject, "kept").left > 29min);
  BOOST_TEST(cache.increment("kept", 1, 5h).value() == 2);
  BOOST_TEST(remaining(subject, "kept").left <= 30min);
  BOOST_TEST(cache.increment("for ever", 1, TimeToLive::never_expires()).value() == 1);
  BOOST_TEST(cache.increment("for ever", 1, 1s).value() == 2);
  BOOST_TEST(never_ends(subject, "for ever"));
  BOOST_TEST(cache.increment("short", 5, short_time).value() == 5);
  subject.let_pass(short_time + 1ms);
  BOOST_TEST(cache.get("short").miss());
  BOOST_TEST(cache.increment("short", 5, long_time).value() == 5);
  BOOST_TEST(remaining(subject, "short").left > short_time);
}

void what_is_no_counter_is_refused_and_stays(const CacheSubject& subject) {
  if (only_says_that_it_does_not_count(subject)) return;
  auto& cache = *subject.cache;
  for (const std::string text : {"", "Ada", "12a", " 1", "1 ", "+1", "01", "-0", "-", "1.5", "0x10",
                                 "9223372036854775808", "-9223372036854775809"}) {
    BOOST_REQUIRE(cache.set_value("text", text, long_time));
    const auto refused = cache.increment("text", 1, long_time);
    BOOST_REQUIRE_MESSAGE(!refused.ok(), "\"" << text << "\" was counted");
    BOOST_TEST((refused.error().code() == ErrorCode::refused));
    if (text.size() > 2) BOOST_TEST(refused.error().message().find(text) == std::string_view::npos);
    check_hit(cache, "text", text);
  }
  const std::string long_text(100000, '1');
  BOOST_REQUIRE(cache.set_value("text", long_text, long_time));
  BOOST_TEST(!cache.increment("text", 1, long_time).ok());
  check_hit(cache, "text", long_text);
  BOOST_REQUIRE(cache.set_value("null", std::nullopt, long_time));
  const auto refused = cache.increment("null", 1, long_time);
  BOOST_REQUIRE(!refused.ok());
  BOOST_TEST((refused.error().code() == ErrorCode::refused));
  BOOST_TEST(is_null(subject, cache.get("null")));
}

void a_sum_out_of_range_is_refused_and_changes_nothing(const CacheSubject& subject) {
  if (only_says_that_it_does_not_count(subject)) return;
  auto& cache = *subject.cache;
  BOOST_TEST(cache.increment("most", largest, long_time).value() == largest);
  const auto above = cache.increment("most", 1, long_time);
  BOOST_REQUIRE(!above.ok());
  BOOST_TEST((above.error().code() == ErrorCode::refused));
  check_hit(cache, "most", "9223372036854775807");
  BOOST_TEST(cache.increment("most", -1, long_time).value() == largest - 1);
  BOOST_TEST(cache.increment("least", smallest, long_time).value() == smallest);
  const auto below = cache.increment("least", -1, long_time);
  BOOST_REQUIRE(!below.ok());
  BOOST_TEST((below.error().code() == ErrorCode::refused));
  check_hit(cache, "least", "-9223372036854775808");
  BOOST_TEST(cache.increment("least", largest, long_time).value() == -1);
}

void no_increment_of_many_threads_is_lost(const CacheSubject& subject) {
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
  BOOST_TEST(failed.load() == 0);
  check_hit(cache, "shared", std::to_string(threads * rounds));
  check_hit(cache, "both ways", "0");
  std::vector<int> times(threads * rounds + 1);
  for (const auto& sums : seen)
    for (const auto sum : sums)
      ++times.at(static_cast<std::size_t>(sum));
  for (std::size_t sum = 1; sum < times.size(); ++sum)
    BOOST_REQUIRE_MESSAGE(times[sum] == 1, "the sum " << sum << " was returned " << times[sum] << " times");
}

// --- TTLs that change

void expire_gives_a_new_ttl(const CacheSubject& subject) {
  auto& cache = *subject.cache;
  BOOST_TEST(!cache.expire("nobody", long_time).value());
  BOOST_TEST(cache.set_value("longer", "value", short_time));
  BOOST_TEST(cache.set_value("shorter", "value", long_time));
  BOOST_TEST(cache.set_value("null", std::nullopt, long_time));
  BOOST_TEST(cache.set_value("large", std::string(100000, 'x'), long_time));
  BOOST_TEST(cache.expire("longer", long_time).value());
  for (const auto* key : {"shorter", "null", "large"})
    BOOST_TEST(cache.expire(key, short_time).value());
  subject.let_pass(short_time + 1ms);
  check_hit(cache, "longer", "value");
  for (const auto* key : {"shorter", "null", "large"})
    BOOST_TEST(cache.get(key).miss());
  BOOST_TEST(cache.expire("longer", TimeToLive::longest).value());
  BOOST_TEST(remaining(subject, "longer").left > 24h * 3600);
  check_hit(cache, "longer", "value");
}

void persist_takes_the_end_away(const CacheSubject& subject) {
  auto& cache = *subject.cache;
  BOOST_TEST(!cache.persist("nobody").value());
  BOOST_TEST(cache.set_value("kept", "value", short_time));
  BOOST_TEST(cache.persist("kept").value());
  BOOST_TEST(!cache.persist("kept").value());
  BOOST_TEST(never_ends(subject, "kept"));
  BOOST_TEST(remaining(subject, "kept").left.count() == 0);
  subject.let_pass(short_time + 1ms);
  check_hit(cache, "kept", "value");
  BOOST_TEST(cache.expire("kept", short_time).value());
  subject.let_pass(short_time + 1ms);
  BOOST_TEST(cache.get("kept").miss());
}

void an_entry_may_be_stored_without_an_end(const CacheSubject& subject) {
  auto& cache = *subject.cache;
  const auto never = TimeToLive::never_expires();
  BOOST_TEST(cache.write("written", "value", never).ok());
  BOOST_TEST(cache.write("null", std::nullopt, never).ok());
  BOOST_TEST(cache.add("added", "value", never).value());
  BOOST_TEST(cache.set_value("replaced", "value", short_time));
  BOOST_TEST(cache.replace("replaced", "value", never).value());
  BOOST_TEST(cache.set_value("given time", "value", short_time));
  BOOST_TEST(cache.expire("given time", never).value());
  BOOST_TEST(cache.expire("given time", never).value());
  BOOST_TEST(cache.write("large", std::string(100000, 'x'), never).ok());
  BOOST_TEST(cache.set_many({{"in a batch", "value", never}}).front().ok());
  subject.let_pass(short_time + 10ms);
  for (const auto* key : {"written", "null", "added", "replaced", "given time", "large", "in a batch"}) {
    BOOST_TEST(never_ends(subject, key));
    BOOST_TEST(!cache.get(key).miss());
  }
  BOOST_TEST(cache.set_value("written", "value", short_time));
  subject.let_pass(short_time + 1ms);
  BOOST_TEST(cache.get("written").miss());
}

void an_end_may_be_a_time_of_day(const CacheSubject& subject) {
  auto& cache = *subject.cache;
  const auto now = std::chrono::system_clock::now();
  BOOST_TEST(!cache.expire_at("nobody", now + long_time).value());
  BOOST_TEST(!cache.expire_at("nobody", now - long_time).value());
  BOOST_TEST(cache.set_value("later", "value", 5h));
  BOOST_TEST(cache.expire_at("later", now + long_time).value());
  BOOST_TEST(remaining(subject, "later").left <= long_time);
  BOOST_TEST(remaining(subject, "later").left > long_time - 10min);
  BOOST_TEST(cache.expire_at("later", now - 1ms).value());
  BOOST_TEST(cache.get("later").miss());
  BOOST_TEST(cache.write("for ever", "value", TimeToLive::never_expires()).ok());
  BOOST_TEST(cache.expire_at("for ever", now + long_time).value());
  BOOST_TEST((remaining(subject, "for ever").state == Remaining::State::expires));
}

// --- what is refused, counted and closed

void new_calls_refuse_keys_and_ttls_as_old_ones_do(const CacheSubject& subject) {
  auto& cache = *subject.cache;
  const auto before = cache.statistics();
  const std::string too_long(ICache::longest_key + 1, 'k');
  for (const auto& [key, code] :
       {std::pair<std::string, ErrorCode>("", ErrorCode::bad_argument), {too_long, ErrorCode::too_large}}) {
    BOOST_TEST((cache.add(key, "value", long_time).error().code() == code));
    BOOST_TEST((cache.replace(key, "value", long_time).error().code() == code));
    BOOST_TEST((cache.increment(key, 1, long_time).error().code() == code));
    BOOST_TEST((cache.expire(key, long_time).error().code() == code));
    BOOST_TEST((cache.persist(key).error().code() == code));
    BOOST_TEST((cache.expire_at(key, std::chrono::system_clock::now()).error().code() == code));
  }
  BOOST_TEST(cache.set_value("kept", "5", long_time));
  for (const TimeToLive wrong : {TimeToLive(0s), TimeToLive(-1s), TimeToLive(TimeToLive::longest + 1ms)}) {
    BOOST_TEST((cache.add("absent", "value", wrong).error().code() == ErrorCode::bad_argument));
    BOOST_TEST((cache.replace("kept", "value", wrong).error().code() == ErrorCode::bad_argument));
    BOOST_TEST((cache.increment("kept", 1, wrong).error().code() == ErrorCode::bad_argument));
    BOOST_TEST((cache.expire("kept", wrong).error().code() == ErrorCode::bad_argument));
  }
  BOOST_TEST(cache.statistics().refusals - before.refusals == 24u);
  BOOST_TEST(cache.statistics().failures == before.failures);
  BOOST_TEST(cache.get("absent").miss());
  if (subject.keeps == Keeps::entries) check_hit(cache, "kept", "5");
}

void conditional_writes_count_as_writes_when_they_store(const CacheSubject& subject) {
  auto& cache = *subject.cache;
  const auto before = cache.statistics();
  BOOST_TEST(cache.add("counted", "1", long_time).value());
  BOOST_TEST(!cache.add("counted", "2", long_time).value());
  BOOST_TEST(cache.replace("counted", "3", long_time).value());
  BOOST_TEST(!cache.replace("not there", "4", long_time).value());
  if (subject.counts) BOOST_TEST(cache.increment("counted", 1, long_time).value() == 4);
  BOOST_TEST(cache.expire("counted", long_time).value());
  BOOST_TEST(cache.persist("counted").value());
  const auto after = cache.statistics();
  BOOST_TEST(after.writes - before.writes == (subject.counts ? 3u : 2u));
  BOOST_TEST(after.hits == before.hits);
  BOOST_TEST(after.misses == before.misses);
  BOOST_TEST(after.removals == before.removals);
  BOOST_TEST(after.failures == before.failures);
}

void after_stop_every_new_call_fails_with_closed(const CacheSubject& subject) {
  auto& cache = *subject.cache;
  BOOST_TEST(cache.set_value("before", "1", long_time));
  cache.stop();
  const auto is_closed = [](const auto& result) {
    return !result.ok() && result.error().code() == ErrorCode::closed;
  };
  BOOST_TEST(is_closed(cache.add("new", "value", long_time)));
  BOOST_TEST(is_closed(cache.replace("before", "value", long_time)));
  const auto counted = cache.increment("before", 1, long_time);
  BOOST_TEST((is_closed(counted) || (!subject.counts && !counted.ok())));
  BOOST_TEST(is_closed(cache.expire("before", long_time)));
  BOOST_TEST(is_closed(cache.expire_at("before", std::chrono::system_clock::now() - 1s)));
  BOOST_TEST(is_closed(cache.expire_at("before", std::chrono::system_clock::now() + long_time)));
  BOOST_TEST(is_closed(cache.persist("before")));
  for (const auto& lookup : cache.get_many({"before", "other"}))
    BOOST_TEST((lookup.failed() && lookup.error().code() == ErrorCode::closed));
  for (const auto& status : cache.set_many({{"a", "1", long_time}, {"b", "2", long_time}}))
    BOOST_TEST(is_closed(status));
  for (const auto& removed : cache.remove_many({"before", "other"}))
    BOOST_TEST(is_closed(removed));
  const std::string_view asked[] = {"before", "other"};
  std::vector<Result<Remaining>> left(2, Result<Remaining>(Remaining()));
  cache.time_to_live_many(asked, left);
  for (const auto& remaining_time : left)
    BOOST_TEST(is_closed(remaining_time));
  auto keys = cache.keys();
  BOOST_TEST((keys.begin() == keys.end()));
  BOOST_REQUIRE(keys.error().has_value());
  BOOST_TEST((keys.error()->code() == ErrorCode::closed));
  BOOST_TEST(is_closed(cache.remove_matching("*")));
  BOOST_TEST(is_closed(cache.clear()));
  BOOST_TEST(is_closed(cache.size()));
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

}  // namespace cachesite::test
