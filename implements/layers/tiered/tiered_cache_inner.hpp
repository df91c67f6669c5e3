#pragma once

#include "layers/base/call_counters.hpp"
#include "layers/tiered/near_claim.hpp"
#include "layers/tiered/near_tier.hpp"

#include <cachesite/tiered_cache.hpp>

#include <optional>
#include <stdexcept>
#include <string_view>

namespace cachesite {

class TieredCache::Inner {
 public:
  using Counters = layers::CallCounters;

  Inner(const TieredCacheOptions& options, const ComponentContext& context)
      : claim(*options.near.component()),
        near(options.near.component(), options.near_ttl, options.negative_ttl, context),
        near_waits(waits(*options.near.component())) {
    if (options.keep_stale.count() > 0 && !near.keep_ended(options.keep_stale))
      throw std::invalid_argument("TieredCache: keep_stale: the near tier does not keep ended entries");
  }

  // What the near tier knows, counted.
  std::optional<Found> known(std::string_view key, Value& destination) noexcept {
    const auto known = near.read(key, destination);
    if (known) Counters::add(*known == Found::miss ? near_misses : near_hits);
    return known;
  }

  Error failed(const Error& error) noexcept {
    Counters::add(calls.failures);
    return error;
  }

  // Everything but reads.
  void count(const CacheRequest& request) noexcept {
    const auto end = layers::end_of(request);
    calls.add(request, end);
    Counters::add(calls.failures, end.failures(request));
  }

  void count_far(Found found) noexcept { Counters::add(found == Found::miss ? far_misses : far_hits); }

  const tiered::NearClaim claim;
  tiered::NearTier near;
  const bool near_waits;
  Counters calls;
  Counters::Counter near_hits{0}, near_misses{0}, far_hits{0}, far_misses{0};
};

}  // namespace cachesite
