// Many values at once: what is missing is computed by one call.

#include "support/wait_until.hpp"
#include "unit/layers/remember/computing_world.hpp"

#include <cachesite/json_serializer.hpp>
#include <cachesite/metrics_cache.hpp>
#include <cachesite/prefix_cache.hpp>
#include <cachesite/remember.hpp>
#include <cachesite/tagged_cache.hpp>
#include <cachesite/typed_cache.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace std::chrono_literals;
using test::ComputingWorld;
using test::HangingSource;

BOOST_AUTO_TEST_SUITE(remember_many)

namespace {

using Keys = std::vector<std::string_view>;
using Missing = std::span<const std::string_view>;
using Made = std::span<Result<Computed>>;

void as_it_is(RememberCacheOptions&) {}

struct BatchWorld : ComputingWorld {
  explicit BatchWorld(const std::function<void(RememberCacheOptions&)>& change = as_it_is)
      : ComputingWorld(change) {}

  std::vector<Lookup> ask(const Keys& keys) {
    return ask(keys, [](Missing missing, Made made) {
      for (std::size_t item = 0; item < missing.size(); ++item)
        made[item] = Computed{"made " + std::string(missing[item])};
    });
  }
  template <class F>
  std::vector<Lookup> ask(const Keys& keys, F factory) {
    std::vector<Lookup> results(keys.size());
    cache->remember_many(
        keys, 1min,
        [&](Missing missing, Made made) {
          asked.emplace_back(missing.begin(), missing.end());
          factory(missing, made);
        },
        results);
    return results;
  }

  std::vector<std::vector<std::string>> asked;  // by call of the factory
};

std::string text_of(const Lookup& found) {
  if (found.failed()) return std::string(to_string(found.error().code()));
  return found.hit() ? std::string(found.value().text()) : found.null() ? "null" : "miss";
}

std::string texts_of(const std::vector<Lookup>& all) {
  std::string texts;
  for (const auto& each : all)
    texts.append(texts.empty() ? "" : ", ").append(text_of(each));
  return texts;
}

}  // namespace

BOOST_AUTO_TEST_CASE(one_call_of_the_factory_makes_what_is_missing) {
  BatchWorld world;
  BOOST_TEST(world.cache->write("b", "there", 1min).ok());
  BOOST_TEST(world.cache->write("n", std::nullopt, 1min).ok());
  BOOST_TEST(texts_of(world.ask({"a", "b", "n", "c"})) == "made a, there, null, made c");
  BOOST_REQUIRE(world.asked.size() == 1U);
  BOOST_TEST(world.asked[0] == (std::vector<std::string>{"a", "c"}), boost::test_tools::per_element());
  BOOST_TEST(texts_of(world.ask({"c", "a"})) == "made c, made a");
  BOOST_TEST(world.asked.size() == 1U);
  BOOST_TEST(world.statistics().factories == 1U);
  BOOST_TEST(world.cache->time_to_live("a").value().left.count() == 60'000);
}

BOOST_AUTO_TEST_CASE(a_key_that_occurs_twice_is_computed_once) {
  BatchWorld world;
  BOOST_TEST(texts_of(world.ask({"a", "b", "a", "a"})) == "made a, made b, made a, made a");
  BOOST_REQUIRE(world.asked.size() == 1U);
  BOOST_TEST(world.asked[0].size() == 2U);
}

BOOST_AUTO_TEST_CASE(the_failure_of_one_key_leaves_the_others_alone) {
  BatchWorld world;
  const auto found = world.ask({"good", "bad", "forgotten", "none"}, [](Missing, Made made) {
    made[0] = Computed{"v"};
    made[1] = Error(ErrorCode::unreachable, "no rows");
    made[3] = Computed{};
  });
  BOOST_TEST(texts_of(found) == "v, unreachable, not_computed, null");
  BOOST_TEST(found[2].error().message().find("not assigned") != std::string::npos);
  BOOST_TEST(world.cache->get("good").hit());
  BOOST_TEST(world.cache->get("bad").miss());
  BOOST_TEST(world.cache->get("none").null());
}

BOOST_AUTO_TEST_CASE(a_factory_that_throws_fails_what_it_has_not_assigned) {
  BatchWorld world;
  BOOST_TEST(world.cache->write("there", "v", 1min).ok());
  const auto found = world.ask({"there", "a", "b"}, [](Missing, Made made) {
    made[0] = Computed{"early"};
    throw std::runtime_error("the source is away");
  });
  BOOST_TEST(texts_of(found) == "v, early, not_computed");
  BOOST_TEST(found[2].error().message().find("the source is away") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(arguments_that_break_the_rules_are_refused_alone) {
  BatchWorld world;
  const std::string long_key(ICache::longest_key + 1, 'k');
  BOOST_TEST(texts_of(world.ask({"", "a", long_key})) == "bad_argument, made a, too_large");
  BOOST_TEST(world.cache->statistics().refusals == 2U);
  std::vector<Lookup> results(1);
  const Keys keys{"a"};
  const auto nothing = [](Missing, Made) {};
  world.cache->remember_many(keys, TimeToLive(0s), nothing, results);
  BOOST_TEST(text_of(results[0]) == "bad_argument");
  world.cache->remember_many({}, 1min, nothing, {});
  BOOST_TEST(world.asked.size() == 1U);
}

BOOST_AUTO_TEST_CASE(results_have_their_own_lives) {
  BatchWorld world;
  (void)world.ask({"short", "not stored", "usual"}, [](Missing, Made made) {
    made[0] = Computed{"v", TimeToLive(5s)};
    made[1] = Computed{.value = "v", .store = false};
    made[2] = Computed{"v"};
  });
  BOOST_TEST(world.cache->time_to_live("short").value().left.count() == 5'000);
  BOOST_TEST(world.cache->get("not stored").miss());
  BOOST_TEST(world.cache->time_to_live("usual").value().left.count() == 60'000);
}

BOOST_AUTO_TEST_CASE(stale_values_stand_in_for_keys_that_fail) {
  BatchWorld world([](auto& options) { options.stale.keep = 1h; });
  world.let_value_end();
  const auto fail = [](Missing, Made made) {
    for (auto& each : made)
      each = Error(ErrorCode::unreachable);
  };
  const auto found = world.ask({"k", "new"}, fail);
  BOOST_TEST(found[0].stale());
  BOOST_TEST(texts_of(found) == "old, unreachable");
  BOOST_TEST(world.ask({"k"}, fail)[0].stale());
  BOOST_TEST(world.asked.size() == 1U);  // throttled
}

BOOST_AUTO_TEST_CASE(a_cache_that_cannot_be_read_computes) {
  BatchWorld world;
  world.cache->stop();
  BOOST_TEST(texts_of(world.ask({"a"})) == "closed");
  ComputingWorld other(as_it_is);
  std::vector<Lookup> results(1);
  ManyComputation tagged;
  tagged.factory = [](Missing, Made made) { made[0] = Computed{"v"}; };
  tagged.tags = {"t"};
  const Keys keys{"a"};
  other.cache->remember_many(keys, 1min, tagged, results);
  BOOST_TEST(text_of(results[0]) == "unsupported");
}

BOOST_AUTO_TEST_CASE(entries_get_their_tags) {
  TaggedCacheOptions tags;
  tags.over = Reference<ICache>(std::make_shared<MemoryCache>());
  RememberCacheOptions options;
  options.over = Reference<ICache>(std::make_shared<TaggedCache>(tags));
  RememberCache cache(options);
  ManyComputation tagged;
  tagged.factory = [](Missing, Made made) { made[0] = made[1] = Computed{"v"}; };
  tagged.tags = {"t"};
  const Keys keys{"a", "b"};
  std::vector<Lookup> results(2);
  cache.remember_many(keys, 1min, tagged, results);
  BOOST_TEST(cache.get("a").hit());
  BOOST_TEST(cache.evict_tags(std::vector<std::string_view>{"t"}).ok());
  BOOST_TEST(cache.get("a").miss());
  BOOST_TEST(cache.get("b").miss());
}

BOOST_AUTO_TEST_CASE(what_another_caller_computes_is_joined_and_the_own_keys_land_before) {
  BatchWorld world;
  const HangingSource source;
  std::thread other([&] { (void)world.cache->remember("theirs", 1min, [&] { return source(); }); });
  BOOST_TEST(test::wait_until([&] { return source.started() == 1; }));
  std::vector<Lookup> found;
  std::thread batch([&] { found = world.ask({"ours", "theirs"}); });
  BOOST_TEST(test::wait_until([&] { return world.statistics().joined == 1; }));
  BOOST_TEST(world.cache->get("ours").hit());  // while the batch waits
  source.release();
  batch.join();
  other.join();
  BOOST_TEST(texts_of(found) == "made ours, late");
  BOOST_TEST(world.asked.size() == 1U);
}

BOOST_AUTO_TEST_CASE(single_callers_join_the_keys_of_a_batch) {
  BatchWorld world;
  const HangingSource source;
  std::thread batch([&] {
    (void)world.ask({"a", "b"}, [&](Missing, Made made) {
      made[0] = Computed{"of the batch"};
      made[1] = Computed{source()};
    });
  });
  BOOST_TEST(test::wait_until([&] { return source.started() == 1; }));
  Lookup found;
  std::thread single([&] { found = world.give("own", "a"); });
  BOOST_TEST(test::wait_until([&] { return world.statistics().joined == 1; }));
  source.release();
  batch.join();
  single.join();
  BOOST_TEST(text_of(found) == "of the batch");
  BOOST_TEST(world.runs == 0);
}

BOOST_AUTO_TEST_CASE(keys_that_others_hold_for_too_long_are_computed_by_one_further_call) {
  BatchWorld world([](auto& options) { options.wait = 1ms; });
  const HangingSource source;
  std::vector<std::thread> others;
  for (const auto* key : {"x", "y"})
    others.emplace_back(
        [&world, &source, key] { (void)world.cache->remember(key, 1min, [&] { return source(); }); });
  BOOST_TEST(test::wait_until([&] { return source.started() == 2; }));
  BOOST_TEST(texts_of(world.ask({"a", "x", "y"})) == "made a, made x, made y");
  BOOST_TEST(world.asked.size() == 2U);
  source.release();
  for (auto& other : others)
    other.join();
}

BOOST_AUTO_TEST_CASE(a_deadline_ends_the_wait_for_others) {
  BatchWorld world;
  const HangingSource source;
  std::thread other([&] { (void)world.cache->remember("theirs", 1min, [&] { return source(); }); });
  BOOST_TEST(test::wait_until([&] { return source.started() == 1; }));
  ManyComputation many;
  many.factory = [](Missing, Made made) { made[0] = Computed{"v"}; };
  many.deadline = 1ms;
  const Keys keys{"theirs", "ours"};
  std::vector<Lookup> results(2);
  world.cache->remember_many(keys, 1min, many, results);
  BOOST_TEST(texts_of(results) == "timeout, v");
  source.release();
  other.join();
}

BOOST_AUTO_TEST_CASE(a_key_that_changes_meanwhile_is_returned_and_not_stored) {
  BatchWorld world;
  const auto found = world.ask({"a", "b"}, [&](Missing missing, Made made) {
    (void)world.cache->write("a", "newer", 1min);
    for (std::size_t item = 0; item < missing.size(); ++item)
      made[item] = Computed{"older"};
  });
  BOOST_TEST(texts_of(found) == "older, older");
  BOOST_TEST(text_of(world.cache->get("a")) == "newer");
  BOOST_TEST(text_of(world.cache->get("b")) == "older");
}

BOOST_AUTO_TEST_CASE(a_factory_that_needs_its_own_key_is_told_so) {
  BatchWorld world;
  std::string inner;
  const auto found = world.ask({"a", "b"}, [&](Missing, Made made) {
    inner = text_of(world.give("v", "b"));
    made[0] = made[1] = Computed{"v"};
  });
  BOOST_TEST(inner == "not_computed");
  BOOST_TEST(texts_of(found) == "v, v");
}

BOOST_AUTO_TEST_CASE(values_of_a_type_are_computed_together) {
  const TypedCache<int, JsonSerializer> numbers(BatchWorld().cache);
  const Keys keys{"1", "none", "3"};
  std::vector<TypedLookup<int>> found(3, TypedLookup<int>(Found::miss));
  int calls = 0;
  const auto ask = [&] {
    cachesite::remember_many(
        numbers, keys, 1min,
        [&](Missing, std::span<Result<ComputedValue<int>>> made) {
          ++calls;
          made[0] = ComputedValue<int>{1};
          made[1] = ComputedValue<int>{};
        },
        std::span(found));
  };
  ask();
  BOOST_TEST(found[0].value() == 1);
  BOOST_TEST(found[1].null());
  BOOST_TEST((found[2].error().code() == ErrorCode::not_computed));
  BOOST_TEST(numbers.get("1").value() == 1);
  const TypedCache<int, JsonSerializer> plain(std::make_shared<MemoryCache>());
  cachesite::remember_many(
      plain, keys, 1min, [](Missing, std::span<Result<ComputedValue<int>>>) {}, std::span(found));
  BOOST_TEST((found[0].error().code() == ErrorCode::unsupported));
  BOOST_TEST(calls == 1);
}

BOOST_AUTO_TEST_CASE(layers_pass_batches_on_under_their_own_names) {
  const auto remembering = BatchWorld().cache;
  const auto layer = prefixed(remembering, "p:");
  MetricsCacheOptions options;
  options.over = Reference<ICache>(layer);
  const auto top = std::make_shared<MetricsCache>(options);
  auto& computing = *find_interface<IComputingCache>(*top);
  std::vector<std::string> names;
  const auto make = [&](Missing missing, Made made) {
    for (std::size_t item = 0; item < missing.size(); ++item) {
      names.emplace_back(missing[item]);
      made[item] = Computed{"v"};
    }
  };
  const std::string too_long(ICache::longest_key - 1, 'k');
  std::vector<Lookup> results(2);
  computing.remember_many(Keys{"a", "b"}, 1min, make, results);
  BOOST_TEST(texts_of(results) == "v, v");
  BOOST_TEST(names == (std::vector<std::string>{"a", "b"}), boost::test_tools::per_element());
  BOOST_TEST(remembering->get("p:a").hit());
  BOOST_TEST(top->metrics().statistics.misses == 2U);
  computing.remember_many(Keys{"a", too_long}, 1min, make, results);
  BOOST_TEST(texts_of(results) == "v, too_large");
  BOOST_TEST(names.size() == 2U);
}

BOOST_AUTO_TEST_SUITE_END()
