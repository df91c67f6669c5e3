#pragma once

#include <cstdint>
#include <optional>

namespace cachesite {

/// Counters of one cache since it was made. A field that an implementation does not count is 0.
struct CacheStatistics {
  std::uint64_t hits = 0;            ///< reads that found a value or a cached null
  std::uint64_t misses = 0;          ///< reads that found nothing
  std::uint64_t failures = 0;        ///< calls that ended in an Error, refused arguments excepted
  std::uint64_t refusals = 0;        ///< calls refused for their arguments
  std::uint64_t writes = 0;          ///< values stored
  std::uint64_t removals = 0;        ///< entries removed by a caller
  std::uint64_t clears = 0;          ///< calls that removed all entries
  std::uint64_t evictions = 0;       ///< entries given up for room
  std::uint64_t expirations = 0;     ///< entries dropped because their time was over
  std::uint64_t entries = 0;         ///< entries held now, expired ones that were not swept yet included
  std::uint64_t bytes = 0;           ///< bytes held now, keys and the cache's own structures included
  std::uint64_t tag_evictions = 0;   ///< calls that ended all entries of some tags
  std::uint64_t stampede_waits = 0;  ///< callers who waited for the value that another one was computing
  /// Estimates of the hit ratio that half and twice the size would give; none where an implementation makes
  /// none, or before it has seen enough reads.
  std::optional<double> hit_ratio_at_half_size;
  std::optional<double> hit_ratio_at_twice_the_size;  ///< as above

  /// Hits as a share of all reads that had an answer, 0 to 1; 0 before the first.
  [[nodiscard]] double hit_ratio() const noexcept {
    const auto reads = hits + misses;
    return reads == 0 ? 0.0 : static_cast<double>(hits) / static_cast<double>(reads);
  }
};

}  // namespace cachesite
