#pragma once

#include <cstdint>

namespace cachesite {

/// Whether a MemoryCache asks the system for pages of 2 MiB, with which reads at random keys of a large cache
/// need fewer steps to find an address.
enum class HugePages : std::uint8_t {
  /// From 8 MiB on, where the system gives them (on Linux `madvise` or `always` in
  /// /sys/kernel/mm/transparent_hugepage/enabled). Until the cache is nearly full up to 6 MiB more than it
  /// holds may be in memory.
  automatic,
  never,
};

}  // namespace cachesite
