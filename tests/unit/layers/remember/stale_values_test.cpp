// Values that are kept beyond their TTL, and returned when no newer one can be had.

#include "support/wait_until.hpp"
#include "unit/layers/remember/computing_world.hpp"

#include <cachesite/cached_function.hpp>
#include <cachesite/hooked_cache.hpp>
#include <cachesite/logical_cache.hpp>
#include <cachesite/null_cache.hpp>
#include <cachesite/tagged_cache.hpp>
#include <cachesite/tiered_cache.hpp>

#include <atomic>
#include <chrono>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace std::chrono_literals;
using test::ComputingWorld;
using test::MoodyCache;

BOOST_AUTO_TEST_SUITE(stale_values)

namespace {

void keep_an_hour(RememberCacheOptions& options) {
  options.stale.keep = 1h;
}

// A logical cache over a store that may fail, with copies in memory.
struct TieredWorld {
  explicit TieredWorld(std::function<void(CacheOptions&)> change = [](auto&) {}) {
    ComponentContext context;
    context.clock = clock;
    far = std::make_shared<MoodyCache>(std::make_shared<MemoryCache>(MemoryCacheOptions{}, context));
    CacheOptions options;
    options.store = std::shared_ptr<ICache>(far);
    options.near.emplace().ttl = 1min;
    options.remember.emplace().stale.keep = 1h;
    change(options);
    cache = make_cache(options, context);
    computing = find_interface<IComputingCache>(*cache);
  }
  Lookup fail() {
    return computing->remember("k", 1min, [] { return Error(ErrorCode::unreachable); });
  }

  std::shared_ptr<test::FakeClock> clock = std::make_shared<test::FakeClock>();
  std::shared_ptr<MoodyCache> far;
  std::shared_ptr<LogicalCache> cache;
  IComputingCache* computing = nullptr;
};

}  // namespace

BOOST_AUTO_TEST_CASE(the_last_value_is_returned_and_marked_when_the_factory_fails) {
  ComputingWorld world(keep_an_hour);
  world.let_value_end();
  const auto found = world.fail();
  BOOST_TEST(found.value().text() == "old");
  BOOST_TEST(found.stale());
  BOOST_TEST(world.runs == 1);
  BOOST_TEST(world.cache->get("k").miss());
  BOOST_TEST(world.cache->contains("k").value() == false);
  BOOST_TEST(world.statistics().stale_served == 1U);
}

BOOST_AUTO_TEST_CASE(an_exception_is_a_failure_and_a_null_is_an_answer) {
  ComputingWorld world(keep_an_hour);
  world.let_value_end();
  const auto thrown =
      world.cache->remember("k", 1min, []() -> std::string { throw std::runtime_error("no rows"); });
  BOOST_TEST(thrown.stale());
  world.clock->advance(10s);
  const auto none = world.cache->remember("k", 1min, [] { return std::nullopt; });
  BOOST_TEST(none.null());
  BOOST_TEST(!none.stale());
}

BOOST_AUTO_TEST_CASE(a_value_older_than_the_limit_of_its_key_is_not_returned) {
  ComputingWorld world([](auto& options) {
    keep_an_hour(options);
    options.stale.throttle = 0ms;
    options.rules.resize(1);
    options.rules[0].match = "short:*";
    options.rules[0].stale = 10s;
  });
  world.let_value_end();
  BOOST_TEST(world.cache->write("short:1", "old", 1min).ok());
  world.clock->advance(70s);
  BOOST_TEST(world.fail("short:1").stale());
  world.clock->advance(1s);
  BOOST_TEST(world.fail("short:1").failed());
  BOOST_TEST(world.fail().stale());
  world.clock->advance(1h);
  BOOST_TEST(world.fail().failed());
}

BOOST_AUTO_TEST_CASE(without_stale_values_a_failure_reaches_the_caller) {
  ComputingWorld world([](auto&) {});
  world.let_value_end();
  BOOST_TEST(world.fail().failed());
}

BOOST_AUTO_TEST_CASE(a_call_may_refuse_stale_values) {
  ComputingWorld world(keep_an_hour);
  world.let_value_end();
  Computation computation;
  computation.factory = []() -> Result<Computed> { return Error(ErrorCode::unreachable); };
  computation.accept_stale = false;
  BOOST_TEST(world.cache->remember("k", 1min, computation).failed());
  computation.accept_stale = true;
  computation.accepts = [](Found, const Value& value) { return value.text() != "old"; };
  BOOST_TEST(world.cache->remember("k", 1min, computation).failed());
}

// Acceptance test 59; failure F25.
BOOST_AUTO_TEST_CASE(stale_never_after_remove_or_clear) {
  const std::vector<std::function<void(RememberCache&)>> removals{
      [](auto& cache) { (void)cache.remove("k"); },
      [](auto& cache) { (void)cache.clear(); },
      [](auto& cache) {
        (void)cache.remove_many({"a", "k"});
      },
      [](auto& cache) { (void)cache.remove_matching("k*"); },
      [](auto& cache) { (void)cache.remove_matching("*"); },
  };
  for (const auto policy : {EvictionPolicy::tinylfu, EvictionPolicy::lru})
    for (const auto& remove : removals) {
      ComponentContext context;
      const auto clock = std::make_shared<test::FakeClock>();
      context.clock = clock;
      MemoryCacheOptions memory;
      memory.policy = policy;
      RememberCacheOptions options;
      keep_an_hour(options);
      options.over = Reference<ICache>(std::make_shared<MemoryCache>(memory, context));
      RememberCache cache(options, context);
      const auto fail = [&] {
        return cache.remember("k", 1min, [] { return Error(ErrorCode::unreachable); });
      };
      BOOST_TEST(cache.write("k", "old", 1min).ok());
      clock->advance(61s);
      BOOST_TEST(fail().stale());
      remove(cache);
      BOOST_TEST(fail().failed());
    }
}

// Acceptance test 60.
BOOST_AUTO_TEST_CASE(expire_keeps_a_stale_value_and_remove_does_not) {
  ComputingWorld world(keep_an_hour);
  BOOST_TEST(world.cache->write("k", "old", 1h).ok());
  BOOST_TEST(world.cache->expire("k", 1s).value());
  world.clock->advance(2s);
  BOOST_TEST(world.cache->get("k").miss());
  BOOST_TEST(!world.cache->expire("k", 1h).value());
  BOOST_TEST(world.fail().value().text() == "old");
  TieredWorld tiered;
  BOOST_TEST(tiered.cache->write("k", "old", 1h).ok());
  BOOST_TEST(tiered.cache->expire("k", 1s).value());
  tiered.clock->advance(2s);
  BOOST_TEST(tiered.fail().value().text() == "old");
  BOOST_TEST(!tiered.cache->remove("k").value());
  BOOST_TEST(tiered.fail().failed());
}

// Acceptance test 58; peers.md A 23; failure F22.
BOOST_AUTO_TEST_CASE(throttle_under_ten_thousand_readers_calls_one_factory_in_each_window) {
  ComputingWorld world([](auto& options) {
    keep_an_hour(options);
    options.stale.throttle = 10s;
    options.stale.longest_throttle = 10s;
  });
  world.let_value_end();
  constexpr int windows = 3;
  std::atomic<int> stale{0};
  for (int window = 0; window < windows; ++window) {
    std::vector<std::thread> readers;
    for (int reader = 0; reader < 8; ++reader)
      readers.emplace_back([&] {
        for (int call = 0; call < 1250; ++call)
          if (world.fail().stale()) ++stale;
      });
    for (auto& reader : readers)
      reader.join();
    BOOST_TEST(world.runs == window + 1);
    world.clock->advance(12s);  // a window and a fifth
  }
  BOOST_TEST(stale == windows * 10'000);
  BOOST_TEST_MESSAGE("10000 readers of a failing key in each of 3 windows: " << world.runs << " factories");
}

BOOST_AUTO_TEST_CASE(a_success_ends_the_throttle) {
  ComputingWorld world([](auto& options) {
    keep_an_hour(options);
    options.stale.throttle = 10s;
  });
  world.let_value_end();
  BOOST_TEST(world.fail().stale());
  BOOST_TEST(world.give("unused").stale());
  BOOST_TEST(world.statistics().throttled == 1U);
  world.clock->advance(12s);
  BOOST_TEST(world.give("new").value().text() == "new");
  world.clock->advance(61s);
  BOOST_TEST(world.give("newer").value().text() == "newer");
}

BOOST_AUTO_TEST_CASE(all_who_wait_for_a_failing_factory_get_the_stale_value) {
  ComputingWorld world(keep_an_hour);
  world.let_value_end();
  std::vector<std::thread> callers;
  std::atomic<int> stale{0};
  for (int caller = 0; caller < 8; ++caller)
    callers.emplace_back([&] {
      const auto found = world.cache->remember("k", 1min, [&]() -> Result<std::string> {
        ++world.runs;
        test::wait_until([&] { return world.statistics().joined == 7; });
        return Error(ErrorCode::unreachable);
      });
      if (found.stale()) ++stale;
    });
  for (auto& caller : callers)
    caller.join();
  BOOST_TEST(world.runs == 1);
  BOOST_TEST(stale == 8);
}

BOOST_AUTO_TEST_CASE(a_cache_that_cannot_be_read_yields_its_copy_when_the_factory_may_not_run) {
  TieredWorld world;
  BOOST_TEST(world.cache->write("k", "old", 1min).ok());
  world.clock->advance(61s);
  world.far->reads_fail = true;
  Computation computation;
  computation.factory = []() -> Result<Computed> { return Computed{"unused", {}}; };
  computation.compute_without_cache = false;
  const auto found = world.computing->remember("k", 1min, computation);
  BOOST_TEST(found.value().text() == "old");
  BOOST_TEST(found.stale());
}

BOOST_AUTO_TEST_CASE(copies_in_front_of_a_store_are_kept_beyond_their_end) {
  TieredWorld world;
  BOOST_TEST(world.computing->remember("k", 1min, [] { return "old"; }).hit());
  world.clock->advance(61s);
  BOOST_TEST(world.cache->get("k").miss());
  BOOST_TEST(world.fail().value().text() == "old");
  BOOST_TEST(find_interface<ITieredCache>(*world.cache)->forget_near("k") == false);
  BOOST_TEST(world.fail().failed());
}

BOOST_AUTO_TEST_CASE(a_logical_cache_in_memory_keeps_them_in_its_store_until_their_tag_is_evicted) {
  ComponentContext context;
  const auto clock = std::make_shared<test::FakeClock>();
  context.clock = clock;
  CacheOptions options;
  options.name = "shop";
  options.store = std::make_shared<MemoryCache>(MemoryCacheOptions{}, context);
  options.codec.emplace().compression = Compression::zstd;
  options.prefix = "shop:";
  options.tags.emplace();
  options.metrics.emplace();
  options.remember.emplace().stale.keep = 1h;
  options.remember->stale.throttle = 0ms;
  const auto cache = make_cache(options, context);
  auto& computing = *find_interface<IComputingCache>(*cache);
  Computation tagged;
  tagged.factory = []() -> Result<Computed> { return Computed{std::string(1000, 'x'), {}}; };
  tagged.tags = {"t"};
  BOOST_TEST(computing.remember("k", 1min, tagged).hit());
  clock->advance(30s);
  // The marker of a tag lives as long as the last of its entries.
  Computation other = tagged;
  BOOST_TEST(computing.remember("l", 10min, other).hit());
  clock->advance(31s);
  tagged.factory = []() -> Result<Computed> { return Error(ErrorCode::unreachable); };
  const auto found = computing.remember("k", 1min, tagged);
  BOOST_TEST(found.stale());
  BOOST_TEST(found.value().size() == 1000U);
  BOOST_TEST(find_interface<ITaggedCache>(*cache)->evict_tags({"t"}).ok());
  BOOST_TEST(computing.remember("k", 1min, tagged).failed());
}

BOOST_AUTO_TEST_CASE(a_cached_function_returns_the_last_value_in_place_of_an_exception) {
  ComputingWorld world(keep_an_hour);
  bool fails = false;
  const auto page = cached(world.cache, "page:{0}", 1min, [&](int) -> std::string {
    if (fails) throw std::runtime_error("no rows");
    return "page";
  });
  BOOST_TEST(page(1) == "page");
  fails = true;
  world.clock->advance(61s);
  BOOST_TEST(page(1) == "page");
  BOOST_CHECK_THROW(page(2), std::runtime_error);
}

BOOST_AUTO_TEST_CASE(a_hook_learns_that_a_value_was_stale) {
  struct Hook final : ICacheHook {
    void before(const CacheCall&) override {}
    void after(const CacheCall&, const CacheCallResult& result, std::chrono::nanoseconds) override {
      results.push_back(result);
    }
    void on_error(const CacheCall&, const Error&, std::chrono::nanoseconds) override {}
    std::vector<CacheCallResult> results;
  };
  ComputingWorld world(keep_an_hour);
  world.let_value_end();
  const auto hook = std::make_shared<Hook>();
  HookedCache hooked(world.cache, {hook});
  const auto found = find_interface<IComputingCache>(static_cast<ICache&>(hooked))->remember("k", 1min, [] {
    return Error(ErrorCode::unreachable);
  });
  BOOST_TEST(found.stale());
  BOOST_REQUIRE(hook->results.size() == 1U);
  BOOST_TEST(hook->results[0].stale);
  BOOST_TEST((hook->results[0].kind == CacheCallResult::Kind::hit));
}

BOOST_AUTO_TEST_CASE(where_nothing_can_keep_values_the_cache_is_refused) {
  RememberCacheOptions options;
  keep_an_hour(options);
  options.over = Reference<ICache>(std::make_shared<NullCache>());
  BOOST_CHECK_THROW(RememberCache{options}, std::invalid_argument);
  TieredCacheOptions tiers;
  tiers.over = Reference<ICache>(std::make_shared<NullCache>());
  tiers.near = Reference<ICache>(std::make_shared<NullCache>());
  options.over = Reference<ICache>(std::make_shared<TieredCache>(tiers));
  BOOST_CHECK_THROW(RememberCache{options}, std::invalid_argument);
  tiers.near = Reference<ICache>(std::make_shared<NullCache>());
  tiers.keep_stale = 1h;
  BOOST_CHECK_THROW(TieredCache{tiers}, std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()
