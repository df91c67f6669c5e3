#pragma once

#include <cachesite/detail/removal_cause.hpp>

#include <cstdint>

namespace cachesite::memory {

struct ShardStatistics {
  std::uint64_t inserts = 0;
  std::uint64_t evictions = 0;
  std::uint64_t replacements = 0;
  std::uint64_t expirations = 0;
  std::uint64_t removals = 0;
  std::uint64_t cleared = 0;
  std::uint64_t entries = 0;
  std::uint64_t bytes = 0;
  std::uint64_t slots = 0;

  void count(RemovalCause cause) noexcept {
    switch (cause) {
      case RemovalCause::expired:
        ++expirations;
        break;
      case RemovalCause::evicted:
        ++evictions;
        break;
      case RemovalCause::replaced:
        ++replacements;
        break;
      case RemovalCause::removed:
        ++removals;
        break;
      case RemovalCause::cleared:
        ++cleared;
        break;
    }
  }
  ShardStatistics& operator+=(const ShardStatistics& other) noexcept {
    inserts += other.inserts;
    replacements += other.replacements;
    evictions += other.evictions;
    expirations += other.expirations;
    removals += other.removals;
    cleared += other.cleared;
    entries += other.entries;
    bytes += other.bytes;
    slots += other.slots;
    return *this;
  }
};

}  // namespace cachesite::memory
