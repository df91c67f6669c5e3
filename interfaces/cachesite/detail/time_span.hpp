#pragma once

#include <chrono>
#include <cstdint>
#include <ratio>
#include <type_traits>

namespace cachesite {

/// A length of time that a caller gives: a timeout, a wait, a delay. Any std::chrono duration converts to it,
/// rounded up to milliseconds. A longer time than 10 years, such as `std::chrono::hours::max()` or infinity,
/// becomes 10 years, so deadlines do not overflow.
///
/// A length of 0 or less means the same everywhere:
/// - as the timeout of a call to a server, it is refused with `bad_argument`;
/// - as a limit for waiting, it tries once and does not wait;
/// - as a delay, 0 means none, and less is refused with `bad_argument`.
/// A NaN counts as less than 0.
class TimeSpan {
 public:
  /// 10 years of 365.25 days.
  static constexpr std::chrono::milliseconds longest{std::int64_t{315'576'000'000}};

  /// None: 0 ms.
  constexpr TimeSpan() noexcept = default;
  template <class Rep, class Period>
  constexpr TimeSpan(std::chrono::duration<Rep, Period> length) noexcept {
    using Wide = std::conditional_t<std::chrono::treat_as_floating_point_v<Rep>, Rep, long double>;
    const auto exact = static_cast<long double>(
        std::chrono::duration_cast<std::chrono::duration<Wide, std::milli>>(length).count());
    if (!(exact >= 0)) {
      count_ = -1;
    } else if (exact >= static_cast<long double>(longest.count())) {
      count_ = longest.count();
    } else {
      count_ = static_cast<std::int64_t>(exact);
      if (static_cast<long double>(count_) < exact) ++count_;
    }
  }

  /// The time from now until `end`, by the clock of `end`.
  template <class Clock, class Duration>
  [[nodiscard]] static TimeSpan until(std::chrono::time_point<Clock, Duration> end) noexcept {
    using Seconds = std::chrono::duration<long double>;
    const auto now = Clock::now();
    const Seconds about = Seconds(end.time_since_epoch()) - Seconds(now.time_since_epoch());
    // The difference itself would overflow for the farthest ends.
    return about > Seconds(0) && about < Seconds(longest) ? TimeSpan(end - now) : TimeSpan(about);
  }

  /// The length, from 0 to `longest`.
  [[nodiscard]] constexpr std::chrono::milliseconds milliseconds() const noexcept {
    return std::chrono::milliseconds(negative() ? 0 : count_);
  }
  /// True for a length that was less than 0 or NaN; `milliseconds()` is then 0.
  [[nodiscard]] constexpr bool negative() const noexcept { return count_ < 0; }
  /// True from 1 ms on, as a timeout requires.
  [[nodiscard]] constexpr bool positive() const noexcept { return count_ > 0; }

  friend constexpr bool operator==(TimeSpan, TimeSpan) noexcept = default;

 private:
  std::int64_t count_ = 0;
};

}  // namespace cachesite
