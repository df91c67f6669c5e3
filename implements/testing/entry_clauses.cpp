#include "testing/clause.hpp"
#include "testing/expectation.hpp"

#include <atomic>
#include <random>
#include <thread>
#include <vector>

#include <sys/mman.h>

namespace cachesite::testing {

namespace {

using namespace std::chrono_literals;

constexpr auto long_time = 1h;

std::string every_byte() {
  std::string text;
  for (int byte = 0; byte < 256; ++byte)
    text.push_back(static_cast<char>(byte));
  return text;
}

std::string pattern(std::size_t size, unsigned seed) {
  std::string text(size, '\0');
  std::minstd_rand random(seed + 1);
  for (auto& character : text)
    character = static_cast<char>(random());
  return text;
}

// --- values and keys

void a_value_is_read_back_as_it_was_written(const Subject& subject) {
  auto& cache = *subject.cache;
  EXPECT(cache.set_value("user:42", "Ada", 30min));
  const auto value = cache.get_value("user:42");
  REQUIRE(value.has_value());
  EXPECT(value->text() == "Ada");
  EXPECT(value->size() == 3u);
  EXPECT(value->bytes().size() == 3u);
}

void a_missing_key_is_a_miss_and_no_failure(const Subject& subject) {
  EXPECT(!subject.cache->get_value("nobody").has_value());
  const auto lookup = subject.cache->get("nobody");
  EXPECT(lookup.miss());
  EXPECT(!lookup.hit());
  EXPECT(!lookup.null());
  EXPECT(!lookup.failed());
}

void a_value_may_hold_every_byte(const Subject& subject) {
  EXPECT(subject.cache->set_value("bytes", every_byte(), long_time));
  check_hit(*subject.cache, "bytes", every_byte());
}

void a_value_of_any_size_is_read_back_whole(const Subject& subject) {
  unsigned seed = 0;
  for (const std::size_t size :
       {0u,    1u,    63u,   64u,   79u,   80u,    81u,    127u,   1000u,  2047u,   2048u,
        2049u, 4096u, 8191u, 8192u, 8193u, 16384u, 65535u, 65536u, 65537u, 1048576u}) {
    const auto text = pattern(size, ++seed);
    REQUIRE(subject.cache->set_value("sized", text, long_time));
    check_hit(*subject.cache, "sized", text);
  }
}

void a_key_may_hold_every_byte(const Subject& subject) {
  std::vector<std::string> keys;
  for (int byte = 0; byte < 256; ++byte)
    keys.emplace_back(1, static_cast<char>(byte));
  keys.insert(keys.end(), {every_byte(), "two words", "line\r\nend", std::string("a\0b", 3), "{tag}key",
                           "%s%n", "**", "[a]", "\\\\"});
  for (std::size_t index = 0; index < keys.size(); ++index)
    REQUIRE(subject.cache->set_value(keys[index], std::to_string(index), long_time));
  for (std::size_t index = 0; index < keys.size(); ++index)
    check_hit(*subject.cache, keys[index], std::to_string(index));
}

void a_key_may_be_up_to_64_kib_long(const Subject& subject) {
  const auto longest = subject.longest_key;
  for (const std::size_t size :
       {std::size_t{1}, std::size_t{255}, std::size_t{256}, std::size_t{511}, std::size_t{512},
        std::size_t{513}, std::size_t{4096}, longest - 2, longest - 1, longest}) {
    const auto key = pattern(size, 7);
    REQUIRE(subject.cache->set_value(key, std::to_string(size), long_time));
    check_hit(*subject.cache, key, std::to_string(size));
  }
}

void keys_that_differ_in_one_byte_are_different(const Subject& subject) {
  auto& cache = *subject.cache;
  EXPECT(cache.set_value("key", "1", long_time));
  EXPECT(cache.set_value("Key", "2", long_time));
  EXPECT(cache.set_value("key ", "3", long_time));
  EXPECT(cache.set_value(std::string_view("key\0", 4), "4", long_time));
  check_hit(cache, "key", "1");
  check_hit(cache, "Key", "2");
  check_hit(cache, "key ", "3");
  check_hit(cache, std::string_view("key\0", 4), "4");
}

void a_later_value_replaces_an_earlier_one(const Subject& subject) {
  auto& cache = *subject.cache;
  for (const std::size_t size : {10u, 5000u, 3u, 200000u, 0u, 100u}) {
    REQUIRE(cache.set_value("changing", pattern(size, 3), long_time));
    check_hit(cache, "changing", pattern(size, 3));
  }
}

void a_value_that_looks_like_a_null_marker_is_a_value(const Subject& subject) {
  const std::string old_marker = "__REDIS_KIT_NONE__";
  std::string marker(1, '\0');
  marker.append(old_marker).push_back('\0');
  for (const auto& text : {marker, old_marker, marker + marker, marker + old_marker, marker + "x",
                           old_marker + "x", "x" + marker, marker.substr(0, 19)}) {
    REQUIRE(subject.cache->set_value("marker", text, long_time));
    check_hit(*subject.cache, "marker", text);
  }
}

// --- cached nulls

void a_cached_null_is_no_miss_and_no_value(const Subject& subject) {
  auto& cache = *subject.cache;
  EXPECT(cache.set_value("nothing", std::nullopt, long_time));
  const auto lookup = cache.get("nothing");
  if (subject.tells_null_from_empty) {
    EXPECT(lookup.null());
    EXPECT(!lookup.hit());
    EXPECT(!cache.get_value("nothing").has_value());
  } else {
    EXPECT(lookup.hit());
    EXPECT(lookup.value().empty());
  }
  EXPECT(!lookup.miss());
  EXPECT(value_of(cache.contains("nothing")));
}

void an_empty_value_is_a_hit(const Subject& subject) {
  EXPECT(subject.cache->set_value("empty", "", long_time));
  const auto value = subject.cache->get_value("empty");
  REQUIRE(value.has_value());
  EXPECT(value->size() == 0u);
  EXPECT(subject.cache->get("empty").hit());
}

void null_and_value_replace_each_other(const Subject& subject) {
  auto& cache = *subject.cache;
  EXPECT(cache.set_value("either", "value", long_time));
  EXPECT(cache.set_value("either", std::nullopt, long_time));
  EXPECT(cache.get("either").null() == subject.tells_null_from_empty);
  EXPECT(cache.set_value("either", "again", long_time));
  check_hit(cache, "either", "again");
}

// --- what is refused

void an_empty_key_is_refused_by_every_call(const Subject& subject) {
  auto& cache = *subject.cache;
  Value destination;
  EXPECT(fails_with(cache.read("", destination), ErrorCode::bad_argument));
  EXPECT(fails_with(cache.write("", "value", TimeToLive(1s)), ErrorCode::bad_argument));
  EXPECT(fails_with(cache.remove(""), ErrorCode::bad_argument));
  EXPECT(fails_with(cache.contains(""), ErrorCode::bad_argument));
  EXPECT(fails_with(cache.time_to_live(""), ErrorCode::bad_argument));
  EXPECT(!cache.set_value("", "value", 1s));
  EXPECT(!cache.get_value("").has_value());
}

void a_key_above_64_kib_is_refused_by_every_call(const Subject& subject) {
  auto& cache = *subject.cache;
  const std::string key(ICache::longest_key + 1, 'k');
  EXPECT(fails_with(cache.get(key), ErrorCode::too_large));
  EXPECT(fails_with(cache.write(key, "value", TimeToLive(1s)), ErrorCode::too_large));
  EXPECT(fails_with(cache.remove(key), ErrorCode::too_large));
  EXPECT(fails_with(cache.contains(key), ErrorCode::too_large));
  EXPECT(fails_with(cache.time_to_live(key), ErrorCode::too_large));
}

void a_value_above_512_mib_is_refused_before_it_is_touched(const Subject& subject) {
  const std::size_t size = std::size_t{5} << 30;
  void* const unreadable =
      ::mmap(nullptr, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  REQUIRE(unreadable != MAP_FAILED);
  const Bytes huge(static_cast<const std::byte*>(unreadable), size);
  EXPECT(fails_with(subject.cache->write("huge", ByteView(huge), TimeToLive(1s)), ErrorCode::too_large));
  ::munmap(unreadable, size);
}

void a_ttl_outside_1_ms_to_10_years_is_refused_and_changes_nothing(const Subject& subject) {
  auto& cache = *subject.cache;
  EXPECT(cache.set_value("kept", "before", long_time));
  EXPECT(!cache.set_value("kept", "after", 0s));
  EXPECT(!cache.set_value("kept", "after", -5s));
  EXPECT(!cache.set_value("kept", "after", 999us));
  EXPECT(!cache.set_value("kept", "after", std::chrono::hours::max()));
  EXPECT(!cache.set_value("kept", std::nullopt, 0s));
  EXPECT(fails_with(cache.write("kept", "after", TimeToLive(0s)), ErrorCode::bad_argument));
  const auto refused = cache.write("kept", "after", TimeToLive(0s));
  REQUIRE(!refused.ok());
  EXPECT(refused.error().outcome() == Outcome::not_done);
  if (subject.keeps == Keeps::entries) check_hit(cache, "kept", "before");
  EXPECT(cache.set_value("kept", "after", TimeToLive::longest));
}

// --- time

void an_entry_is_gone_after_its_ttl(const Subject& subject) {
  auto& cache = *subject.cache;
  EXPECT(cache.set_value("short", "value", 20ms));
  EXPECT(cache.set_value("short null", std::nullopt, 20ms));
  EXPECT(cache.set_value("large", pattern(100000, 1), 20ms));
  EXPECT(cache.set_value("long", "stays", long_time));
  subject.let_pass(21ms);
  EXPECT(cache.get("short").miss());
  EXPECT(cache.get("short null").miss());
  EXPECT(cache.get("large").miss());
  EXPECT(!value_of(cache.contains("short")));
  EXPECT(!value_of(cache.remove("short")));
  EXPECT(value_of(cache.time_to_live("short")).state == Remaining::State::absent);
  check_hit(cache, "long", "stays");
}

void one_millisecond_is_a_ttl(const Subject& subject) {
  EXPECT(subject.cache->set_value("blink", "value", 1ms));
  subject.let_pass(2ms);
  EXPECT(subject.cache->get("blink").miss());
}

void a_later_write_gives_a_new_ttl(const Subject& subject) {
  auto& cache = *subject.cache;
  EXPECT(cache.set_value("renewed", "first", 20ms));
  EXPECT(cache.set_value("renewed", "second", long_time));
  EXPECT(cache.set_value("cut short", "first", long_time));
  EXPECT(cache.set_value("cut short", "second", 20ms));
  subject.let_pass(21ms);
  check_hit(cache, "renewed", "second");
  EXPECT(cache.get("cut short").miss());
}

void the_remaining_time_is_told_to_the_millisecond(const Subject& subject) {
  auto& cache = *subject.cache;
  EXPECT(cache.set_value("timed", "value", 90s));
  const auto remaining = value_of(cache.time_to_live("timed"));
  EXPECT(remaining.state == Remaining::State::expires);
  EXPECT(remaining.left.count() <= 90000);
  EXPECT(remaining.left.count() > 60000);
  EXPECT(cache.set_value("timed", "value", 1500ms));
  EXPECT(value_of(cache.time_to_live("timed")).left.count() <= 1500);
  EXPECT(value_of(cache.time_to_live("absent")).state == Remaining::State::absent);
}

// --- removing and asking

void removing_tells_whether_there_was_an_entry(const Subject& subject) {
  auto& cache = *subject.cache;
  EXPECT(cache.set_value("going", "value", long_time));
  EXPECT(cache.set_value("going null", std::nullopt, long_time));
  EXPECT(value_of(cache.remove("going")));
  EXPECT(!value_of(cache.remove("going")));
  EXPECT(value_of(cache.remove("going null")));
  EXPECT(cache.get("going").miss());
  EXPECT(!value_of(cache.remove("never there")));
  EXPECT(cache.set_value("going", "back", long_time));
  check_hit(cache, "going", "back");
}

void contains_tells_without_reading(const Subject& subject) {
  auto& cache = *subject.cache;
  EXPECT(!value_of(cache.contains("asked")));
  EXPECT(cache.set_value("asked", "value", long_time));
  const auto before = cache.statistics();
  EXPECT(value_of(cache.contains("asked")));
  EXPECT(cache.statistics().hits == before.hits);
  EXPECT(cache.statistics().misses == before.misses);
}

// --- destinations

void a_destination_may_be_used_again_and_again(const Subject& subject) {
  auto& cache = *subject.cache;
  const std::vector<std::size_t> sizes{10, 100000, 0, 81, 3000, 1, 300000, 80};
  for (std::size_t index = 0; index < sizes.size(); ++index)
    REQUIRE(cache.set_value("slot " + std::to_string(index), pattern(sizes[index], 9), long_time));
  Value destination;
  for (int round = 0; round < 3; ++round)
    for (std::size_t index = 0; index < sizes.size(); ++index) {
      const auto found = cache.read("slot " + std::to_string(index), destination);
      REQUIRE(value_of(found) == Found::hit);
      EXPECT(destination.text() == pattern(sizes[index], 9));
    }
}

void a_value_handed_out_does_not_change_when_the_entry_does(const Subject& subject) {
  auto& cache = *subject.cache;
  for (const std::size_t size : {50u, 3000u, 500000u}) {
    REQUIRE(cache.set_value("moving", pattern(size, 1), long_time));
    const auto held = cache.get_value("moving");
    REQUIRE(held.has_value());
    Value copy = *held;
    REQUIRE(cache.set_value("moving", pattern(size, 2), long_time));
    REQUIRE(value_of(cache.remove("moving")));
    copy.assign("changed by its owner");
    EXPECT(held->text() == pattern(size, 1));
  }
}

// --- counters, threads, life

void the_counters_count_what_happened(const Subject& subject) {
  auto& cache = *subject.cache;
  const auto before = cache.statistics();
  EXPECT(cache.set_value("counted", "value", long_time));
  EXPECT(cache.set_value("counted null", std::nullopt, long_time));
  (void)cache.get("counted");
  (void)cache.get("counted null");
  (void)cache.get("not there");
  (void)cache.remove("counted");
  (void)cache.remove("not there");
  (void)cache.set_value("", "refused", 1s);
  (void)cache.set_value("refused", "value", 0s);
  const auto after = cache.statistics();
  EXPECT(after.writes - before.writes == 2u);
  EXPECT(after.refusals - before.refusals == 2u);
  EXPECT(after.failures == before.failures);
  if (subject.keeps == Keeps::entries) {
    EXPECT(after.hits - before.hits == 2u);
    EXPECT(after.misses - before.misses == 1u);
    EXPECT(after.removals - before.removals == 1u);
  } else {
    EXPECT(after.misses - before.misses == 3u);
  }
}

void many_threads_never_see_each_others_values(const Subject& subject) {
  auto& cache = *subject.cache;
  constexpr int threads = 8;
  constexpr int rounds = 150;
  std::atomic<int> wrong{0};
  std::vector<std::thread> workers;
  for (int number = 0; number < threads; ++number)
    workers.emplace_back([&cache, &wrong, number] {
      Value destination;
      for (int round = 0; round < rounds; ++round) {
        const auto key = "thread " + std::to_string(number) + " key " + std::to_string(round % 10);
        const auto text = key + pattern(static_cast<std::size_t>(round) * 7, static_cast<unsigned>(number));
        if (!cache.set_value(key, text, long_time)) ++wrong;
        const auto found = cache.read(key, destination);
        if (!found.ok() || found.value() != Found::hit || destination.text() != text) ++wrong;
        const auto shared = cache.get("shared");
        if (shared.hit() && !shared.value().text().starts_with("from ")) ++wrong;
        if (!cache.set_value("shared", "from " + std::to_string(number), long_time)) ++wrong;
      }
    });
  for (auto& worker : workers)
    worker.join();
  EXPECT(wrong.load() == 0);
}

void after_stop_every_call_fails_with_closed(const Subject& subject) {
  auto& cache = *subject.cache;
  EXPECT(cache.set_value("before", "value", long_time));
  cache.stop();
  cache.stop();
  Value destination;
  EXPECT(fails_with(cache.read("before", destination), ErrorCode::closed));
  EXPECT(fails_with(cache.write("after", "value", TimeToLive(1s)), ErrorCode::closed));
  EXPECT(!cache.remove("before").ok());
  EXPECT(!cache.contains("before").ok());
  EXPECT(!cache.time_to_live("before").ok());
  EXPECT(!cache.get_value("before").has_value());
  EXPECT(!cache.set_value("after", "value", 1s));
}

void a_working_cache_is_up(const Subject& subject) {
  EXPECT(subject.cache->health().state == HealthState::up);
}

constexpr CacheClause clauses[] = {
    CLAUSE(a_value_is_read_back_as_it_was_written),
    CLAUSE_OF_ANY_CACHE(a_missing_key_is_a_miss_and_no_failure),
    CLAUSE(a_value_may_hold_every_byte),
    CLAUSE(a_value_of_any_size_is_read_back_whole),
    CLAUSE(a_key_may_hold_every_byte),
    CLAUSE(a_key_may_be_up_to_64_kib_long),
    CLAUSE(keys_that_differ_in_one_byte_are_different),
    CLAUSE(a_later_value_replaces_an_earlier_one),
    CLAUSE(a_value_that_looks_like_a_null_marker_is_a_value),
    CLAUSE(a_cached_null_is_no_miss_and_no_value),
    CLAUSE(an_empty_value_is_a_hit),
    CLAUSE(null_and_value_replace_each_other),
    CLAUSE_OF_ANY_CACHE(an_empty_key_is_refused_by_every_call),
    CLAUSE_OF_ANY_CACHE(a_key_above_64_kib_is_refused_by_every_call),
    CLAUSE_OF_ANY_CACHE(a_value_above_512_mib_is_refused_before_it_is_touched),
    CLAUSE_OF_ANY_CACHE(a_ttl_outside_1_ms_to_10_years_is_refused_and_changes_nothing),
    CLAUSE(an_entry_is_gone_after_its_ttl),
    CLAUSE(one_millisecond_is_a_ttl),
    CLAUSE(a_later_write_gives_a_new_ttl),
    CLAUSE(the_remaining_time_is_told_to_the_millisecond),
    CLAUSE(removing_tells_whether_there_was_an_entry),
    CLAUSE(contains_tells_without_reading),
    CLAUSE(a_destination_may_be_used_again_and_again),
    CLAUSE(a_value_handed_out_does_not_change_when_the_entry_does),
    CLAUSE_OF_ANY_CACHE(the_counters_count_what_happened),
    CLAUSE(many_threads_never_see_each_others_values),
    CLAUSE_OF_ANY_CACHE(after_stop_every_call_fails_with_closed),
    CLAUSE_OF_ANY_CACHE(a_working_cache_is_up),
};

}  // namespace

std::span<const CacheClause> entry_clauses() {
  return clauses;
}

}  // namespace cachesite::testing
