#include "contract/cache_clauses.hpp"

#include <atomic>
#include <random>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>
#include <sys/mman.h>

namespace cachesite::test {

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

void a_value_is_read_back_as_it_was_written(const CacheSubject& subject) {
  auto& cache = *subject.cache;
  BOOST_TEST(cache.set_value("user:42", "Ada", 30min));
  const auto value = cache.get_value("user:42");
  BOOST_REQUIRE(value.has_value());
  BOOST_TEST(value->text() == "Ada");
  BOOST_TEST(value->size() == 3u);
  BOOST_TEST(value->bytes().size() == 3u);
}

void a_missing_key_is_a_miss_and_no_failure(const CacheSubject& subject) {
  BOOST_TEST(!subject.cache->get_value("nobody").has_value());
  const auto lookup = subject.cache->get("nobody");
  BOOST_TEST(lookup.miss());
  BOOST_TEST(!lookup.hit());
  BOOST_TEST(!lookup.null());
  BOOST_TEST(!lookup.failed());
}

void a_value_may_hold_every_byte(const CacheSubject& subject) {
  BOOST_TEST(subject.cache->set_value("bytes", every_byte(), long_time));
  check_hit(*subject.cache, "bytes", every_byte());
}

void a_value_of_any_size_is_read_back_whole(const CacheSubject& subject) {
  unsigned seed = 0;
  for (const std::size_t size :
       {0u,    1u,    63u,   64u,   79u,   80u,    81u,    127u,   1000u,  2047u,   2048u,
        2049u, 4096u, 8191u, 8192u, 8193u, 16384u, 65535u, 65536u, 65537u, 1048576u}) {
    const auto text = pattern(size, ++seed);
    BOOST_REQUIRE(subject.cache->set_value("sized", text, long_time));
    check_hit(*subject.cache, "sized", text);
  }
}

void a_key_may_hold_every_byte(const CacheSubject& subject) {
  std::vector<std::string> keys;
  for (int byte = 0; byte < 256; ++byte)
    keys.emplace_back(1, static_cast<char>(byte));
  keys.insert(keys.end(), {every_byte(), "two words", "line\r\nend", std::string("a\0b", 3), "{tag}key",
                           "%s%n", "**", "[a]", "\\\\"});
  for (std::size_t index = 0; index < keys.size(); ++index)
    BOOST_REQUIRE(subject.cache->set_value(keys[index], std::to_string(index), long_time));
  for (std::size_t index = 0; index < keys.size(); ++index)
    check_hit(*subject.cache, keys[index], std::to_string(index));
}

void a_key_may_be_up_to_64_kib_long(const CacheSubject& subject) {
  const auto longest = subject.longest_key;
  for (const std::size_t size :
       {std::size_t{1}, std::size_t{255}, std::size_t{256}, std::size_t{511}, std::size_t{512},
        std::size_t{513}, std::size_t{4096}, longest - 2, longest - 1, longest}) {
    const auto key = pattern(size, 7);
    BOOST_REQUIRE(subject.cache->set_value(key, std::to_string(size), long_time));
    check_hit(*subject.cache, key, std::to_string(size));
  }
}

void keys_that_differ_in_one_byte_are_different(const CacheSubject& subject) {
  auto& cache = *subject.cache;
  BOOST_TEST(cache.set_value("key", "1", long_time));
  BOOST_TEST(cache.set_value("Key", "2", long_time));
  BOOST_TEST(cache.set_value("key ", "3", long_time));
  BOOST_TEST(cache.set_value(std::string_view("key\0", 4), "4", long_time));
  check_hit(cache, "key", "1");
  check_hit(cache, "Key", "2");
  check_hit(cache, "key ", "3");
  check_hit(cache, std::string_view("key\0", 4), "4");
}

void a_later_value_replaces_an_earlier_one(const CacheSubject& subject) {
  auto& cache = *subject.cache;
  for (const std::size_t size : {10u, 5000u, 3u, 200000u, 0u, 100u}) {
    BOOST_REQUIRE(cache.set_value("changing", pattern(size, 3), long_time));
    check_hit(cache, "changing", pattern(size, 3));
  }
}

void a_value_that_looks_like_a_null_marker_is_a_value(const CacheSubject& subject) {
  const std::string old_marker = "__REDIS_KIT_NONE__";
  const std::string marker = std::string(1, '\0') + old_marker + std::string(1, '\0');
  for (const auto& text : {marker, old_marker, marker + marker, marker + old_marker, marker + "x",
                           old_marker + "x", "x" + marker, marker.substr(0, 19)}) {
    BOOST_REQUIRE(subject.cache->set_value("marker", text, long_time));
    check_hit(*subject.cache, "marker", text);
  }
}

// --- cached nulls

void a_cached_null_is_no_miss_and_no_value(const CacheSubject& subject) {
  auto& cache = *subject.cache;
  BOOST_TEST(cache.set_value("nothing", std::nullopt, long_time));
  const auto lookup = cache.get("nothing");
  if (subject.tells_null_from_empty) {
    BOOST_TEST(lookup.null());
    BOOST_TEST(!lookup.hit());
    BOOST_TEST(!cache.get_value("nothing").has_value());
  } else {
    BOOST_TEST(lookup.hit());
    BOOST_TEST(lookup.value().empty());
  }
  BOOST_TEST(!lookup.miss());
  BOOST_TEST(cache.contains("nothing").value());
}

void an_empty_value_is_a_hit(const CacheSubject& subject) {
  BOOST_TEST(subject.cache->set_value("empty", "", long_time));
  const auto value = subject.cache->get_value("empty");
  BOOST_REQUIRE(value.has_value());
  BOOST_TEST(value->size() == 0u);
  BOOST_TEST(subject.cache->get("empty").hit());
}

void null_and_value_replace_each_other(const CacheSubject& subject) {
  auto& cache = *subject.cache;
  BOOST_TEST(cache.set_value("either", "value", long_time));
  BOOST_TEST(cache.set_value("either", std::nullopt, long_time));
  BOOST_TEST(cache.get("either").null() == subject.tells_null_from_empty);
  BOOST_TEST(cache.set_value("either", "again", long_time));
  check_hit(cache, "either", "again");
}

// --- what is refused

void an_empty_key_is_refused_by_every_call(const CacheSubject& subject) {
  auto& cache = *subject.cache;
  Value destination;
  BOOST_TEST((cache.read("", destination).error().code() == ErrorCode::bad_argument));
  BOOST_TEST((cache.write("", "value", TimeToLive(1s)).error().code() == ErrorCode::bad_argument));
  BOOST_TEST((cache.remove("").error().code() == ErrorCode::bad_argument));
  BOOST_TEST((cache.contains("").error().code() == ErrorCode::bad_argument));
  BOOST_TEST((cache.time_to_live("").error().code() == ErrorCode::bad_argument));
  BOOST_TEST(!cache.set_value("", "value", 1s));
  BOOST_TEST(!cache.get_value("").has_value());
}

void a_key_above_64_kib_is_refused_by_every_call(const CacheSubject& subject) {
  auto& cache = *subject.cache;
  const std::string key(ICache::longest_key + 1, 'k');
  BOOST_TEST((cache.get(key).error().code() == ErrorCode::too_large));
  BOOST_TEST((cache.write(key, "value", TimeToLive(1s)).error().code() == ErrorCode::too_large));
  BOOST_TEST((cache.remove(key).error().code() == ErrorCode::too_large));
  BOOST_TEST((cache.contains(key).error().code() == ErrorCode::too_large));
  BOOST_TEST((cache.time_to_live(key).error().code() == ErrorCode::too_large));
}

void a_value_above_512_mib_is_refused_before_it_is_touched(const CacheSubject& subject) {
  const std::size_t size = std::size_t{5} << 30;
  void* const unreadable =
      ::mmap(nullptr, size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  BOOST_REQUIRE(unreadable != MAP_FAILED);
  const Bytes huge(static_cast<const std::byte*>(unreadable), size);
  BOOST_TEST(
      (subject.cache->write("huge", ByteView(huge), TimeToLive(1s)).error().code() == ErrorCode::too_large));
  ::munmap(unreadable, size);
}

void a_ttl_outside_1_ms_to_10_years_is_refused_and_changes_nothing(const CacheSubject& subject) {
  auto& cache = *subject.cache;
  BOOST_TEST(cache.set_value("kept", "before", long_time));
  BOOST_TEST(!cache.set_value("kept", "after", 0s));
  BOOST_TEST(!cache.set_value("kept", "after", -5s));
  BOOST_TEST(!cache.set_value("kept", "after", 999us));
  BOOST_TEST(!cache.set_value("kept", "after", std::chrono::hours::max()));
  BOOST_TEST(!cache.set_value("kept", std::nullopt, 0s));
  BOOST_TEST((cache.write("kept", "after", TimeToLive(0s)).error().code() == ErrorCode::bad_argument));
  BOOST_TEST((cache.write("kept", "after", TimeToLive(0s)).error().outcome() == Outcome::not_done));
  if (subject.keeps == Keeps::entries) check_hit(cache, "kept", "before");
  BOOST_TEST(cache.set_value("kept", "after", TimeToLive::longest));
}

// --- time

void an_entry_is_gone_after_its_ttl(const CacheSubject& subject) {
  auto& cache = *subject.cache;
  BOOST_TEST(cache.set_value("short", "value", 20ms));
  BOOST_TEST(cache.set_value("short null", std::nullopt, 20ms));
  BOOST_TEST(cache.set_value("large", pattern(100000, 1), 20ms));
  BOOST_TEST(cache.set_value("long", "stays", long_time));
  subject.let_pass(21ms);
  BOOST_TEST(cache.get("short").miss());
  BOOST_TEST(cache.get("short null").miss());
  BOOST_TEST(cache.get("large").miss());
  BOOST_TEST(!cache.contains("short").value());
  BOOST_TEST(!cache.remove("short").value());
  BOOST_TEST((cache.time_to_live("short").value().state == Remaining::State::absent));
  check_hit(cache, "long", "stays");
}

void one_millisecond_is_a_ttl(const CacheSubject& subject) {
  BOOST_TEST(subject.cache->set_value("blink", "value", 1ms));
  subject.let_pass(2ms);
  BOOST_TEST(subject.cache->get("blink").miss());
}

void a_later_write_gives_a_new_ttl(const CacheSubject& subject) {
  auto& cache = *subject.cache;
  BOOST_TEST(cache.set_value("renewed", "first", 20ms));
  BOOST_TEST(cache.set_value("renewed", "second", long_time));
  BOOST_TEST(cache.set_value("cut short", "first", long_time));
  BOOST_TEST(cache.set_value("cut short", "second", 20ms));
  subject.let_pass(21ms);
  check_hit(cache, "renewed", "second");
  BOOST_TEST(cache.get("cut short").miss());
}

void the_remaining_time_is_told_to_the_millisecond(const CacheSubject& subject) {
  auto& cache = *subject.cache;
  BOOST_TEST(cache.set_value("timed", "value", 90s));
  const auto remaining = cache.time_to_live("timed").value();
  BOOST_TEST((remaining.state == Remaining::State::expires));
  BOOST_TEST(remaining.left.count() <= 90000);
  BOOST_TEST(remaining.left.count() > 60000);
  BOOST_TEST(cache.set_value("timed", "value", 1500ms));
  BOOST_TEST(cache.time_to_live("timed").value().left.count() <= 1500);
  BOOST_TEST((cache.time_to_live("absent").value().state == Remaining::State::absent));
}

// --- removing and asking

void removing_tells_whether_there_was_an_entry(const CacheSubject& subject) {
  auto& cache = *subject.cache;
  BOOST_TEST(cache.set_value("going", "value", long_time));
  BOOST_TEST(cache.set_value("going null", std::nullopt, long_time));
  BOOST_TEST(cache.remove("going").value());
  BOOST_TEST(!cache.remove("going").value());
  BOOST_TEST(cache.remove("going null").value());
  BOOST_TEST(cache.get("going").miss());
  BOOST_TEST(!cache.remove("never there").value());
  BOOST_TEST(cache.set_value("going", "back", long_time));
  check_hit(cache, "going", "back");
}

void contains_tells_without_reading(const CacheSubject& subject) {
  auto& cache = *subject.cache;
  BOOST_TEST(!cache.contains("asked").value());
  BOOST_TEST(cache.set_value("asked", "value", long_time));
  const auto before = cache.statistics();
  BOOST_TEST(cache.contains("asked").value());
  BOOST_TEST(cache.statistics().hits == before.hits);
  BOOST_TEST(cache.statistics().misses == before.misses);
}

// --- destinations

void a_destination_may_be_used_again_and_again(const CacheSubject& subject) {
  auto& cache = *subject.cache;
  const std::vector<std::size_t> sizes{10, 100000, 0, 81, 3000, 1, 300000, 80};
  for (std::size_t index = 0; index < sizes.size(); ++index)
    BOOST_REQUIRE(cache.set_value("slot " + std::to_string(index), pattern(sizes[index], 9), long_time));
  Value destination;
  for (int round = 0; round < 3; ++round)
    for (std::size_t index = 0; index < sizes.size(); ++index) {
      const auto found = cache.read("slot " + std::to_string(index), destination);
      BOOST_REQUIRE((found.value() == Found::hit));
      BOOST_TEST((destination.text() == pattern(sizes[index], 9)));
    }
}

void a_value_handed_out_does_not_change_when_the_entry_does(const CacheSubject& subject) {
  auto& cache = *subject.cache;
  for (const std::size_t size : {50u, 3000u, 500000u}) {
    BOOST_REQUIRE(cache.set_value("moving", pattern(size, 1), long_time));
    const auto held = cache.get_value("moving");
    BOOST_REQUIRE(held.has_value());
    Value copy = *held;
    BOOST_REQUIRE(cache.set_value("moving", pattern(size, 2), long_time));
    BOOST_REQUIRE(cache.remove("moving").value());
    copy.assign("changed by its owner");
    BOOST_TEST((held->text() == pattern(size, 1)));
  }
}

// --- counters, threads, life

void the_counters_count_what_happened(const CacheSubject& subject) {
  auto& cache = *subject.cache;
  const auto before = cache.statistics();
  BOOST_TEST(cache.set_value("counted", "value", long_time));
  BOOST_TEST(cache.set_value("counted null", std::nullopt, long_time));
  (void)cache.get("counted");
  (void)cache.get("counted null");
  (void)cache.get("not there");
  (void)cache.remove("counted");
  (void)cache.remove("not there");
  (void)cache.set_value("", "refused", 1s);
  (void)cache.set_value("refused", "value", 0s);
  const auto after = cache.statistics();
  BOOST_TEST(after.writes - before.writes == 2u);
  BOOST_TEST(after.refusals - before.refusals == 2u);
  BOOST_TEST(after.failures == before.failures);
  if (subject.keeps == Keeps::entries) {
    BOOST_TEST(after.hits - before.hits == 2u);
    BOOST_TEST(after.misses - before.misses == 1u);
    BOOST_TEST(after.removals - before.removals == 1u);
  } else {
    BOOST_TEST(after.misses - before.misses == 3u);
  }
}

void many_threads_never_see_each_others_values(const CacheSubject& subject) {
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
  BOOST_TEST(wrong.load() == 0);
}

void after_stop_every_call_fails_with_closed(const CacheSubject& subject) {
  auto& cache = *subject.cache;
  BOOST_TEST(cache.set_value("before", "value", long_time));
  cache.stop();
  cache.stop();
  Value destination;
  const auto read = cache.read("before", destination);
  BOOST_REQUIRE(!read.ok());
  BOOST_TEST((read.error().code() == ErrorCode::closed));
  const auto written = cache.write("after", "value", TimeToLive(1s));
  BOOST_REQUIRE(!written.ok());
  BOOST_TEST((written.error().code() == ErrorCode::closed));
  BOOST_TEST(!cache.remove("before").ok());
  BOOST_TEST(!cache.contains("before").ok());
  BOOST_TEST(!cache.time_to_live("before").ok());
  BOOST_TEST(!cache.get_value("before").has_value());
  BOOST_TEST(!cache.set_value("after", "value", 1s));
}

void a_working_cache_is_up(const CacheSubject& subject) {
  BOOST_TEST((subject.cache->health().state == HealthState::up));
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

void check_hit(ICache& cache, std::string_view key, std::string_view expected) {
  const auto lookup = cache.get(key);
  BOOST_REQUIRE(lookup.hit());
  BOOST_TEST((lookup.value().text() == expected));
}

bool is_null(const CacheSubject& subject, const Lookup& lookup) {
  return subject.tells_null_from_empty ? lookup.null() : lookup.hit() && lookup.value().empty();
}

bool register_cache_contract(const std::string& name, std::function<CacheSubject()> make_subject,
                             Keeps keeps) {
  auto* const suite = BOOST_TEST_SUITE(name);
  for (const auto& part :
       {std::span<const CacheClause>(clauses), operation_clauses(), batch_clauses(), key_clauses()}) {
    for (const auto& clause : part) {
      if (clause.needs_entries && keeps == Keeps::nothing) continue;
      const auto run = [make_subject, check = clause.check, keeps] {
        auto subject = make_subject();
        subject.keeps = keeps;
        check(subject);
        if (subject.check_invariants) subject.check_invariants();
      };
      suite->add(boost::unit_test::make_test_case(run, clause.name, __FILE__, __LINE__));
    }
  }
  boost::unit_test::framework::master_test_suite().add(suite);
  return true;
}

}  // namespace cachesite::test
