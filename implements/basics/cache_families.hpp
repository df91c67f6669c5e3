#pragma once

#include <cachesite/detail/cache_statistics.hpp>

#include <cstdint>
#include <string_view>

namespace cachesite::basics {

/// What reports and metrics call the counters of caches.
struct CacheFamily {
  std::string_view name;
  bool is_counter;  // else a present number
  std::string_view help;
  std::uint64_t CacheStatistics::*field;
};

inline constexpr CacheFamily cache_families[] = {
    {"cache_hits", true, "Reads that found a value or a cached null.", &CacheStatistics::hits},
    {"cache_misses", true, "Reads that found nothing.", &CacheStatistics::misses},
    {"cache_failures", true, "Calls that ended in an error.", &CacheStatistics::failures},
    {"cache_refusals", true, "Calls refused for their arguments.", &CacheStatistics::refusals},
    {"cache_writes", true, "Values stored.", &CacheStatistics::writes},
    {"cache_removals", true, "Entries removed by a caller.", &CacheStatistics::removals},
    {"cache_clears", true, "Calls that removed all entries.", &CacheStatistics::clears},
    {"cache_evictions", true, "Entries evicted for lack of room.", &CacheStatistics::evictions},
    {"cache_expirations", true, "Entries dropped after their TTL.", &CacheStatistics::expirations},
    {"cache_tag_evictions", true, "Calls that evicted tags.", &CacheStatistics::tag_evictions},
    {"cache_stampede_waits", true, "Callers that waited for a computation of another caller.",
     &CacheStatistics::stampede_waits},
    {"cache_entries", false, "Entries held.", &CacheStatistics::entries},
    {"cache_bytes", false, "Bytes held.", &CacheStatistics::bytes},
};

}  // namespace cachesite::basics
