#pragma once

#include "support/fed_store.hpp"

#include <cachesite/memory_cache.hpp>
#include <cachesite/tiered_cache.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include <boost/test/unit_test.hpp>

namespace cachesite::test {

/// Tiers whose copies are vouched for by the news of a store.
struct CoherentTiers {
  explicit CoherentTiers(const std::function<void(TieredCacheOptions&)>& set = {}) {
    context.clock = clock;
    store = std::make_shared<FedStore>(clock);
    near = std::make_shared<MemoryCache>(MemoryCacheOptions{}, context);
    TieredCacheOptions options;
    options.over = Reference<ICache>(store);
    options.near = Reference<ICache>(near);
    options.coherence.mode = CoherenceMode::tracking;
    if (set) set(options);
    cache = std::make_shared<TieredCache>(options, context);
    BOOST_TEST(!store->is_watched());  // not before anything is read or asked
    (void)cache->fence(std::chrono::milliseconds(1));
    store->fences = 0;
    store->open();
  }

  [[nodiscard]] std::string text(std::string_view key) const {
    const auto found = cache->get(key);
    if (found.failed()) return "failed";
    return found.hit() ? std::string(found.value().text()) : found.null() ? "null" : "nothing";
  }

  std::shared_ptr<FakeClock> clock = std::make_shared<FakeClock>();
  ComponentContext context;
  std::shared_ptr<FedStore> store;
  std::shared_ptr<MemoryCache> near;
  std::shared_ptr<TieredCache> cache;
};

}  // namespace cachesite::test
