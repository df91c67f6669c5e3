// Values in envelopes below near tiers, and the limit for the cache below.

#include "unit/layers/remember/enveloped_world.hpp"

#include <cachesite/logical_cache.hpp>
#include <cachesite/tiered_cache.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>

#include <boost/test/unit_test.hpp>

using namespace cachesite;
using namespace std::chrono_literals;
using test::MoodyCache;

namespace {

// A store that notes how long it may take, and then does not answer.
class SlowCache final : public CacheLayer {
 public:
  using CacheLayer::CacheLayer;

  bool hangs = false;
  std::optional<std::chrono::milliseconds> patience;

 protected:
  void do_begin(CacheRequest& request) override {
    if (request.effect() != CacheEffect::read) return forward(request);
    patience = request.read_limits().patience;
    if (hangs) return request.fail(Error(ErrorCode::timeout, "the server did not answer in time"));
    forward(request);
  }
};

struct TieredEnvelopes {
  explicit TieredEnvelopes(const std::function<void(CacheOptions&)>& change = [](auto&) {}) {
    ComponentContext context;
    context.clock = clock;
    store = std::make_shared<MemoryCache>(MemoryCacheOptions{}, context);
    slow = std::make_shared<SlowCache>(store);
    far = std::make_shared<MoodyCache>(slow);
    CacheOptions options;
    options.store = std::shared_ptr<ICache>(far);
    options.near.emplace().ttl = 10min;
    options.remember.emplace().stale.keep = 1h;
    options.remember->form = ValueForm::envelope;
    change(options);
    cache = make_cache(options, context);
    computing = find_interface<IComputingCache>(*cache);
  }
  Lookup fail() {
    ++runs;
    return computing->remember("k", 1min, [] { return Error(ErrorCode::unreachable); });
  }
  Lookup give(std::string_view value) {
    return computing->remember("k", 1min, [this, value] {
      ++runs;
      return std::string(value);
    });
  }

  std::shared_ptr<test::FakeClock> clock = std::make_shared<test::FakeClock>();
  std::shared_ptr<MemoryCache> store;
  std::shared_ptr<SlowCache> slow;
  std::shared_ptr<MoodyCache> far;
  std::shared_ptr<LogicalCache> cache;
  IComputingCache* computing = nullptr;
  int runs = 0;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(enveloped_tiers)

BOOST_AUTO_TEST_CASE(a_copy_is_fresh_until_the_ttl_ends_and_the_store_is_not_asked_for_it) {
  TieredEnvelopes world;
  BOOST_TEST(world.give("old").hit());
  world.far->reads = 0;
  BOOST_TEST(world.give("new").value().text() == "old");
  BOOST_TEST(world.cache->get("k").value().text() == "old");
  BOOST_TEST(world.far->reads == 0);
  world.clock->advance(61s);
  BOOST_TEST(world.cache->get("k").miss());
  const auto found = world.fail();
  BOOST_TEST(found.stale());
  BOOST_TEST(found.value().text() == "old");
}

BOOST_AUTO_TEST_CASE(a_read_of_a_copy_that_has_ended_counts_once) {
  TieredEnvelopes world;
  BOOST_TEST(world.give("old").hit());
  world.clock->advance(61s);
  const auto before = world.cache->statistics();
  BOOST_TEST(world.cache->get("k").miss());
  BOOST_TEST(world.cache->get_many({"k"}).front().miss());
  const auto after = world.cache->statistics();
  BOOST_TEST(after.hits - before.hits == 0U);
  BOOST_TEST(after.misses - before.misses == 2U);
}

BOOST_AUTO_TEST_CASE(a_copy_of_what_another_process_wrote_is_fresh_as_long) {
  TieredEnvelopes world;
  TieredEnvelopes writer([&](CacheOptions& options) {
    options.store = std::shared_ptr<ICache>(world.far);
    options.near.reset();
  });
  (void)writer.cache->write("k", "theirs", 1min);
  world.clock->advance(30s);
  BOOST_TEST(world.cache->get("k").value().text() == "theirs");
  world.far->reads = 0;
  BOOST_TEST(world.cache->get("k").value().text() == "theirs");
  BOOST_TEST(world.far->reads == 0);
  world.clock->advance(31s);
  BOOST_TEST(world.cache->get("k").miss());
}

BOOST_AUTO_TEST_CASE(a_ttl_that_another_process_prolonged_is_seen_at_the_end_of_the_old_one) {
  TieredEnvelopes world;
  BOOST_TEST(world.give("v").hit());
  world.clock->advance(50s);
  BOOST_TEST(world.store->expire("k", 1h + 1min).value());
  world.clock->advance(20s);
  BOOST_TEST(world.give("new").value().text() == "v");
  BOOST_TEST(world.cache->get_many({"k"}).front().value().text() == "v");
  BOOST_TEST(world.runs == 1);
}

BOOST_AUTO_TEST_CASE(a_copy_stands_in_while_the_store_and_the_source_are_away) {
  TieredEnvelopes world;
  BOOST_TEST(world.give("old").hit());
  world.clock->advance(61s);
  world.far->reads_fail = true;
  const auto found = world.fail();
  BOOST_TEST(found.stale());
  BOOST_TEST(found.value().text() == "old");
  world.clock->advance(1h);
  BOOST_TEST(world.fail().failed());
}

BOOST_AUTO_TEST_CASE(but_not_for_longer_than_its_factory_has_said) {
  for (const auto of_use : {5s, 0s})
    for (const bool written_elsewhere : {false, true}) {
      TieredEnvelopes world;
      TieredEnvelopes writer([&](CacheOptions& options) {
        options.store = std::shared_ptr<ICache>(world.far);
        options.near.reset();
      });
      auto& from = written_elsewhere ? writer : world;
      (void)from.computing->remember("k", 1min, [&] {
        Computed computed{"old"};
        computed.stale_for = of_use;
        return computed;
      });
      BOOST_TEST(world.give("unused").value().text() == "old");
      world.far->reads_fail = true;
      world.clock->advance(63s);
      BOOST_TEST(world.fail().stale() == (of_use == 5s));
      world.clock->advance(3s);
      BOOST_TEST(world.fail().failed());
    }
}

BOOST_AUTO_TEST_CASE(a_copy_of_what_never_ends_stands_in_for_as_long_as_the_cache_keeps_stale_values) {
  TieredEnvelopes world;
  (void)world.cache->write("k", "old", TimeToLive::never_expires());
  BOOST_TEST(world.give("unused").value().text() == "old");
  world.clock->advance(11min);
  world.far->reads_fail = true;
  BOOST_TEST(world.fail().stale());
  world.clock->advance(1h);
  BOOST_TEST(world.fail().failed());
}

// A 19: the first value that is served stale does not wait for a slow store.
BOOST_AUTO_TEST_CASE(far_soft_limits_the_wait_for_the_store_while_there_is_a_stale_value) {
  for (const auto form : {ValueForm::envelope, ValueForm::plain}) {
    TieredEnvelopes world([form](CacheOptions& options) {
      options.remember->form = form;
      options.remember->far_soft = 20ms;
    });
    BOOST_TEST(world.give("old").hit());
    BOOST_TEST(!world.slow->patience.has_value());  // there was nothing stale
    world.clock->advance(11min);
    world.slow->hangs = true;
    Computation computation;
    computation.factory = [] { return Computed{"new"}; };
    computation.compute_without_cache = false;
    const auto found = world.computing->remember("k", 1min, computation);
    BOOST_TEST(found.stale());
    BOOST_TEST(found.value().text() == "old");
    BOOST_REQUIRE(world.slow->patience.has_value());
    BOOST_TEST(world.slow->patience->count() == 20);
    BOOST_TEST(world.give("new").value().text() == "new");  // the factory is wanted
  }
}

BOOST_AUTO_TEST_CASE(a_copy_of_what_another_process_has_removed_does_not_stand_in_while_the_store_answers) {
  TieredEnvelopes world;
  BOOST_TEST(world.give("old").hit());
  world.clock->advance(61s);
  BOOST_TEST(world.store->remove("k").value());
  BOOST_TEST(world.fail().failed());
}

BOOST_AUTO_TEST_CASE(a_removal_ends_the_copy_and_the_entry) {
  TieredEnvelopes world;
  BOOST_TEST(world.give("old").hit());
  world.clock->advance(61s);
  BOOST_TEST(world.cache->remove("k").ok());
  BOOST_TEST(world.fail().failed());
}

BOOST_AUTO_TEST_SUITE_END()
