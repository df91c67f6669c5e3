#pragma once

#include <cachesite/cache.hpp>
#include <cachesite/component.hpp>

#include <cstdint>
#include <string_view>

namespace cachesite {

/// Counters of a cache of two tiers since it was created.
struct TierStatistics {
  std::uint64_t near_hits = 0;      ///< reads that the near tier answered with a value or a cached null
  std::uint64_t near_misses = 0;    ///< reads that the near tier answered with "the far tier has nothing"
  std::uint64_t far_hits = 0;       ///< reads that the far tier answered with a value or a cached null
  std::uint64_t far_misses = 0;     ///< reads that found nothing in either tier
  std::uint64_t fills = 0;          ///< entries copied from the far tier into the near one
  std::uint64_t fills_dropped = 0;  ///< copies dropped, because the entry changed meanwhile
};

/// The near tier of a cache of two tiers. All calls are safe from any thread.
class ITieredCache : public Interface<ITieredCache, "ITieredCache"> {
 public:
  /// Drops the copy of `key`; the next read asks the far tier. For programs that learn of changes in another
  /// way. True when there was a copy.
  virtual bool forget_near(std::string_view key) noexcept = 0;
  /// Drops all copies.
  virtual void clear_near() noexcept = 0;
  /// Number of entries in the near tier.
  [[nodiscard]] virtual std::uint64_t near_size() noexcept = 0;
  [[nodiscard]] virtual TierStatistics tier_statistics() const noexcept = 0;
};

}  // namespace cachesite
