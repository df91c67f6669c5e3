#pragma once

#include <cstdint>

namespace cachesite {

/// Which entry of a full MemoryCache goes.
enum class EvictionPolicy : std::uint8_t {
  /// W-TinyLFU: new entries pass through a window of a twentieth, and leave it for the main area only when
  /// they were
  /// seen more often of late than the entry they would displace (Einziger, Friedman, Manes, "TinyLFU: a
  /// highly
  /// efficient cache admission policy", ACM Transactions on Storage 13, 2017). The main area is a CLOCK. The
  /// best hit
  /// ratio, the least memory, and the fastest under threads: reads take no lock.
  tinylfu,
  /// Three first-in-first-out queues (Yang and others, "FIFO queues are all you need for cache eviction",
  /// SOSP 2023).
  s3fifo,
  /// The entry that was not read or written for the longest time goes.
  lru,
  /// The entry that was first inserted the longest time ago goes; writing it again does not save it.
  fifo,
};

}  // namespace cachesite
