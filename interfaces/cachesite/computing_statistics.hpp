#pragma once

#include <cachesite/component.hpp>

#include <cstdint>

namespace cachesite {

/// Counters of a cache that computes values, since it was created.
struct ComputingStatistics {
  std::uint64_t factories = 0;      ///< factories that were called
  std::uint64_t failures = 0;       ///< of them those that failed or threw
  std::uint64_t soft_timeouts = 0;  ///< callers that got a stale value since the factory took too long
  std::uint64_t hard_timeouts = 0;  ///< computations given up at the hard limit
  std::uint64_t abandoned_now = 0;  ///< of them those that still run
  std::uint64_t late_stored = 0;    ///< their results that were stored after all
  std::uint64_t late_dropped = 0;   ///< and those that were not: the key had changed meanwhile
  std::uint64_t stale_served = 0;   ///< calls that got a value whose TTL had ended
  std::uint64_t throttled = 0;  ///< of them those that called no factory, since the last one failed lately
  std::uint64_t errors_remembered = 0;  ///< calls that got the remembered failure of an earlier factory
  std::uint64_t joined = 0;             ///< calls that waited for the computation of another
  std::uint64_t shed = 0;               ///< calls refused because too many waited or were abandoned
  std::uint64_t refreshes = 0;          ///< values computed again ahead of their end, or behind a stale value
  std::uint64_t refreshes_taken_from_far = 0;  ///< and those that another process had computed
  std::uint64_t refreshes_dropped = 0;         ///< and those that there was no thread or lock for
};

/// The counters of a cache that computes values; a RememberCache has it beside IComputingCache.
class IComputingStatistics : public Interface<IComputingStatistics, "IComputingStatistics"> {
 public:
  /// Safe from any thread. The counters are read one by one, so they may be slightly inconsistent.
  [[nodiscard]] virtual ComputingStatistics computing_statistics() const = 0;
};

}  // namespace cachesite
