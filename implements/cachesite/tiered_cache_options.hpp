#pragma once

#include <cachesite/cache.hpp>
#include <cachesite/parameter.hpp>
#include <cachesite/reference.hpp>

#include <chrono>
#include <vector>

namespace cachesite {

/// Settings of a TieredCache.
struct TieredCacheOptions {
  /// The far tier: the cache that holds every entry, such as a RedisCache.
  Reference<ICache> over;
  /// The near tier: a cache that holds copies, such as a MemoryCache, and that nothing else uses.
  Reference<ICache> near;
  /// Longest time that a copy is used without asking the far tier, and so the longest time that a change made
  /// by another process goes unseen.
  std::chrono::milliseconds near_ttl{30'000};
  /// How long it is remembered that the far tier has no entry under a key; 0 to ask each time.
  std::chrono::milliseconds negative_ttl{5'000};

  static ParameterTable parameters();
  [[nodiscard]] std::vector<OptionComplaint> complaints() const;
};

}  // namespace cachesite
