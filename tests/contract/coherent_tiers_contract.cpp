// Copies in memory keep the promises of a cache, whoever vouches for them.

#include "contract/redis_subject.hpp"
#include "support/fake_clock.hpp"
#include "support/wait_until.hpp"

#include <cachesite/memory_backplane.hpp>
#include <cachesite/memory_cache.hpp>
#include <cachesite/tiered_cache.hpp>

#include <memory>
#include <utility>

namespace {

using namespace cachesite;

std::shared_ptr<TieredCache> tiers(std::shared_ptr<ICache> far, CoherenceMode mode,
                                   const ComponentContext& context = {}) {
  TieredCacheOptions options;
  options.over = Reference<ICache>(std::move(far));
  options.near = Reference<ICache>(std::make_shared<MemoryCache>(MemoryCacheOptions{}, context));
  options.coherence.mode = mode;
  if (mode != CoherenceMode::tracking)
    options.coherence.backplane = Reference<IBackplane>(std::make_shared<MemoryBackplane>());
  return std::make_shared<TieredCache>(options, context);
}

test::CacheSubject over_redis(CoherenceMode mode) {
  auto subject = test::redis_subject("copies:");
  auto cache = tiers(std::move(subject.cache), mode);
  (void)cache->get("begin");
  (void)test::wait_until([&] { return cache->coherence().state == Coherence::coherent; });
  subject.cache = std::move(cache);
  return subject;
}

const bool with_news =
    test::register_cache_contract("tiers_with_news", [] { return over_redis(CoherenceMode::tracking); });

const bool with_both = test::register_cache_contract("tiers_with_news_and_a_backplane",
                                                     [] { return over_redis(CoherenceMode::both); });

const bool with_backplane = test::register_cache_contract("tiers_with_a_backplane", [] {
  const auto clock = std::make_shared<test::FakeClock>();
  ComponentContext context;
  context.clock = clock;
  test::CacheSubject subject;
  subject.cache =
      tiers(std::make_shared<MemoryCache>(MemoryCacheOptions{}, context), CoherenceMode::backplane, context);
  subject.let_pass = [clock](std::chrono::milliseconds time) { clock->advance(time); };
  return subject;
});

}  // namespace
