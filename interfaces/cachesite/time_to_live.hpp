#pragma once

#include <chrono>
#include <cstdint>
#include <limits>
#include <ratio>
#include <type_traits>

namespace cachesite {

/// How long an entry lives: 1 ms to 10 years in milliseconds, or forever with `never_expires()`. Any other
/// value is "not valid", and every cache refuses it. A call that stores may also leave it to the cache:
/// `unspecified()`.
class TimeToLive {
 public:
  using Milliseconds = std::chrono::duration<std::int64_t, std::milli>;

  /// 10 years of 365.25 days.
  static constexpr Milliseconds longest{std::int64_t{315'576'000'000}};

  /// From any duration, rounded down to whole milliseconds. Never overflows: a duration that is too long, too
  /// short, negative or NaN gives a TimeToLive that is not valid.
  template <class Rep, class Period>
  constexpr TimeToLive(std::chrono::duration<Rep, Period> duration) noexcept {
    using Seconds = std::chrono::duration<long double>;
    const auto seconds = std::chrono::duration_cast<Seconds>(duration).count();
    if (!(seconds >= 0.001L) || seconds > 315'576'000.0L) return;
    count_ = std::chrono::duration_cast<Milliseconds>(duration).count();
  }

  /// For an entry that stays until it is removed or evicted.
  [[nodiscard]] static constexpr TimeToLive never_expires() noexcept {
    TimeToLive time_to_live;
    time_to_live.count_ = never;
    return time_to_live;
  }

  /// The TTL of the cache, from its `ttl` or a rule for the key. A cache without one refuses the call.
  [[nodiscard]] static constexpr TimeToLive unspecified() noexcept {
    TimeToLive time_to_live;
    time_to_live.count_ = left_to_the_cache;
    return time_to_live;
  }

  /// True for 1 ms up to `longest`, and for `never_expires()`.
  [[nodiscard]] constexpr bool valid() const noexcept { return count_ > 0 || count_ == never; }
  /// False for `unspecified()`.
  [[nodiscard]] constexpr bool specified() const noexcept { return count_ != left_to_the_cache; }
  /// True for 1 ms up to `longest`: the entry has an end.
  [[nodiscard]] constexpr bool expires() const noexcept { return count_ >= 1; }
  /// The length; 0 unless `expires()`.
  [[nodiscard]] constexpr Milliseconds milliseconds() const noexcept { return Milliseconds(count()); }
  /// The length in milliseconds; 0 unless `expires()`.
  [[nodiscard]] constexpr std::int64_t count() const noexcept { return count_ < 0 ? 0 : count_; }
  /// True for an integer of seconds. Precondition: `expires()`.
  [[nodiscard]] constexpr bool whole_seconds() const noexcept { return count_ % 1000 == 0; }

  friend constexpr bool operator==(TimeToLive, TimeToLive) noexcept = default;

 private:
  static constexpr std::int64_t never = -1000;
  static constexpr std::int64_t left_to_the_cache = -1;

  constexpr TimeToLive() noexcept = default;

  std::int64_t count_ = 0;
};

}  // namespace cachesite
