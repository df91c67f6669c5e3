#pragma once

#include <cachesite/computing_cache.hpp>

#include <atomic>
#include <cstdint>

namespace cachesite::remembering {

/// What a cache counts of its computations. Safe from any thread.
struct ComputingCounters {
  using Counter = std::atomic<std::uint64_t>;
  static void add(Counter& counter) noexcept { counter.fetch_add(1, std::memory_order_relaxed); }

  Counter factories{0}, failures{0}, soft_timeouts{0}, hard_timeouts{0}, late_stored{0}, late_dropped{0},
      stale_served{0}, throttled{0}, errors_remembered{0}, joined{0}, shed{0}, refreshes{0},
      refreshes_taken_from_far{0}, refreshes_dropped{0}, not_modified{0};

  [[nodiscard]] ComputingStatistics statistics() const noexcept {
    constexpr auto relaxed = std::memory_order_relaxed;
    ComputingStatistics all;
    all.factories = factories.load(relaxed);
    all.failures = failures.load(relaxed);
    all.soft_timeouts = soft_timeouts.load(relaxed);
    all.hard_timeouts = hard_timeouts.load(relaxed);
    all.late_stored = late_stored.load(relaxed);
    all.late_dropped = late_dropped.load(relaxed);
    all.stale_served = stale_served.load(relaxed);
    all.throttled = throttled.load(relaxed);
    all.errors_remembered = errors_remembered.load(relaxed);
    all.joined = joined.load(relaxed);
    all.shed = shed.load(relaxed);
    all.refreshes = refreshes.load(relaxed);
    all.refreshes_taken_from_far = refreshes_taken_from_far.load(relaxed);
    all.refreshes_dropped = refreshes_dropped.load(relaxed);
    all.not_modified = not_modified.load(relaxed);
    return all;
  }
};

}  // namespace cachesite::remembering
