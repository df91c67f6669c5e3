#pragma once

#include <cachesite/cache.hpp>
#include <cachesite/component.hpp>

#include <cstdint>
#include <string_view>

namespace cachesite {

/// What a cache of two tiers did since it was made.
struct TierStatistics {
  std::uint64_t near_hits = 0;      ///< reads that the near tier answered with a value or a cached null
  std::uint64_t near_misses = 0;    ///< reads that the near tier answered with "the far tier has nothing"
  std::uint64_t far_hits = 0;       ///< reads that the far tier answered with a value or a cached null
  std::uint64_t far_misses = 0;     ///< reads that neither tier had an answer for
  std::uint64_t fills = 0;          ///< entries copied from the far tier into the near one
  std::uint64_t fills_dropped = 0;  ///< copies given up, because the entry was changed meanwhile
};

/// The near tier of a cache of two tiers, for programs that need to deal with it alone. All calls are safe
/// from any thread.
class ITieredCache : public Interface<ITieredCache, "ITieredCache"> {
 public:
  /// Drops what the near tier knows about `key`; the next read asks the far tier. For programs that are told
  /// of a change by other means. True when there was an entry.
  virtual bool forget_near(std::string_view key) noexcept = 0;
  /// Drops all that the near tier knows.
  virtual void clear_near() noexcept = 0;
  /// Number of entries in the near tier.
  [[nodiscard]] virtual std::uint64_t near_size() noexcept = 0;
  [[nodiscard]] virtual TierStatistics tier_statistics() const noexcept = 0;
};

}  // namespace cachesite
