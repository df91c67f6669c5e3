#pragma once

#include <array>
#include <bit>
#include <chrono>
#include <cstddef>
#include <cstdint>

namespace cachesite {

/// How long calls took: a count for each of many intervals, which grow with the duration so that each is at
/// most an eighth wide (log-linear, as in HDR histograms). Covers 0 ns to 36 minutes; longer ones count in
/// the last interval. A plain value: adding two histograms gives that of all their calls.
class LatencyHistogram {
 public:
  /// Intervals for each doubling.
  static constexpr std::size_t steps = 8;
  static constexpr std::size_t size = 39 * steps;

  /// The interval that a duration counts in.
  [[nodiscard]] static constexpr std::size_t interval_of(std::chrono::nanoseconds duration) noexcept {
    const auto value = duration.count() < 0 ? 0U : static_cast<std::uint64_t>(duration.count());
    if (value < steps) return static_cast<std::size_t>(value);
    const auto doubling = static_cast<unsigned>(std::bit_width(value)) - 1U;
    const auto step = static_cast<std::size_t>(value >> (doubling - 3U)) % steps;
    const auto interval = (doubling - 2U) * steps + step;
    return interval < size ? interval : size - 1;
  }
  /// The longest duration that counts in the interval.
  [[nodiscard]] static constexpr std::chrono::nanoseconds longest_in(std::size_t interval) noexcept {
    if (interval < steps) return std::chrono::nanoseconds(static_cast<std::int64_t>(interval));
    const auto doubling = interval / steps + 2;
    const auto width = std::int64_t{1} << (doubling - 3);
    return std::chrono::nanoseconds((static_cast<std::int64_t>(interval % steps) + 9) * width - 1);
  }

  void add(std::size_t interval, std::uint64_t count) noexcept { counts_[interval] += count; }
  LatencyHistogram& operator+=(const LatencyHistogram& other) noexcept {
    for (std::size_t interval = 0; interval < size; ++interval)
      counts_[interval] += other.counts_[interval];
    return *this;
  }

  [[nodiscard]] std::uint64_t count_in(std::size_t interval) const noexcept { return counts_[interval]; }
  /// Number of all calls.
  [[nodiscard]] std::uint64_t count() const noexcept {
    std::uint64_t sum = 0;
    for (const auto each : counts_)
      sum += each;
    return sum;
  }
  /// The duration that the given share of the calls did not exceed, such as 0.99; at most an eighth too long.
  /// 0 when there were no calls.
  [[nodiscard]] std::chrono::nanoseconds quantile(double share) const noexcept {
    const std::uint64_t all = count();
    if (all == 0) return std::chrono::nanoseconds(0);
    const double wanted = share * static_cast<double>(all);
    std::uint64_t sum = 0;
    std::size_t last = 0;
    for (std::size_t interval = 0; interval < size; ++interval) {
      if (counts_[interval] == 0) continue;
      last = interval;
      sum += counts_[interval];
      if (static_cast<double>(sum) >= wanted) break;
    }
    return longest_in(last);
  }

 private:
  std::array<std::uint64_t, size> counts_{};
};

}  // namespace cachesite
