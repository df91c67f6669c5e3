#pragma once

#include <cstdint>
#include <optional>

namespace cachesite::memory {

struct EngineStatistics {
  std::uint64_t hits = 0;
  std::uint64_t misses = 0;
  std::uint64_t inserts = 0;       // values stored, replacements included
  std::uint64_t replacements = 0;  // of them over an entry that lived
  std::uint64_t evictions = 0;
  std::uint64_t expirations = 0;
  std::uint64_t removals = 0;
  std::uint64_t cleared = 0;
  std::uint64_t entries = 0;
  std::uint64_t bytes = 0;
  double load_factor = 0;  // entries for each slot of the index
  // Estimates; none when the cache is small, has no limit, or was not read often enough.
  std::optional<double> hit_ratio_at_half_size;
  std::optional<double> hit_ratio_at_twice_the_size;
};

}  // namespace cachesite::memory
