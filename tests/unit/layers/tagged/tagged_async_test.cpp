// Calls of a TaggedCache whose callers do not wait: the same as those of threads, without a thread.

#include "support/faulty_cache.hpp"
#include "unit/async/held_cache.hpp"
#include "unit/event_loop/parts.hpp"

#include <cachesite/async_call.hpp>
#include <cachesite/tagged_cache.hpp>
#include <cachesite/tiered_cache.hpp>

#include <array>
#include <chrono>
#include <cstdint>
#include <memory>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;
using namespace std::chrono_literals;

namespace {

constexpr std::array<std::string_view, 6> asked_keys{"plain", "tagged",           "evicted",
                                                     "null",  "__tag_marker__:x", "none"};

struct TaggedTower {
  TaggedTower() {
    TaggedCacheOptions options;
    options.over = Reference<ICache>(below);
    cache = std::make_shared<TaggedCache>(options);
  }
  void fill() const {
    const std::string odd("\xC1TG odd", 7);
    BOOST_TEST(cache->set_value("plain", odd, 1h));
    BOOST_TEST(cache->write_tagged("tagged", "page", 1h, {"a", "b"}).ok());
    BOOST_TEST(cache->write_tagged("evicted", "old", 1h, {"a", "c"}).ok());
    BOOST_TEST(cache->write_tagged("null", std::nullopt, 1h, {"b"}).ok());
    BOOST_TEST(cache->evict_tags({"c"}).ok());
  }
  // The result of a call in either form.
  template <class R, class Now, class Later>
  R ask(bool blocking, Now now, Later later) const {
    return blocking ? now() : below->answer_all(later().future());
  }

  std::shared_ptr<FaultyCache> store = std::make_shared<FaultyCache>(std::make_shared<MemoryCache>());
  std::shared_ptr<HeldCache> below = std::make_shared<HeldCache>(store);
  std::shared_ptr<TaggedCache> cache;
};

std::string shown(const Error& error) {
  return std::string(to_string(error.code())) + ": " + std::string(error.message());
}
std::string shown(const Lookup& found) {
  if (found.failed()) return shown(found.error());
  return found.hit() ? std::string(found.value().text()) : found.null() ? "null" : "miss";
}
std::string shown(const Status& done) {
  return done.ok() ? "ok" : shown(done.error());
}
std::string shown(const Result<bool>& done) {
  return !done.ok() ? shown(done.error()) : done.value() ? "yes" : "no";
}
std::string shown(const Result<Remaining>& left) {
  if (!left.ok()) return shown(left.error());
  return left.value().state == Remaining::State::absent ? "absent" : "there";
}
template <class R>
std::string all_shown(const R& results) {
  std::string text;
  for (const auto& result : results)
    text += shown(result) + ", ";
  return text;
}

// What each call gives, and what is counted afterwards, in either form.
std::vector<std::string> tagged_story(bool blocking) {
  TaggedTower tower;
  tower.fill();
  auto& cache = *tower.cache;
  const auto before = tower.below->blocking();
  std::vector<std::string> story;
  std::uint64_t scans = 0;  // their steps depend on the order in memory
  const auto tell = [&](const std::string& text) {
    const auto all = cache.statistics();
    std::string counts;
    for (const auto count : {all.hits, all.misses, all.writes, all.removals, all.clears, all.refusals})
      counts += std::to_string(count) + " ";
    story.push_back(text + "| " + counts + "| " + std::to_string(tower.store->calls() - scans));
  };
  const auto batches = [&] {
    std::array<Lookup, 6> found;
    std::vector<Result<Remaining>> left(6, Result<Remaining>(Remaining()));
    if (blocking) {
      cache.get_many(asked_keys, found);
      cache.time_to_live_many(asked_keys, left);
    } else {
      BOOST_TEST(tower.below->answer_all(cache.async_get_many(asked_keys, found).future()).ok());
      BOOST_TEST(tower.below->answer_all(cache.async_time_to_live_many(asked_keys, left).future()).ok());
    }
    tell(all_shown(found));
    tell(all_shown(left));
  };
  const auto singles = [&] {
    for (const auto key : asked_keys) {
      tell(shown(tower.ask<Lookup>(
          blocking, [&] { return cache.get(key); }, [&] { return cache.async_get(key); })));
      tell(shown(tower.ask<Result<bool>>(
          blocking, [&] { return cache.contains(key); }, [&] { return cache.async_contains(key); })));
      tell(shown(tower.ask<Result<Remaining>>(
          blocking, [&] { return cache.time_to_live(key); }, [&] { return cache.async_time_to_live(key); })));
    }
  };
  const auto replace = [&](std::string_view key) {
    tell(shown(tower.ask<Result<bool>>(
        blocking, [&] { return cache.replace(key, "\xC1TG", 1h); },
        [&] { return cache.async_replace(key, "\xC1TG", 1h); })));
  };
  const auto add = [&](std::string_view key) {
    tell(shown(tower.ask<Result<bool>>(
        blocking, [&] { return cache.add(key, "\xC1TG", 1h); },
        [&] { return cache.async_add(key, "\xC1TG", 1h); })));
  };
  const auto set_many = [&] {
    const std::array<CacheEntry, 3> entries{{{"plain", ByteView("\xC1TG!"), 1h},
                                             {"__tag_marker__:b", ByteView("2"), 1h},
                                             {"tagged", std::nullopt, 1h}}};
    std::vector<Status> stored(3, Status(Done{}));
    if (blocking)
      cache.set_many(entries, stored);
    else
      BOOST_TEST(tower.below->answer_all(cache.async_set_many(entries, stored).future()).ok());
    tell(all_shown(stored));
  };
  const auto remove_many = [&] {
    std::vector<Result<bool>> removed(6, Result<bool>(false));
    if (blocking)
      cache.remove_many(asked_keys, removed);
    else
      BOOST_TEST(tower.below->answer_all(cache.async_remove_many(asked_keys, removed).future()).ok());
    tell(all_shown(removed));
  };
  const auto scan = [&] {
    const auto calls = tower.store->calls();
    ScanPosition position;
    std::vector<std::string> keys{"mine"};
    while (!position.finished)
      BOOST_REQUIRE(tower
                        .ask<Status>(
                            blocking, [&] { return cache.scan("*", position, keys); },
                            [&] { return cache.async_scan("*", position, keys); })
                        .ok());
    scans += tower.store->calls() - calls;
    tell(std::to_string(keys.size()));
  };
  const auto clear = [&] {
    tell(shown(tower.ask<Status>(
        blocking, [&] { return cache.clear(); }, [&] { return cache.async_clear(); })));
  };
  batches();
  singles();
  scan();
  for (const auto key : asked_keys)
    if (key != "evicted") add(key);
  for (const auto key : asked_keys)
    replace(key);
  batches();
  tower.store->fail_for("__tag_marker__:b", Error(ErrorCode::unreachable, "away"));
  batches();
  singles();
  replace("null");
  add("null");
  tower.store->fail_for("plain", Error(ErrorCode::unreachable, "away"));
  batches();
  singles();
  set_many();
  tower.store->work();
  set_many();
  batches();
  remove_many();
  clear();
  BOOST_TEST((tower.below->blocking() == before) != blocking);
  cache.stop();
  batches();
  set_many();
  singles();
  return story;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(tagged_async)

BOOST_AUTO_TEST_CASE(both_forms_give_and_count_the_same) {
  const auto blocking = tagged_story(true);
  const auto asynchronous = tagged_story(false);
  BOOST_TEST(blocking == asynchronous, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(room_in_place_of_evicted_entries_is_made_by_workers) {
  TaggedTower tower;
  tower.fill();
  const auto before = tower.below->blocking();
  BOOST_TEST(tower.below->answer_all(tower.cache->async_add("evicted", "new", 1h).future()).value_or(false));
  BOOST_TEST(tower.below->blocking() > before);
  BOOST_TEST(tower.cache->get("evicted").value().text() == "new");
  BOOST_TEST(tower.cache->write_tagged("count", "page", 1h, {"c"}).ok());
  BOOST_TEST(tower.cache->evict_tags({"c"}).ok());
  BOOST_TEST(tower.below->answer_all(tower.cache->async_increment("count", 2, 1h).future()).value_or(0) == 2);
  BOOST_TEST(tower.below->answer_all(tower.cache->async_increment("count", 2, 1h).future()).value_or(0) == 4);
}

BOOST_AUTO_TEST_CASE(keys_and_values_may_go_once_the_call_has_begun) {
  TaggedTower tower;
  const std::string name = "a key that is too long for any small string";
  const auto in_scope = [&](auto begin) {
    const std::string key = name;
    return begin(std::string_view(key));
  };
  BOOST_TEST(tower.cache->write_tagged(name, std::string(100, 'v'), 1h, {"a", "b"}).ok());
  const auto found = tower.below->answer_all(
      in_scope([&](std::string_view key) { return tower.cache->async_get(key).future(); }));
  BOOST_TEST((found.hit() && found.value().size() == 100U));
  BOOST_TEST(tower.below
                 ->answer_all(in_scope(
                     [&](std::string_view key) { return tower.cache->async_contains(key).future(); }))
                 .value_or(false));
  BOOST_TEST(!tower.below
                  ->answer_all(in_scope([&](std::string_view key) {
                    return tower.cache->async_add(key, std::string(100, 'w'), 1h).future();
                  }))
                  .value_or(true));
  BOOST_TEST(tower.below
                 ->answer_all(in_scope([&](std::string_view key) {
                   return tower.cache->async_replace(key, std::string(100, 'w'), 1h).future();
                 }))
                 .value_or(false));
  BOOST_TEST(tower.cache->get(name).value().text() == std::string(100, 'w'));
  std::vector<Result<Remaining>> left(1, Result<Remaining>(Remaining()));
  BOOST_TEST(tower.below
                 ->answer_all(in_scope([&](std::string_view key) {
                   const std::array<std::string_view, 1> keys{key};
                   return tower.cache->async_time_to_live_many(keys, left).future();
                 }))
                 .ok());
  BOOST_TEST(all_shown(left) == "there, ");
}

BOOST_AUTO_TEST_CASE(copies_of_tagged_values_are_made_with_their_lives) {
  TaggedTower tower;
  tower.fill();
  TieredCacheOptions options;
  options.over = Reference<ICache>(tower.cache);
  options.near = Reference<ICache>(std::make_shared<MemoryCache>());
  const auto tiers = std::make_shared<TieredCache>(options);
  BOOST_TEST(shown(tower.below->answer_all(tiers->async_get("tagged").future())) == "page");
  std::array<Lookup, 6> found;
  BOOST_TEST(tower.below->answer_all(tiers->async_get_many(asked_keys, found).future()).ok());
  BOOST_TEST(shown(found[0]) == std::string("\xC1TG odd", 7));
  BOOST_TEST(shown(found[3]) == "null");
  BOOST_TEST(tiers->near_size() == 3U);
}

BOOST_AUTO_TEST_CASE(a_caller_may_leave_or_ask_for_the_end_at_each_question) {
  for (int answered = 0; answered < 3; ++answered) {
    TaggedTower tower;
    tower.fill();
    const auto go_on = [&] {
      for (int question = 0; question < answered; ++question)
        BOOST_TEST(tower.below->answer());
      BOOST_TEST(tower.below->held() == 1U);
    };
    std::vector<Result<Remaining>> left(6, Result<Remaining>(Remaining()));
    const auto look = [&]() -> Routine {
      (void)co_await tower.cache->async_time_to_live_many(asked_keys, left);
    };
    {
      const auto routine = look();
      go_on();
    }
    BOOST_TEST(tower.below->held() == 0U);
    BOOST_TEST(all_shown(left) == "absent, absent, absent, absent, absent, absent, ");
    std::stop_source stop;
    auto replaced = tower.cache->async_replace("tagged", "new", 1h, {.stop = stop.get_token()}).future();
    go_on();
    stop.request_stop();
    const auto ended = replaced.get();
    BOOST_TEST((!ended.ok() && ended.error().code() == ErrorCode::closed));
    BOOST_TEST(tower.cache->get("tagged").value().text() == "page");
  }
}

BOOST_AUTO_TEST_SUITE_END()
