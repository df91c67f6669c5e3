#pragma once

#include <cachesite/cache_request.hpp>
#include <cachesite/component.hpp>
#include <cachesite/detail/cache_statistics.hpp>
#include <cachesite/detail/latency_histogram.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace cachesite {

/// Numbers about one operation of a cache.
struct OperationMetrics {
  std::uint64_t calls = 0;     ///< calls made, failed ones included, refused ones not; a batch is one call
  std::uint64_t failures = 0;  ///< of those, ended in an Error; of batches, those that failed for every key
  /// Durations of the successful timed calls; `latency.count()` is their number.
  LatencyHistogram latency;
  std::chrono::nanoseconds timed{0};  ///< the sum of those durations

  /// The mean of the timed calls; 0 when there are none.
  [[nodiscard]] std::chrono::nanoseconds mean() const noexcept {
    const auto count = latency.count();
    return count == 0 ? std::chrono::nanoseconds(0) : timed / static_cast<std::int64_t>(count);
  }
};

/// All counts of a cache with metrics since it was created. Counters are read one after the other during
/// calls, so they may be slightly inconsistent.
struct CacheMetrics {
  CacheStatistics statistics;
  /// By CacheOperation.
  std::array<OperationMetrics, cache_operations> operations{};
  /// One of this many calls of an operation is timed.
  std::uint32_t sample_every = 1;

  [[nodiscard]] const OperationMetrics& of(CacheOperation operation) const noexcept {
    return operations[static_cast<std::size_t>(operation)];
  }
};

/// The numbers behind a cache. MetricsCache offers it beside ICache:
///
///     - class: MetricsCache
///       entries:
///         - {interface: ICache, name: sessions}
///         - {interface: ICacheMetrics, name: sessions}
///       over: store
class ICacheMetrics : public Interface<ICacheMetrics, "ICacheMetrics"> {
 public:
  /// A copy of the numbers; about 40 KiB. Safe from any thread; never waits for a backend.
  [[nodiscard]] virtual CacheMetrics metrics() const = 0;
};

}  // namespace cachesite
