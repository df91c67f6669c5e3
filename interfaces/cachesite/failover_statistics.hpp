#pragma once

#include <cachesite/component.hpp>

#include <cstdint>

namespace cachesite {

/// What a FailoverCache has done since it was made.
struct FailoverStatistics {
  bool down = false;                 ///< the first cache counts as failing now
  std::uint64_t outages = 0;         ///< times that it began to fail
  std::uint64_t outage_errors = 0;   ///< calls to either cache that failed as an outage does
  std::uint64_t failover_calls = 0;  ///< calls that the second cache was asked to do
  std::uint64_t degraded_calls = 0;  ///< calls that were answered without any cache
  std::uint64_t repaired_keys = 0;   ///< keys removed from the first cache after an outage
  std::uint64_t forgotten_keys = 0;  ///< keys that should have been, but did not fit into the list, and
                                     ///< patterns that the first cache cannot remove
  std::uint64_t keys_to_repair = 0;  ///< keys in that list now
};

/// Tells what a FailoverCache has done. Cheap, and safe from any thread.
class IFailoverStatistics : public Interface<IFailoverStatistics, "IFailoverStatistics"> {
 public:
  [[nodiscard]] virtual FailoverStatistics failover_statistics() const = 0;
};

}  // namespace cachesite
