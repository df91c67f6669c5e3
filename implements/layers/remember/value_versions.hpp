#pragma once

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <random>

namespace cachesite::remembering {

/// Versions of values: the milliseconds since the beginning of 2020 (UTC) in the upper 48 bits, and a number below
/// that begins at random, so that two processes hardly give the same one. They are compared for equality alone, so
/// no clock can make anything wrong. Never 0. Safe from any thread.
class ValueVersions {
 public:
  /// Throws when the system has no randomness to give.
  ValueVersions() : first_(std::random_device()() & 0x7fffU) {}

  [[nodiscard]] std::uint64_t next() noexcept {
    using namespace std::chrono;
    const auto since = floor<milliseconds>(system_clock::now().time_since_epoch() - from_1970_to_2020);
    const auto now = static_cast<std::uint64_t>(std::max<std::int64_t>(since.count(), 0)) << 16U | first_;
    auto last = last_.load(std::memory_order_relaxed);
    std::uint64_t made = 0;
    do
      made = std::max(now, last + 1);
    while (!last_.compare_exchange_weak(last, made, std::memory_order_relaxed));
    return made;
  }
  using Time = std::chrono::time_point<std::chrono::system_clock, std::chrono::milliseconds>;
  /// When one was made, by the clock of who has made it.
  [[nodiscard]] static Time time_of(std::uint64_t version) noexcept {
    return Time(from_1970_to_2020 + std::chrono::milliseconds(static_cast<std::int64_t>(version >> 16U)));
  }

 private:
  static constexpr std::chrono::hours from_1970_to_2020{24 * 18'262};

  const std::uint64_t first_;
  std::atomic<std::uint64_t> last_{0};
};

}  // namespace cachesite::remembering
