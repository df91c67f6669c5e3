#include "layers/tagged/tagged_value.hpp"
#include "support/fake_clock.hpp"
#include "support/faulty_cache.hpp"

#include <cachesite/memory_cache.hpp>
#include <cachesite/null_cache.hpp>
#include <cachesite/prefix_cache.hpp>
#include <cachesite/tagged_cache.hpp>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace cachesite::test;
using namespace std::chrono_literals;

namespace {

struct Fixture {
  explicit Fixture(std::uint64_t max_size = 100'000) {
    ComponentContext context;
    context.clock = clock;
    MemoryCacheOptions memory_options;
    memory_options.max_size = max_size;
    memory = std::make_shared<MemoryCache>(memory_options, context);
    below = std::make_shared<FaultyCache>(memory);
    TaggedCacheOptions options;
    options.over = Reference<ICache>(below);
    cache = std::make_shared<TaggedCache>(options, context);
  }

  bool write(std::string_view key, std::initializer_list<std::string_view> tags, TimeToLive life = 1h) {
    return cache->write_tagged(key, ByteView("value"), life, tags).ok();
  }
  bool there(std::string_view key) { return cache->get(key).hit(); }
  std::uint64_t evict(std::initializer_list<std::string_view> tags) {
    const auto evicted = cache->evict_tags(tags);
    BOOST_REQUIRE(evicted.ok());
    return evicted.value();
  }
  std::vector<std::string> all_keys() {
    std::vector<std::string> keys;
    for (const auto& key : memory->keys())
      keys.push_back(key);
    return keys;
  }

  std::shared_ptr<FakeClock> clock = std::make_shared<FakeClock>();
  std::shared_ptr<MemoryCache> memory;
  std::shared_ptr<FaultyCache> below;
  std::shared_ptr<TaggedCache> cache;
};

std::string marker_of(std::string_view tag) {
  return std::string("__tag_marker__:").append(tag);
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(tagged_cache, Fixture)

BOOST_AUTO_TEST_CASE(evicting_a_tag_ends_its_entries_and_no_others) {
  BOOST_TEST(write("one", {"red"}));
  BOOST_TEST(write("two", {"red", "blue"}));
  BOOST_TEST(write("three", {"blue"}));
  BOOST_TEST(write("four", {}));
  BOOST_TEST(evict({"red"}) == 1u);
  BOOST_TEST(!there("one"));
  BOOST_TEST(!there("two"));
  BOOST_TEST(there("three"));
  BOOST_TEST(there("four"));
  BOOST_TEST(evict({"red"}) == 0u);
  BOOST_TEST(evict({"blue", "red", "blue"}) == 1u);
  BOOST_TEST(!there("three"));
}

BOOST_AUTO_TEST_CASE(a_value_and_a_null_come_back_as_they_were_written) {
  const std::string binary("\0\xC1\x54\x47\xFF", 5);
  BOOST_TEST(cache->write_tagged("value", ByteView(binary), 1h, {"t"}).ok());
  BOOST_TEST(cache->write_tagged("null", std::nullopt, 1h, {"t"}).ok());
  BOOST_TEST(cache->write_tagged("empty", ByteView(""), 1h, {"t"}).ok());
  BOOST_TEST(cache->get("value").value().text() == binary);
  BOOST_TEST(cache->get("null").null());
  BOOST_TEST(cache->get("empty").hit());
  BOOST_TEST(cache->get("empty").value().empty());
  evict({"t"});
  BOOST_TEST(cache->get("null").miss());
}

BOOST_AUTO_TEST_CASE(what_is_written_again_without_the_tag_is_not_evicted_by_it) {
  write("key", {"old"});
  BOOST_TEST(cache->set_value("key", "plain", 1h));
  evict({"old"});
  BOOST_TEST(cache->get("key").value().text() == "plain");

  write("key", {"old"});
  write("key", {"new"});
  evict({"old"});
  BOOST_TEST(there("key"));
  evict({"new"});
  BOOST_TEST(!there("key"));

  write("key", {"old"});
  BOOST_TEST(cache->replace("key", ByteView("plain"), 1h).value());
  evict({"old"});
  BOOST_TEST(there("key"));
}

BOOST_AUTO_TEST_CASE(an_entry_written_after_the_eviction_lives) {
  write("key", {"t"});
  evict({"t"});
  write("key", {"t"});
  BOOST_TEST(there("key"));
  evict({"t"});
  BOOST_TEST(!there("key"));
}

BOOST_AUTO_TEST_CASE(a_write_that_ends_after_an_eviction_is_not_served) {
  bool evicted = false;
  below->before_write([&](std::string_view key) {
    if (key != "key" || evicted) return;
    evicted = true;
    evict({"t"});  // the writer has its marker; its value is not stored yet
  });
  BOOST_TEST(write("key", {"t"}));
  BOOST_TEST(evicted);
  BOOST_TEST(!there("key"));
  // Nor when another writer has made a new marker meanwhile.
  write("other", {"t"});
  BOOST_TEST(there("other"));
  BOOST_TEST(!there("key"));
}

BOOST_AUTO_TEST_CASE(two_writers_of_a_new_tag_agree_on_one_marker) {
  for (int round = 0; round < 50; ++round) {
    const auto tag = "tag" + std::to_string(round);
    std::vector<std::thread> writers;
    std::atomic<int> waiting{4};
    for (int number = 0; number < 4; ++number)
      writers.emplace_back([&, number] {
        --waiting;
        while (waiting > 0)
          std::this_thread::yield();
        (void)cache->write_tagged(std::to_string(round) + " " + std::to_string(number), ByteView("v"), 1h,
                                  {tag});
      });
    for (auto& writer : writers)
      writer.join();
    for (int number = 0; number < 4; ++number)
      BOOST_TEST(there(std::to_string(round) + " " + std::to_string(number)));
  }
}

BOOST_AUTO_TEST_CASE(no_reader_gets_a_value_that_was_evicted_before_its_read_began) {
  std::atomic<int> evicted{-1};
  std::atomic<bool> done{false};
  std::atomic<int> stale{0};
  std::thread reader([&] {
    while (!done) {
      const int before = evicted;
      const auto found = cache->get("key");
      if (found.hit() && std::stoi(std::string(found.value().text())) <= before) ++stale;
    }
  });
  for (int round = 0; round < 2000; ++round) {
    (void)cache->write_tagged("key", ByteView(std::to_string(round)), 1h, {"t"});
    evict({"t"});
    evicted = round;
  }
  done = true;
  reader.join();
  BOOST_TEST(stale == 0);
}

// --- nothing is left behind

BOOST_AUTO_TEST_CASE(nothing_is_left_behind_after_eviction_and_expiry) {
  for (int index = 0; index < 100; ++index)
    write("key" + std::to_string(index), {"all", "tag" + std::to_string(index)}, TimeToLive(1min));
  for (int index = 0; index < 50; ++index)
    (void)cache->remove("key" + std::to_string(index));
  evict({"all"});
  clock->advance(2min + 1ms);
  BOOST_TEST(all_keys().empty());
}

BOOST_AUTO_TEST_CASE(a_marker_outlives_every_entry_that_was_written_with_it) {
  write("short", {"t"}, TimeToLive(1min));
  write("long", {"t"}, TimeToLive(10h));
  write("short again", {"t"}, TimeToLive(1min));
  clock->advance(9h + 59min);
  BOOST_TEST(there("long"));
  evict({"t"});
  BOOST_TEST(!there("long"));
}

BOOST_AUTO_TEST_CASE(the_marker_of_an_entry_without_end_stays_until_it_is_evicted) {
  write("short", {"t"}, TimeToLive(1min));
  write("for ever", {"t"}, TimeToLive::never_expires());
  clock->advance(24h * 1000);
  BOOST_TEST(there("for ever"));
  evict({"t"});
  BOOST_TEST(!there("for ever"));
  BOOST_TEST(cache->remove("for ever").value());
  BOOST_TEST(all_keys().empty());
}

BOOST_AUTO_TEST_CASE(a_longer_life_of_an_entry_is_one_of_its_markers_too) {
  write("expires", {"t"}, TimeToLive(1min));
  BOOST_TEST(cache->expire("expires", 100h).value());
  write("persists", {"u"}, TimeToLive(1min));
  BOOST_TEST(cache->persist("persists").value());
  clock->advance(99h);
  BOOST_TEST(there("expires"));
  BOOST_TEST(there("persists"));
  evict({"t", "u"});
  BOOST_TEST(!there("expires"));
  BOOST_TEST(!there("persists"));
}

BOOST_AUTO_TEST_CASE(a_lost_marker_makes_a_miss) {
  write("key", {"t", "u"});
  BOOST_TEST(memory->remove(marker_of("u")).value());
  BOOST_TEST(cache->get("key").miss());
}

BOOST_AUTO_TEST_CASE(something_else_under_the_name_of_a_marker_is_replaced) {
  BOOST_TEST(memory->set_value(marker_of("t"), "not a number of 16 bytes", 1h));
  BOOST_TEST(write("key", {"t"}));
  BOOST_TEST(there("key"));
  BOOST_TEST(memory->set_value(marker_of("t"), std::nullopt, 1h));
  BOOST_TEST(!there("key"));
  BOOST_TEST(write("key", {"t"}));
  BOOST_TEST(there("key"));
}

BOOST_AUTO_TEST_CASE(markers_evicted_for_room_make_misses_never_stale_hits) {
  Fixture small(50);
  for (int index = 0; index < 500; ++index) {
    const auto key = std::to_string(index);
    const std::string tag = "tag" + std::to_string(index % 7);
    BOOST_REQUIRE(small.cache->write_tagged(key, ByteView(key), 1h, {tag}).ok());
    if (index % 10 == 0) (void)small.cache->evict_tags({tag});
    if (index % 10 == 0) BOOST_TEST(!small.there(key));
  }
}

// --- what an evicted entry is for the other calls

BOOST_AUTO_TEST_CASE(an_evicted_entry_is_absent) {
  write("key", {"t"});
  evict({"t"});
  BOOST_TEST(!cache->contains("key").value());
  BOOST_TEST((cache->time_to_live("key").value().state == Remaining::State::absent));
  BOOST_TEST(!cache->expire("key", 2h).value());
  BOOST_TEST(!cache->persist("key").value());
  BOOST_TEST(!cache->replace("key", ByteView("new"), 1h).value());
  BOOST_TEST(cache->add("key", ByteView("new"), 1h).value());
  BOOST_TEST(!cache->add("key", ByteView("newer"), 1h).value());
  BOOST_TEST(cache->get("key").value().text() == "new");
}

BOOST_AUTO_TEST_CASE(a_counter_begins_anew_in_place_of_an_evicted_entry_but_not_of_a_living_one) {
  write("key", {"t"});
  BOOST_TEST((cache->increment("key", 1, 1h).error().code() == ErrorCode::refused));
  evict({"t"});
  BOOST_TEST(cache->increment("key", 5, 1h).value() == 5);
  BOOST_TEST(cache->increment("key", 5, 1h).value() == 10);
}

BOOST_AUTO_TEST_CASE(of_several_who_add_in_place_of_an_evicted_entry_one_succeeds) {
  for (int round = 0; round < 100; ++round) {
    write("key", {"t"});
    evict({"t"});
    std::atomic<int> added{0};
    std::vector<std::thread> threads;
    for (int number = 0; number < 4; ++number)
      threads.emplace_back([&] { added += cache->add("key", ByteView("v"), 1h).value_or(false) ? 1 : 0; });
    for (auto& thread : threads)
      thread.join();
    BOOST_TEST(added == 1);
  }
}

BOOST_AUTO_TEST_CASE(a_living_tagged_entry_has_all_the_properties_of_an_entry) {
  write("key", {"t"}, TimeToLive(10s));
  BOOST_TEST(cache->contains("key").value());
  BOOST_TEST(cache->time_to_live("key").value().left.count() == 10'000);
  BOOST_TEST(!cache->add("key", ByteView("new"), 1h).value());
  BOOST_TEST(cache->size().value() == 1u);
  clock->advance(10s);
  BOOST_TEST(!there("key"));
}

// --- batches and walks

BOOST_AUTO_TEST_CASE(a_batch_tells_tagged_evicted_plain_and_damaged_entries_apart_with_two_calls) {
  write("tagged", {"a", "b"});
  write("also tagged", {"b"});
  write("evicted", {"a", "gone"});
  cache->set_value("plain", "plain", 1h);
  BOOST_TEST(cache->write_tagged("null", std::nullopt, 1h, {"a"}).ok());
  BOOST_TEST(memory->set_value("damaged", "\xC1\x54\x47 what is this", 1h));
  evict({"gone"});
  const auto before = below->calls();
  const auto found =
      cache->get_many({"tagged", "evicted", "plain", "missing", "damaged", "also tagged", "null", "tagged"});
  BOOST_TEST(below->calls() - before == 2u);
  BOOST_TEST(found[0].value().text() == "value");
  BOOST_TEST(found[1].miss());
  BOOST_TEST(found[2].value().text() == "plain");
  BOOST_TEST(found[3].miss());
  BOOST_TEST((found[4].failed() && found[4].error().code() == ErrorCode::corrupt));
  BOOST_TEST(found[5].hit());
  BOOST_TEST(found[6].null());
  BOOST_TEST(found[7].hit());
}

BOOST_AUTO_TEST_CASE(a_plain_value_that_looks_tagged_stays_what_it_is) {
  const std::string tricky = "\xC1\x54\x47\x01\x01 anything";
  const std::string other = "\xC1\x54\x47\x01\x01 anything else";
  BOOST_TEST(cache->set_value("write", tricky, 1h));
  BOOST_TEST(cache->add("add", ByteView(tricky), 1h).value());
  BOOST_TEST(cache->replace("add", ByteView(other), 1h).value());
  for (const auto& status : cache->set_many({{"many", ByteView(tricky), 1h}, {"other", ByteView("x"), 1h}}))
    BOOST_TEST(status.ok());
  BOOST_TEST(cache->get("write").value().text() == tricky);
  BOOST_TEST(cache->get("add").value().text() == other);
  BOOST_TEST(cache->get_many({"many"})[0].value().text() == tricky);
  BOOST_TEST(cache->contains("write").value());
  BOOST_TEST(cache->expire("write", 2h).value());
}

BOOST_AUTO_TEST_CASE(markers_show_nowhere_and_are_out_of_reach) {
  write("key", {"t", "u"});
  const auto hidden = marker_of("t");
  std::vector<std::string> found;
  for (const auto& key : cache->keys())
    found.push_back(key);
  BOOST_TEST(found == std::vector<std::string>{"key"}, boost::test_tools::per_element());
  BOOST_TEST(cache->size().value() == 1u);
  const auto refused = [](const auto& result) {
    return !result.ok() && result.error().code() == ErrorCode::bad_argument;
  };
  BOOST_TEST((cache->get(hidden).failed() && cache->get(hidden).error().code() == ErrorCode::bad_argument));
  BOOST_TEST(refused(cache->write(hidden, ByteView("x"), 1h)));
  BOOST_TEST(refused(cache->write_tagged(hidden, ByteView("x"), 1h, {"t"})));
  BOOST_TEST(refused(cache->add(hidden, ByteView("x"), 1h)));
  BOOST_TEST(refused(cache->replace(hidden, ByteView("x"), 1h)));
  BOOST_TEST(refused(cache->increment(hidden, 1, 1h)));
  BOOST_TEST(refused(cache->remove(hidden)));
  BOOST_TEST(refused(cache->contains(hidden)));
  BOOST_TEST(refused(cache->time_to_live(hidden)));
  BOOST_TEST(refused(cache->expire(hidden, 1h)));
  BOOST_TEST(refused(cache->persist(hidden)));
  const auto read = cache->get_many({"key", hidden});
  BOOST_TEST((read[0].hit() && read[1].failed()));
  const auto removed = cache->remove_many({hidden, "nothing"});
  BOOST_TEST((refused(removed[0]) && removed[1].ok()));
  const auto stored = cache->set_many({{hidden, ByteView("x"), 1h}, {"stored", ByteView("x"), 1h}});
  BOOST_TEST((refused(stored[0]) && stored[1].ok()));
  BOOST_TEST(there("key"));
}

BOOST_AUTO_TEST_CASE(removing_by_a_pattern_leaves_the_markers_of_other_entries) {
  write("_one", {"t"});
  write("two", {"t"});
  BOOST_TEST(cache->remove_matching("_*").value() == 1u);
  BOOST_TEST(there("two"));
  BOOST_TEST(cache->remove_matching("__tag_marker__:*").value() == 0u);
  BOOST_TEST(there("two"));
  BOOST_TEST(cache->remove_matching("t*").value() == 1u);
  write("three", {"t"});
  BOOST_TEST(cache->remove_matching("*").value() == 1u);
}

BOOST_AUTO_TEST_CASE(clearing_takes_the_markers_along) {
  write("key", {"t"}, TimeToLive::never_expires());
  BOOST_TEST(cache->clear().ok());
  BOOST_TEST(all_keys().empty());
  write("key", {"t"});
  BOOST_TEST(there("key"));
}

// --- rules, failures and counters

BOOST_AUTO_TEST_CASE(arguments_are_checked_before_anything_is_done) {
  const auto code = [&](std::string_view key, TimeToLive life, const std::vector<std::string_view>& tags) {
    const auto written = cache->write_tagged(key, ByteView("x"), life, tags);
    return written.ok() ? std::string_view("ok") : to_string(written.error().code());
  };
  const auto calls = below->calls();
  const std::string long_tag(1025, 't');
  BOOST_TEST(code("key", 1h, {""}) == "bad_argument");
  BOOST_TEST(code("key", 1h, {"good", long_tag}) == "too_large");
  BOOST_TEST(code("", 1h, {"t"}) == "bad_argument");
  BOOST_TEST(code("key", 0s, {"t"}) == "bad_argument");
  BOOST_TEST(code(std::string(65537, 'k'), 1h, {"t"}) == "too_large");
  const std::vector<std::string> names(65, "t");
  BOOST_TEST(code("key", 1h, {names.begin(), names.end()}) == "bad_argument");
  BOOST_TEST((cache->evict_tags({"good", ""}).error().code() == ErrorCode::bad_argument));
  BOOST_TEST((cache->evict_tags({long_tag}).error().code() == ErrorCode::too_large));
  BOOST_TEST(below->calls() == calls);
  BOOST_TEST(cache->statistics().refusals == 8u);
  std::vector<std::string> most;
  for (int index = 0; index < 64; ++index)
    most.push_back(std::string(1024 - 2, 'x') + std::to_string(10 + index));
  BOOST_TEST(code("key", 1h, {most.begin(), most.end()}) == "ok");
  BOOST_TEST(there("key"));
  BOOST_TEST(evict({most[63]}) == 1u);
  BOOST_TEST(!there("key"));
}

BOOST_AUTO_TEST_CASE(a_failure_below_is_told_and_never_taken_for_a_miss) {
  write("key", {"t"});
  below->fail_for(marker_of("t"), Error(ErrorCode::timeout));
  BOOST_TEST((cache->get("key").failed() && cache->get("key").error().code() == ErrorCode::timeout));
  BOOST_TEST(cache->get_many({"key"})[0].failed());
  BOOST_TEST((cache->contains("key").error().code() == ErrorCode::timeout));
  BOOST_TEST((cache->evict_tags({"t", "u"}).error().code() == ErrorCode::timeout));
  BOOST_TEST((cache->write_tagged("new", ByteView("x"), 1h, {"t"}).error().code() == ErrorCode::timeout));
  below->work();
  BOOST_TEST(!there("new"));
  BOOST_TEST(there("key"));
}

BOOST_AUTO_TEST_CASE(damaged_bytes_are_a_failure) {
  BOOST_TEST(memory->set_value("key", "\xC1\x54\x47\x09", 1h));
  BOOST_TEST((cache->get("key").failed() && cache->get("key").error().code() == ErrorCode::corrupt));
  BOOST_TEST(cache->set_value("key", "fine", 1h));
  BOOST_TEST(there("key"));
}

BOOST_AUTO_TEST_CASE(the_counters_are_those_of_the_layer) {
  write("one", {"t"});
  cache->set_value("two", "x", 1h);
  (void)there("one");
  (void)there("two");
  (void)there("three");
  BOOST_TEST(cache->evict_tags(std::initializer_list<std::string_view>{}).value() == 0u);
  BOOST_TEST(cache->statistics().tag_evictions == 0u);
  evict({"t", "unused"});
  evict({"unused"});
  (void)there("one");
  (void)cache->remove("two");
  const auto statistics = cache->statistics();
  BOOST_TEST(statistics.tag_evictions == 2u);
  BOOST_TEST(statistics.writes == 2u);
  BOOST_TEST(statistics.hits == 2u);
  BOOST_TEST(statistics.misses == 2u);
  BOOST_TEST(statistics.removals == 1u);
}

BOOST_AUTO_TEST_CASE(tags_of_two_prefixes_are_separate) {
  const auto over_prefix = [&](const std::string& prefix) {
    TaggedCacheOptions options;
    options.over = Reference<ICache>(prefixed(memory, prefix));
    return std::make_shared<TaggedCache>(options);
  };
  const auto one = over_prefix("one:");
  const auto other = over_prefix("other:");
  BOOST_TEST(one->write_tagged("key", ByteView("1"), 1h, {"t"}).ok());
  BOOST_TEST(other->write_tagged("key", ByteView("2"), 1h, {"t"}).ok());
  BOOST_TEST(one->evict_tags({"t"}).value() == 1u);
  BOOST_TEST(one->get("key").miss());
  BOOST_TEST(other->get("key").hit());
}

BOOST_AUTO_TEST_CASE(over_a_cache_of_nothing_everything_succeeds_and_nothing_is_there) {
  TaggedCacheOptions options;
  options.over = Reference<ICache>(std::make_shared<NullCache>());
  TaggedCache nothing(options);
  BOOST_TEST(nothing.write_tagged("key", ByteView("x"), 1h, {"t"}).ok());
  BOOST_TEST(nothing.get("key").miss());
  BOOST_TEST(nothing.evict_tags({"t"}).value() == 0u);
}

BOOST_AUTO_TEST_CASE(a_stopped_cache_is_closed) {
  cache->stop();
  BOOST_TEST((cache->write_tagged("key", ByteView("x"), 1h, {"t"}).error().code() == ErrorCode::closed));
  BOOST_TEST((cache->evict_tags({"t"}).error().code() == ErrorCode::closed));
  BOOST_TEST((cache->get("key").error().code() == ErrorCode::closed));
}

BOOST_AUTO_TEST_CASE(settings_that_do_not_go_together_are_refused) {
  TaggedCacheOptions options;
  BOOST_CHECK_THROW(TaggedCache{options}, std::invalid_argument);
  options.over = Reference<ICache>(memory);
  options.form = TagForm::spakky;
  BOOST_CHECK_THROW(TaggedCache{options}, std::invalid_argument);
  options.form = TagForm::markers;
  options.prefix = "shop:";
  BOOST_CHECK_THROW(TaggedCache{options}, std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()
