#pragma once

#include <algorithm>
#include <cstdint>

namespace cachesite::backplane {

/// Times that processes with different clocks can put in order: 48 bits of milliseconds since the beginning of 2020
/// (UTC), and 16 bits that count within one. A time is later than all that were made or merged before it. For
/// reports only: no decision depends on a clock.
class HybridClock {
 public:
  using Time = std::uint64_t;
  static constexpr std::int64_t beginning = 1'577'836'800'000;  // in milliseconds of Unix time
  static constexpr std::uint64_t farthest = 10 * 60 * 1000;     // that another clock may be ahead

  /// A time of sending, with the clock of this machine in milliseconds of Unix time.
  Time next(std::int64_t wall) noexcept { return last_ = std::max(last_ + 1, of(wall)); }
  /// Takes in the time of another process. False, and nothing is done, when it is too far ahead.
  bool merge(Time other, std::int64_t wall) noexcept {
    if (milliseconds(other) > milliseconds(of(wall)) + farthest) return false;
    last_ = std::max(last_, other);
    return true;
  }
  [[nodiscard]] static Time of(std::int64_t wall) noexcept {
    return static_cast<Time>(std::clamp<std::int64_t>(wall - beginning, 0, most)) << counter_bits;
  }
  [[nodiscard]] static std::uint64_t milliseconds(Time time) noexcept { return time >> counter_bits; }

 private:
  static constexpr unsigned counter_bits = 16;
  static constexpr std::int64_t most = (std::int64_t{1} << 48U) - 1;

  Time last_ = 0;
};

}  // namespace cachesite::backplane
