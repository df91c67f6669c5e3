// Computed values that carry tags.

#include <cachesite/cached_function.hpp>
#include <cachesite/evicting_function.hpp>
#include <cachesite/memory_cache.hpp>
#include <cachesite/remember.hpp>
#include <cachesite/remember_cache.hpp>
#include <cachesite/tagged_cache.hpp>

#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace std::chrono_literals;

BOOST_AUTO_TEST_SUITE(tagged_computation)

namespace {

using Tags = std::vector<std::string>;

struct World {
  World() {
    TaggedCacheOptions tagged_options;
    tagged_options.over = Reference<ICache>(std::make_shared<MemoryCache>());
    tagged = std::make_shared<TaggedCache>(tagged_options);
    RememberCacheOptions options;
    options.over = Reference<ICache>(tagged);
    cache = std::make_shared<RememberCache>(options);
  }
  Computation computing(const char* value) {
    Computation computation;
    computation.factory = [this, value]() -> Result<Computed> {
      ++runs;
      return Computed{value, {}};
    };
    computation.tags = {"users", "team:3"};
    return computation;
  }

  std::shared_ptr<TaggedCache> tagged;
  std::shared_ptr<RememberCache> cache;
  int runs = 0;
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_computed_value_carries_its_tags) {
  World world;
  BOOST_TEST(world.cache->remember("k", 1min, world.computing("v")).hit());
  BOOST_TEST(world.cache->remember("k", 1min, world.computing("v")).hit());
  BOOST_TEST(world.runs == 1);
  BOOST_TEST(world.cache->evict_tags({"team:3"}).ok());
  BOOST_TEST(world.cache->get("k").miss());
  BOOST_TEST(detail::remember_plainly(*world.tagged, "k", 1min, world.computing("v")).hit());
  BOOST_TEST(world.tagged->evict_tags({"users"}).ok());
  BOOST_TEST(world.tagged->get("k").miss());
}

BOOST_AUTO_TEST_CASE(without_tags_below_the_call_fails_before_the_factory_runs) {
  World world;
  RememberCacheOptions options;
  const auto memory = std::make_shared<MemoryCache>();
  options.over = Reference<ICache>(memory);
  RememberCache bare(options);
  BOOST_TEST((bare.remember("k", 1min, world.computing("v")).error().code() == ErrorCode::unsupported));
  BOOST_TEST((bare.evict_tags({"users"}).error().code() == ErrorCode::unsupported));
  BOOST_TEST((bare.write_tagged("k", "v", 1min, {"users"}).error().code() == ErrorCode::unsupported));
  const auto plain = detail::remember_plainly(*memory, "k", 1min, world.computing("v"));
  BOOST_TEST((plain.error().code() == ErrorCode::unsupported));
  auto wrong = world.computing("v");
  wrong.tags = {""};
  BOOST_TEST((world.cache->remember("k", 1min, wrong).error().code() == ErrorCode::bad_argument));
  BOOST_TEST(world.runs == 0);
}

BOOST_AUTO_TEST_CASE(what_is_evicted_while_it_is_computed_is_not_stored) {
  World world;
  for (const auto* tag : {"users", "other"}) {
    auto computation = world.computing("");
    computation.factory = [&]() -> Result<Computed> {
      (void)world.cache->evict_tags({tag});
      return Computed{"old", {}};
    };
    BOOST_TEST(world.cache->remember("k", 1min, computation).value().text() == "old");
    BOOST_TEST(world.cache->get("k").hit() == (tag == std::string("other")));
  }
}

BOOST_AUTO_TEST_CASE(cached_functions_have_tags_and_evicting_ones_end_them) {
  World world;
  int team = 3;
  const auto find =
      cached(world.cache, "user:{0}", 1min,
             [&](int) {
               ++world.runs;
               return "of team " + std::to_string(team);
             },
             {.bypass = [](int id) { return id == 1; }, .tags = [](int) { return Tags{"users"}; }});
  (void)find(1);  // stored by the forced refresh
  (void)find(2);
  const auto move = evicting(world.cache, std::nullopt, [&](int to) { team = to; },
                             {.tags = [](int) { return Tags{"users"}; }});
  move(4);
  BOOST_TEST(world.cache->get("user:1").miss());
  BOOST_TEST(find(2) == "of team 4");
  BOOST_TEST(world.runs == 3);
}

BOOST_AUTO_TEST_CASE(weakness_24_missing_tags_are_refused_when_the_function_is_made) {
  const auto memory = std::make_shared<MemoryCache>();
  BOOST_CHECK_THROW(
      (void)cached(memory, "k", 1min, [] { return std::string(); }, {.tags = [] { return Tags{"a"}; }}),
      std::invalid_argument);
  BOOST_CHECK_THROW((void)evicting(memory, "k", [] {}, {.tags = [] { return Tags{"a"}; }}),
                    std::invalid_argument);
  BOOST_CHECK_THROW((void)evicting(World().cache, std::nullopt, [] {}), std::invalid_argument);
}

BOOST_AUTO_TEST_SUITE_END()
