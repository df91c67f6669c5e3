// Calls of a CodecCache whose callers do not wait: the same as those of threads, and only long values need one.

#include "support/faulty_cache.hpp"
#include "unit/async/held_cache.hpp"
#include "unit/event_loop/parts.hpp"

#include <cachesite/async_call.hpp>
#include <cachesite/codec.hpp>
#include <cachesite/codec_cache.hpp>
#include <cachesite/tiered_cache.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
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

/// Turns bytes round, and notes whether another thread than that of the test did it.
class TurningCodec final : public ICodec {
 public:
  mutable std::atomic<int> elsewhere{0};

 protected:
  Status do_encode(ByteView plain, const CodecScope& scope, std::string& stored) const override {
    return turn(plain, scope, stored);
  }
  Status do_decode(ByteView stored, const CodecScope& scope, std::size_t, std::string& plain) const override {
    return turn(stored, scope, plain);
  }

 private:
  Status turn(ByteView from, const CodecScope&, std::string& to) const {
    if (std::this_thread::get_id() != home_) ++elsewhere;
    if (from.text() == "odd") return Error(ErrorCode::corrupt, "odd");
    to.assign(from.text().rbegin(), from.text().rend());
    return Done{};
  }
  const std::thread::id home_ = std::this_thread::get_id();
};

struct CodecTower {
  CodecTower() {
    CodecCacheOptions options;
    options.over = Reference<ICache>(below);
    options.codec = Reference<ICodec>(codec);
    cache = std::make_shared<CodecCache>(options);
  }

  std::shared_ptr<TurningCodec> codec = std::make_shared<TurningCodec>();
  std::shared_ptr<FaultyCache> store = std::make_shared<FaultyCache>(std::make_shared<MemoryCache>());
  std::shared_ptr<HeldCache> below = std::make_shared<HeldCache>(store);
  std::shared_ptr<CodecCache> cache;
};

constexpr std::array<std::string_view, 4> four_keys{"a", "b", "c", "d"};

std::string shown(const Error* error) {
  return error == nullptr ? "ok" : std::string(to_string(error->code()));
}
std::string all_shown(std::span<const Lookup> results) {
  std::string text;
  for (const auto& result : results)
    text += (result.failed() ? shown(&result.error())
             : result.hit()  ? std::string(result.value().text())
             : result.null() ? "null"
                             : "miss") +
            " ";
  return text;
}
std::string all_shown(std::span<const Status> results) {
  std::string text;
  for (const auto& result : results)
    text += shown(result.ok() ? nullptr : &result.error()) + " ";
  return text;
}

std::string shown_counts(const CodecCache& cache) {
  const auto all = cache.statistics();
  const auto values = cache.codec_statistics();
  std::string text;
  for (const auto count : {all.hits, all.misses, all.writes, all.removals, all.clears, all.failures,
                           all.refusals, values.values_written, values.plain_bytes, values.stored_bytes})
    text += std::to_string(count) + " ";
  for (const auto count : values.undecodable)
    text += std::to_string(count) + " ";
  return text;
}

// What each call gives, and what is counted afterwards, in either form.
std::vector<std::string> codec_story(bool blocking) {
  CodecTower tower;
  auto& cache = *tower.cache;
  auto& below = *tower.below;
  std::vector<std::string> story;
  const auto write = [&](std::span<const CacheEntry> entries) {
    std::vector<Status> stored(entries.size(), Status(Done{}));
    if (blocking)
      cache.set_many(entries, stored);
    else
      BOOST_TEST(below.answer_all(cache.async_set_many(entries, stored).future()).ok());
    story.push_back(all_shown(stored) + "| " + shown_counts(cache));
  };
  const auto read = [&] {
    std::vector<Lookup> found(four_keys.size());
    if (blocking)
      cache.get_many(four_keys, found);
    else
      BOOST_TEST(below.answer_all(cache.async_get_many(four_keys, found).future()).ok());
    story.push_back(all_shown(found) + "| " + shown_counts(cache));
  };
  const auto others = [&] {
    std::vector<Result<bool>> removed(four_keys.size(), Result<bool>(false));
    ScanPosition position;
    std::vector<std::string> keys;
    if (blocking) {
      cache.remove_many(std::span(four_keys).first(1), std::span(removed).first(1));
      while (!position.finished)
        BOOST_TEST(cache.scan("*", position, keys).ok());
      story.push_back(std::to_string(cache.size().value_or(99)));
      story.push_back(std::to_string(cache.remove_matching("b*").value_or(99)));
      (void)cache.clear();
    } else {
      (void)below.answer_all(
          cache.async_remove_many(std::span(four_keys).first(1), std::span(removed).first(1)).future());
      while (!position.finished)
        BOOST_TEST(below.answer_all(cache.async_scan("*", position, keys).future()).ok());
      story.push_back(std::to_string(below.answer_all(cache.async_size().future()).value_or(99)));
      story.push_back(
          std::to_string(below.answer_all(cache.async_remove_matching("b*").future()).value_or(99)));
      (void)below.answer_all(cache.async_clear().future());
    }
    story.push_back(std::to_string(keys.size()) + shown_counts(cache));
  };
  const std::array<CacheEntry, 3> entries{
      {{"a", ByteView("first"), 1h}, {"b", ByteView("odd"), 1h}, {"c", std::nullopt, 1h}}};
  const std::array<CacheEntry, 2> odd{{{"a", ByteView("odd"), 1h}, {"b", ByteView("odd"), 1h}}};
  read();
  write(entries);
  BOOST_TEST(tower.store->set_value("b", "damaged", 1h));
  read();
  tower.store->fail_for("a", Error(ErrorCode::unreachable, "away"));
  write(entries);
  write(odd);
  read();
  tower.store->work();
  others();
  BOOST_TEST((below.blocking() == 0) != blocking);
  BOOST_TEST(tower.codec->elsewhere == 0);
  cache.stop();
  read();
  write(entries);
  return story;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(codec_async)

BOOST_AUTO_TEST_CASE(both_forms_give_and_count_the_same) {
  const auto blocking = codec_story(true);
  const auto asynchronous = codec_story(false);
  BOOST_TEST(blocking == asynchronous, boost::test_tools::per_element());
}

BOOST_AUTO_TEST_CASE(what_is_long_all_together_is_coded_by_workers) {
  CodecTower tower;
  for (const std::size_t size : {std::size_t{30'000}, std::size_t{40'000}}) {
    const std::string value(size, 'v');
    const std::array<CacheEntry, 2> entries{{{"a", ByteView(value), 1h}, {"b", ByteView(value), 1h}}};
    std::array<Status, 2> stored{Done{}, Done{}};
    BOOST_TEST(tower.below->answer_all(tower.cache->async_set_many(entries, stored).future()).ok());
    BOOST_TEST(all_shown(stored) == "ok ok ");
    BOOST_TEST(tower.codec->elsewhere == (size > 32'768 ? 2 : 0));
    tower.codec->elsewhere = 0;
    std::array<Lookup, 4> found;
    BOOST_TEST(tower.below->answer_all(tower.cache->async_get_many(four_keys, found).future()).ok());
    BOOST_TEST((found[0].hit() && found[0].value().text() == value));
    BOOST_TEST((found[1].hit() && found[1].value().text() == value));
    BOOST_TEST((found[2].miss() && found[3].miss()));
    BOOST_TEST(tower.codec->elsewhere == (size > 32'768 ? 2 : 0));
  }
  const auto statistics = tower.cache->statistics();
  BOOST_TEST((statistics.hits == 4U && statistics.misses == 4U && statistics.writes == 4U));
}

BOOST_AUTO_TEST_CASE(copies_of_long_values_are_made_with_their_lives) {
  CodecTower tower;
  TieredCacheOptions options;
  options.over = Reference<ICache>(tower.cache);
  options.near = Reference<ICache>(std::make_shared<MemoryCache>());
  const auto tiers = std::make_shared<TieredCache>(options);
  const std::string value(100'000, 'v');
  BOOST_TEST(tower.cache->set_value("a", value, 1h));
  const auto found = tower.below->answer_all(tiers->async_get("a").future());
  BOOST_TEST((found.hit() && found.value().text() == value));
  tiers->clear_near();
  std::array<Lookup, 4> all;
  BOOST_TEST(tower.below->answer_all(tiers->async_get_many(four_keys, all).future()).ok());
  BOOST_TEST((all[0].hit() && all[0].value().text() == value));
  BOOST_TEST(tiers->near_size() == 1U);
}

BOOST_AUTO_TEST_CASE(keys_and_values_may_go_once_the_call_has_begun) {
  CodecTower tower;
  std::array<Status, 1> stored{Done{}};
  std::array<Lookup, 1> found;
  const std::string name = "a key that is too long for any small string";
  const std::string text(100, 'v');
  const auto begin = [&](bool writes) {
    const std::string key = name;
    const std::string value = text;
    const std::array<std::string_view, 1> keys{key};
    const std::array<CacheEntry, 1> entries{{{key, ByteView(value), 1h}}};
    return writes ? tower.cache->async_set_many(entries, stored).future()
                  : tower.cache->async_get_many(keys, found).future();
  };
  BOOST_TEST(tower.below->answer_all(begin(true)).ok());
  BOOST_TEST(tower.cache->codec_statistics().plain_bytes == text.size());
  BOOST_TEST(tower.below->answer_all(begin(false)).ok());
  BOOST_TEST(found[0].value().text() == text);
}

BOOST_AUTO_TEST_CASE(a_caller_may_leave_or_ask_for_the_end) {
  CodecTower tower;
  const std::array<CacheEntry, 1> entries{{{"a", ByteView("1"), 1h}}};
  std::array<Status, 1> stored{Done{}};
  std::array<Lookup, 4> found;
  const auto read = [&]() -> Routine { (void)co_await tower.cache->async_get_many(four_keys, found); };
  const auto write = [&]() -> Routine { (void)co_await tower.cache->async_set_many(entries, stored); };
  {
    const auto reader = read();
    const auto writer = write();
    BOOST_TEST(tower.below->held() == 2U);
  }
  BOOST_TEST(tower.below->held() == 0U);
  BOOST_TEST(tower.cache->codec_statistics().values_written == 0U);
  std::stop_source stop;
  auto reads = tower.cache->async_get_many(four_keys, found, {.stop = stop.get_token()}).future();
  auto writes = tower.cache->async_set_many(entries, stored, {.stop = stop.get_token()}).future();
  stop.request_stop();
  (void)reads.get();
  (void)writes.get();
  BOOST_TEST(all_shown(found) == "closed closed closed closed ");
  BOOST_TEST((!stored[0].ok() && stored[0].error().outcome() == Outcome::unknown));
  BOOST_TEST(tower.cache->statistics().failures == 5U);
}

BOOST_AUTO_TEST_SUITE_END()
