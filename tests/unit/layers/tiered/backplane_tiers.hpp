#pragma once

#include "support/fake_backplane.hpp"
#include "support/fed_store.hpp"

#include <cachesite/memory_cache.hpp>
#include <cachesite/tiered_cache.hpp>

#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace cachesite::test {

/// Two processes with copies of the same entries. The store of the first is also the server whose news it may hear.
struct BackplaneTiers {
  using Set = std::function<void(TieredCacheOptions&)>;

  explicit BackplaneTiers(CoherenceMode mode = CoherenceMode::backplane, const Set& set = {}) {
    FakeBackplane::link(*bus, *other_bus);
    context.clock = clock;
    cache = tiers(store, bus, mode, set);
    other = tiers(store->below(), other_bus, CoherenceMode::backplane, set);
    // The first read makes them listen.
    (void)cache->get("begin");
    (void)other->get("begin");
    bus->open();
    other_bus->open();
    store->open();
    store->reads = 0;
  }

  [[nodiscard]] static std::string text_of(TieredCache& cache, std::string_view key) {
    const auto found = cache.get(key);
    if (found.failed()) return "failed";
    return found.hit() ? std::string(found.value().text()) : found.null() ? "null" : "nothing";
  }
  [[nodiscard]] std::string text(std::string_view key) const { return text_of(*cache, key); }
  [[nodiscard]] bool told(ChangeAction action, std::string_view key = {}) const {
    for (const auto& each : bus->published)
      if (each == FakeBackplane::Told{action, std::string(key)}) return true;
    return false;
  }

  std::shared_ptr<FakeClock> clock = std::make_shared<FakeClock>();
  ComponentContext context;
  std::shared_ptr<FedStore> store = std::make_shared<FedStore>(clock);
  std::shared_ptr<FakeBackplane> bus = std::make_shared<FakeBackplane>(clock);
  std::shared_ptr<FakeBackplane> other_bus = std::make_shared<FakeBackplane>(clock);
  std::shared_ptr<TieredCache> cache;
  std::shared_ptr<TieredCache> other;

 private:
  [[nodiscard]] std::shared_ptr<TieredCache> tiers(const std::shared_ptr<ICache>& far,
                                                   const std::shared_ptr<FakeBackplane>& backplane,
                                                   CoherenceMode mode, const Set& set) const {
    TieredCacheOptions options;
    options.over = Reference<ICache>(far);
    options.near = Reference<ICache>(std::make_shared<MemoryCache>(MemoryCacheOptions{}, context));
    options.coherence.mode = mode;
    options.coherence.backplane = Reference<IBackplane>(backplane);
    if (set) set(options);
    return std::make_shared<TieredCache>(options, context);
  }
};

}  // namespace cachesite::test
