#pragma once

#include "layers/base/request_end.hpp"

#include <cachesite/detail/cache_statistics.hpp>

#include <atomic>
#include <cstdint>

namespace cachesite::layers {

// What a layer counts of its own calls, in place of what the cache below counts.
class CallCounters {
 public:
  using Counter = std::atomic<std::uint64_t>;
  static void add(Counter& counter, std::uint64_t by = 1) noexcept {
    counter.fetch_add(by, std::memory_order_relaxed);
  }
  [[nodiscard]] static std::uint64_t value_of(const Counter& counter) noexcept {
    return counter.load(std::memory_order_relaxed);
  }

  void add(Found found) noexcept { add(found == Found::miss ? misses : hits); }
  // A request that has ended; not its failures.
  void add(const CacheRequest& request, const RequestEnd& end) noexcept {
    switch (counted_as(request)) {
      case Counted::reads:
        add(hits, end.found_keys(request));
        return add(misses, end.missed_keys(request));
      case Counted::writes:
        return add(writes, end.changed_keys(request));
      case Counted::removals:
        return add(removals, end.changed_keys(request));
      case Counted::clears:
        return add(clears, end.changed_keys(request));
      case Counted::none:
        return;
    }
  }
  // Reads, writes and removals.
  void fill(CacheStatistics& statistics) const noexcept {
    statistics.hits = value_of(hits);
    statistics.misses = value_of(misses);
    statistics.writes = value_of(writes);
    statistics.removals = value_of(removals);
  }

  Counter hits{0}, misses{0}, writes{0}, removals{0}, clears{0}, failures{0}, refusals{0};
};

}  // namespace cachesite::layers
