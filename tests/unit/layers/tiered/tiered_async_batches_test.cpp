// Batches of a TieredCache whose callers do not wait: the same as those of threads, without a thread.

#include "support/faulty_cache.hpp"
#include "unit/async/held_cache.hpp"
#include "unit/event_loop/parts.hpp"

#include <cachesite/async_call.hpp>
#include <cachesite/tiered_cache.hpp>

#include <array>
#include <chrono>
#include <functional>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;
using namespace std::chrono_literals;

namespace {

const Error far_is_away(ErrorCode::unreachable, "away", Outcome::unknown);
constexpr std::array<std::string_view, 3> three_keys{"a", "b", "c"};

struct HeldTiers {
  explicit HeldTiers(const std::function<void(TieredCacheOptions&)>& set = {}) {
    TieredCacheOptions options;
    options.over = Reference<ICache>(far);
    options.near = Reference<ICache>(std::make_shared<MemoryCache>());
    if (set) set(options);
    cache = std::make_shared<TieredCache>(options);
  }
  std::vector<Lookup> get_many(std::span<const std::string_view> keys, bool blocking = false) const {
    std::vector<Lookup> found(keys.size());
    if (blocking)
      cache->get_many(keys, found);
    else
      BOOST_TEST(far->answer_all(cache->async_get_many(keys, found).future()).ok());
    return found;
  }
  [[nodiscard]] std::uint64_t fills() const { return cache->tier_statistics().fills; }

  std::shared_ptr<FaultyCache> store = std::make_shared<FaultyCache>(std::make_shared<MemoryCache>());
  std::shared_ptr<HeldCache> far = std::make_shared<HeldCache>(store);
  std::shared_ptr<TieredCache> cache;
};

HeldTiers remembering_what_fails() {
  return HeldTiers([](TieredCacheOptions& options) { options.recovery.mode = RecoveryMode::remove; });
}

void put_far(HeldTiers& world, std::string_view key, std::string_view value) {
  BOOST_TEST(world.store->set_value(key, value, 1h));
}

template <class R>
std::string shown(const R& result) {
  return result.ok() ? "ok" : std::string(to_string(result.error().code()));
}
std::string shown(const Result<bool>& result) {
  return result.ok() ? result.value() ? "yes" : "no" : std::string(to_string(result.error().code()));
}
std::string shown(const Result<Remaining>& left) {
  if (!left.ok()) return std::string(to_string(left.error().code()));
  return left.value().state == Remaining::State::absent ? "absent" : "there";
}
std::string shown(const Lookup& found) {
  if (found.failed()) return std::string(to_string(found.error().code()));
  return found.hit() ? std::string(found.value().text()) : found.null() ? "null" : "miss";
}

template <class R>
std::string all_shown(const std::vector<R>& results) {
  std::string text;
  for (const auto& result : results)
    text += shown(result) + " ";
  return text;
}

std::string shown_counts(const TieredCache& cache) {
  const auto tiers = cache.tier_statistics();
  const auto all = cache.statistics();
  std::string text;
  for (const auto count : {tiers.near_hits, tiers.near_misses, tiers.far_hits, tiers.far_misses, tiers.fills,
                           tiers.fills_dropped, tiers.recovery_pending, all.hits, all.misses, all.failures,
                           all.writes, all.removals})
    text += std::to_string(count) + " ";
  return text;
}

// What each call gives, and what is counted afterwards, in either form.
std::vector<std::string> story_of(bool blocking) {
  auto world = remembering_what_fails();
  auto& cache = *world.cache;
  auto& far = *world.far;
  std::vector<std::string> story;
  const auto note = [&](const auto& results) {
    story.push_back(all_shown(results) + "| " + shown_counts(cache) + std::to_string(cache.near_size()));
  };
  const auto set_many = [&](std::span<const CacheEntry> entries) {
    std::vector<Status> stored(entries.size(), Status(Done{}));
    if (blocking)
      cache.set_many(entries, stored);
    else
      BOOST_TEST(far.answer_all(cache.async_set_many(entries, stored).future()).ok());
    note(stored);
  };
  const auto remove_many = [&] {
    std::vector<Result<bool>> removed(three_keys.size(), Result<bool>(false));
    if (blocking)
      cache.remove_many(three_keys, removed);
    else
      BOOST_TEST(far.answer_all(cache.async_remove_many(three_keys, removed).future()).ok());
    note(removed);
  };
  const auto look = [&] {
    std::vector<Result<Remaining>> left(three_keys.size(), Result<Remaining>(Remaining()));
    if (blocking)
      cache.time_to_live_many(three_keys, left);
    else
      BOOST_TEST(far.answer_all(cache.async_time_to_live_many(three_keys, left).future()).ok());
    note(left);
  };
  const auto read = [&] { note(world.get_many(three_keys, blocking)); };

  const std::array<CacheEntry, 2> entries{{{"a", ByteView("1"), 1h}, {"b", std::nullopt, 1h}}};
  put_far(world, "c", "3");
  read();
  set_many(entries);
  read();
  look();
  world.store->fail_for("b", Error(ErrorCode::corrupt, "odd", Outcome::not_done));
  cache.clear_near();
  read();
  look();
  set_many(entries);
  remove_many();
  world.store->work();
  read();
  remove_many();
  read();
  BOOST_TEST((far.blocking() == 0) != blocking);
  world.store->fail(far_is_away);
  set_many(entries);
  read();
  return story;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(tiered_async_batches)

BOOST_AUTO_TEST_CASE(both_forms_give_and_count_the_same) {
  const auto blocking = story_of(true);
  const auto asynchronous = story_of(false);
  BOOST_TEST(blocking == asynchronous, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(copies_answer_at_once_and_the_far_tier_is_asked_for_the_others_in_one_batch) {
  HeldTiers world;
  put_far(world, "a", "1");
  put_far(world, "b", "2");
  BOOST_TEST(world.get_many(std::span(three_keys).first(1))[0].value().text() == "1");
  BOOST_TEST(all_shown(world.get_many(three_keys)) == "1 2 miss ");
  BOOST_TEST(world.store->calls() == 6U);  // two writes of the test, and twice values and lives
  std::vector<Lookup> found(three_keys.size());
  auto call = world.cache->async_get_many(three_keys, found);
  BOOST_TEST(std::move(call).future().get().ok());  // nobody answers for the far tier
  BOOST_TEST(all_shown(found) == "1 2 miss ");
  BOOST_TEST(world.far->blocking() == 0);
}

BOOST_AUTO_TEST_CASE(lives_that_the_far_tier_does_not_tell_are_asked_for_once) {
  HeldTiers world;
  world.far->tells_lives = false;
  put_far(world, "a", "1");
  put_far(world, "b", "2");
  BOOST_TEST(all_shown(world.get_many(three_keys)) == "1 2 miss ");
  const std::vector expected{CacheOperation::get_many, CacheOperation::time_to_live_many};
  BOOST_TEST((world.far->asked() == expected));
  BOOST_TEST(world.cache->near_size() == 2U);
  BOOST_TEST(world.far->blocking() == 0);
}

BOOST_AUTO_TEST_CASE(a_failed_question_for_lives_does_not_fail_the_read) {
  HeldTiers world;
  world.far->tells_lives = false;
  put_far(world, "a", "1");
  std::vector<Lookup> found(three_keys.size());
  auto read = world.cache->async_get_many(three_keys, found).future();
  BOOST_TEST(world.far->answer());
  BOOST_TEST(world.far->fail(far_is_away));
  BOOST_TEST(read.get().ok());
  BOOST_TEST(all_shown(found) == "1 miss miss ");
}

BOOST_AUTO_TEST_CASE(a_write_during_a_batch_of_reads_wins) {
  HeldTiers world;
  put_far(world, "a", "old");
  std::vector<Lookup> found(three_keys.size());
  auto read = world.cache->async_get_many(three_keys, found).future();
  BOOST_TEST(world.cache->set_value("a", "new", 1h));
  BOOST_TEST(world.far->answer_all(std::move(read)).ok());
  BOOST_TEST(world.cache->get("a").value().text() == "new");
  BOOST_TEST(world.fills() == 0U);
}

BOOST_AUTO_TEST_CASE(a_change_during_a_batch_of_writes_leaves_no_copy_of_its_key) {
  HeldTiers world;
  const std::array<CacheEntry, 2> entries{{{"a", ByteView("1"), 1h}, {"b", ByteView("2"), 1h}}};
  std::array<Status, 2> stored{Done{}, Done{}};
  auto write = world.cache->async_set_many(entries, stored).future();
  BOOST_TEST(world.cache->set_value("b", "other", 1h));
  BOOST_TEST(world.far->answer_all(std::move(write)).ok());
  BOOST_TEST(world.cache->near_size() == 1U);
  BOOST_TEST(!world.cache->explain_copy("b").present);
}

BOOST_AUTO_TEST_CASE(keys_and_values_may_go_once_the_call_has_begun) {
  HeldTiers world;
  std::array<Status, 1> stored{Done{}};
  std::array<Lookup, 1> found;
  const std::string name = "a key that is too long for any small string";
  const std::string text(100, 'v');
  const auto begin = [&](bool writes) {
    const std::string key = name;
    const std::string value = text;
    const std::array<std::string_view, 1> keys{key};
    const std::array<CacheEntry, 1> entries{{{key, ByteView(value), 1h}}};
    return writes ? world.cache->async_set_many(entries, stored).future()
                  : world.cache->async_get_many(keys, found).future();
  };
  BOOST_TEST(world.far->answer_all(begin(true)).ok());
  BOOST_TEST(world.cache->get(name).value().text() == text);
  world.cache->clear_near();
  world.far->tells_lives = false;
  BOOST_TEST(world.far->answer_all(begin(false)).ok());
  BOOST_TEST(found[0].value().text() == text);
  BOOST_TEST(world.cache->explain_copy(name).present);
}

BOOST_AUTO_TEST_CASE(changes_whose_caller_is_gone_leave_no_copy_and_are_owed) {
  for (const bool removes : {false, true}) {
    auto world = remembering_what_fails();
    for (const auto key : three_keys)
      BOOST_TEST(world.cache->set_value(key, "old", 1h));
    BOOST_TEST(world.cache->near_size() == 3U);
    const auto change = [&]() -> Routine {
      const std::array<CacheEntry, 2> entries{{{"a", ByteView("1"), 1h}, {"b", ByteView("2"), 1h}}};
      std::array<Status, 2> stored{Done{}, Done{}};
      std::array<Result<bool>, 2> removed{false, false};
      if (removes)
        (void)co_await world.cache->async_remove_many(std::span(three_keys).first(2), removed);
      else
        (void)co_await world.cache->async_set_many(entries, stored);
    };
    {
      const auto routine = change();
      BOOST_TEST(world.far->held() == 1U);
    }
    BOOST_TEST(world.far->held() == 0U);
    BOOST_TEST(world.cache->near_size() == 1U);
    BOOST_TEST(world.cache->tier_statistics().recovery_pending == 2U);
  }
}

BOOST_AUTO_TEST_CASE(a_reader_may_leave_at_each_question) {
  for (const bool at_lives : {false, true}) {
    HeldTiers world;
    world.far->tells_lives = false;
    put_far(world, "a", "1");
    std::vector<Lookup> found(three_keys.size());
    const auto read = [&]() -> Routine { (void)co_await world.cache->async_get_many(three_keys, found); };
    {
      const auto routine = read();
      if (at_lives) BOOST_TEST(world.far->answer());
      BOOST_TEST(world.far->held() == 1U);
    }
    BOOST_TEST(world.far->held() == 0U);
    BOOST_TEST(all_shown(found) == "miss miss miss ");
    BOOST_TEST(world.cache->near_size() == 0U);
    BOOST_TEST(all_shown(world.get_many(three_keys)) == "1 miss miss ");
  }
}

BOOST_AUTO_TEST_CASE(a_reader_may_ask_for_the_end_at_each_question) {
  for (const bool at_lives : {false, true}) {
    HeldTiers world;
    world.far->tells_lives = false;
    put_far(world, "a", "1");
    std::vector<Lookup> found(three_keys.size());
    std::stop_source stop;
    auto read = world.cache->async_get_many(three_keys, found, {.stop = stop.get_token()}).future();
    if (at_lives) BOOST_TEST(world.far->answer());
    BOOST_TEST(world.far->held() == 1U);
    stop.request_stop();
    (void)read.get();
    BOOST_TEST(all_shown(found) == (at_lives ? "1 miss miss " : "closed closed closed "));
    BOOST_TEST(world.far->blocking() == 0);
  }
}

BOOST_AUTO_TEST_CASE(after_a_stop_calls_under_way_end_and_others_fail) {
  HeldTiers world;
  world.far->tells_lives = false;
  put_far(world, "a", "1");
  std::vector<Lookup> found(three_keys.size());
  auto read = world.cache->async_get_many(three_keys, found).future();
  world.cache->stop();
  BOOST_TEST(world.far->answer());
  BOOST_TEST(read.get().ok());
  BOOST_TEST(all_shown(found) == "1 miss miss ");
  BOOST_TEST(all_shown(world.get_many(three_keys)) == "closed closed closed ");
  const auto now = world.get_many(three_keys, true);
  BOOST_TEST(all_shown(now) == "closed closed closed ");
}

BOOST_AUTO_TEST_CASE(tiers_over_tiers_learn_the_lives_without_a_thread) {
  HeldTiers world;
  TieredCacheOptions options;
  options.over = Reference<ICache>(world.cache);
  options.near = Reference<ICache>(std::make_shared<MemoryCache>());
  const auto outer = std::make_shared<TieredCache>(options);
  for (const bool told : {true, false}) {
    world.far->tells_lives = told;
    put_far(world, "a", "1");
    put_far(world, "b", "2");
    std::vector<Lookup> found(three_keys.size());
    BOOST_TEST(world.far->answer_all(outer->async_get_many(three_keys, found).future()).ok());
    BOOST_TEST(all_shown(found) == "1 2 miss ");
    BOOST_TEST(outer->near_size() == 2U);
    outer->clear_near();
    BOOST_TEST(world.far->answer_all(outer->async_get("a").future()).value().text() == "1");
    world.cache->clear_near();
    BOOST_TEST(world.far->answer_all(outer->async_get("b").future()).value().text() == "2");
    BOOST_TEST(outer->near_size() == 2U);
    outer->clear_near();
    world.cache->clear_near();
  }
  BOOST_TEST(world.far->blocking() == 0);
}

BOOST_AUTO_TEST_CASE(what_is_owed_is_removed_by_a_worker_before_the_batch) {
  auto world = remembering_what_fails();
  put_far(world, "a", "old");
  std::array<Result<bool>, 3> removed{false, false, false};
  auto change = world.cache->async_remove_many(three_keys, removed).future();
  BOOST_TEST(world.far->fail(far_is_away));
  BOOST_TEST(change.get().ok());
  BOOST_TEST(world.cache->tier_statistics().recovery_pending == 3U);
  BOOST_TEST(all_shown(world.get_many(three_keys)) == "miss miss miss ");
  BOOST_TEST(world.far->blocking() > 0);
  BOOST_TEST(world.cache->tier_statistics().recovery_pending == 0U);
}

BOOST_AUTO_TEST_CASE(in_an_outage_a_copy_answers_on_the_thread_of_its_caller) {
  auto world = remembering_what_fails();
  put_far(world, "a", "1");
  BOOST_TEST(world.far->answer_all(world.cache->async_get("a").future()).hit());
  auto lost = world.cache->async_write("b", "2", 1h).future();
  BOOST_TEST(world.far->fail(far_is_away));
  BOOST_TEST(!lost.get().ok());
  BOOST_TEST(world.cache->tier_statistics().recovery_pending == 1U);
  std::thread::id thread;
  std::string text;
  const auto read = [&]() -> Routine {
    const auto found = co_await world.cache->async_get("a");
    text = shown(found);
    thread = std::this_thread::get_id();
  };
  const auto routine = read();
  BOOST_TEST((thread == std::this_thread::get_id()));
  BOOST_TEST(text == "1");
}

BOOST_AUTO_TEST_CASE(an_impatient_caller_is_no_outage_and_what_was_not_done_is_not_owed) {
  for (const bool batch : {false, true})
    for (const auto outcome : {Outcome::not_done, Outcome::unknown}) {
      auto world = remembering_what_fails();
      put_far(world, "a", "1");
      const CallOptions options{.patience = 1ms};
      const std::array<CacheEntry, 1> entries{{{"a", ByteView("2"), 1h}}};
      std::array<Status, 1> stored{Done{}};
      std::vector<Lookup> found(1);
      const auto late = [&](auto call) {
        BOOST_TEST(world.far->held() == 1U);
        const auto deadline = std::chrono::steady_clock::now() + options.patience.value();
        while (std::chrono::steady_clock::now() < deadline)
          std::this_thread::yield();
        BOOST_TEST(world.far->fail(Error(ErrorCode::timeout, "late", outcome)));
        (void)call.get();
      };
      if (batch)
        late(world.cache->async_set_many(entries, stored, options).future());
      else
        late(world.cache->async_write("a", "2", 1h, options).future());
      BOOST_TEST(world.cache->tier_statistics().recovery_pending == (outcome == Outcome::unknown ? 1U : 0U));
      if (outcome == Outcome::unknown) continue;
      if (batch)
        late(world.cache->async_get_many(std::span(three_keys).first(1), found, options).future());
      else
        late(world.cache->async_get("a", options).future());
      BOOST_TEST(world.get_many(three_keys)[0].hit());
      BOOST_TEST(world.far->blocking() == 0);
    }
}

BOOST_AUTO_TEST_SUITE_END()
