#pragma once

#include "basics/rising_counter.hpp"

#include <cachesite/detail/cache_metrics.hpp>
#include <cachesite/detail/latency_histogram.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace cachesite::layers {

// What a MetricsCache counts, spread over cache lines by thread.
class MetricsCounters {
 public:
  using Counter = std::atomic<std::uint64_t>;

  // What a single read touches. `reads` goes up before the read, so that a hit costs one addition.
  struct alignas(64) ReadStripe {
    Counter reads{0};
    Counter misses{0};
    Counter failures{0};
    Counter batch_hits{0};
    Counter batch_misses{0};
    Counter batch_failures{0};
  };
  struct alignas(64) Stripe {
    std::array<Counter, cache_operations> calls{};
    std::array<Counter, cache_operations> failures{};
    Counter writes{0};
    Counter removals{0};
    Counter clears{0};
    Counter refusals{0};
    Counter key_failures{0};  // of batches
  };

  explicit MetricsCounters(std::uint32_t sample_every)
      : sample_every_(std::bit_ceil(std::clamp(sample_every, 1U, std::uint32_t{1} << 31U))),
        sample_mask_(sample_every_ - 1) {}

  static void add(Counter& counter, std::uint64_t count = 1) noexcept {
    counter.fetch_add(count, std::memory_order_relaxed);
  }

  [[nodiscard]] ReadStripe& my_reads() noexcept { return reads_[my_number()]; }
  [[nodiscard]] Stripe& mine() noexcept { return stripes_[my_number()]; }

  // Whether the call with that number is timed.
  [[nodiscard]] bool is_timed(std::uint64_t number) const noexcept {
    return (number & sample_mask_.load(std::memory_order_relaxed)) == 0;
  }
  // From now on every call is.
  void time_all() noexcept { sample_mask_.store(0, std::memory_order_relaxed); }

  void took(CacheOperation operation, std::chrono::nanoseconds duration) noexcept {
    auto& histogram = histograms_[static_cast<std::size_t>(operation)];
    add(histogram.counts[LatencyHistogram::interval_of(duration)]);
    add(histogram.sum, static_cast<std::uint64_t>(std::max<std::int64_t>(duration.count(), 0)));
  }

  void fill(CacheStatistics& statistics) const noexcept;
  void fill(CacheMetrics& metrics) const noexcept;

 private:
  static constexpr std::size_t stripes = 16;

  struct Histogram {
    std::array<Counter, LatencyHistogram::size> counts{};
    Counter sum{0};
  };

  // Threads have their control blocks at different addresses. A factor of 31 bits is part of the instruction.
  static std::size_t my_number() noexcept {
    const auto address = reinterpret_cast<std::uintptr_t>(__builtin_thread_pointer());
    return (address * 0x61C88647U) >> 32 & (stripes - 1);
  }

  std::array<ReadStripe, stripes> reads_;  // first, so that its place is that of all
  const std::uint32_t sample_every_;
  std::atomic<std::uint64_t> sample_mask_;
  std::array<Stripe, stripes> stripes_;
  mutable RisingCounter hits_;  // reads that are under way count as hits until they have ended otherwise
  std::array<Histogram, cache_operations> histograms_;
};

}  // namespace cachesite::layers
