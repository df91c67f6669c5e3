#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <ratio>
#include <type_traits>

namespace cachesite {

/// How long an entry lives: whole milliseconds, from 1 ms to 10 years. Anything else is held as "not valid"
/// and is refused by the call it is given to, in the same way by every cache.
class TimeToLive {
 public:
  using Milliseconds = std::chrono::duration<std::int64_t, std::milli>;

  /// 10 years of 365.25 days.
  static constexpr Milliseconds longest{std::int64_t{315'576'000'000}};

  /// From any duration, rounded down to whole milliseconds. Never overflows: a duration that is too long, too
  /// short, negative or not a number gives a TimeToLive that is not valid.
  template <class Rep, class Period>
  constexpr TimeToLive(std::chrono::duration<Rep, Period> duration) noexcept {
    using Seconds = std::chrono::duration<long double>;
    const auto seconds = std::chrono::duration_cast<Seconds>(duration).count();
    if (!(seconds >= 0.001L) || seconds > 315'576'000.0L) return;
    count_ = std::chrono::duration_cast<Milliseconds>(duration).count();
  }

  /// True for 1 ms up to `longest`.
  [[nodiscard]] constexpr bool valid() const noexcept { return count_ >= 1; }
  /// The length; 0 when not valid.
  [[nodiscard]] constexpr Milliseconds milliseconds() const noexcept { return Milliseconds(count_); }
  /// The length in milliseconds; 0 when not valid.
  [[nodiscard]] constexpr std::int64_t count() const noexcept { return count_; }
  /// True for a whole number of seconds.
  [[nodiscard]] constexpr bool whole_seconds() const noexcept { return count_ % 1000 == 0; }

 private:
  std::int64_t count_ = 0;
};

}  // namespace cachesite
