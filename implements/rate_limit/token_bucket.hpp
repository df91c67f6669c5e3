#pragma once

#include <cachesite/detail/rate_limiter_options.hpp>
#include <cachesite/rate_limiter.hpp>

#include <chrono>
#include <cstdint>

namespace cachesite::rate_limits {

/// A point of time in milliseconds, whatever it is counted from.
using Instant = std::int64_t;

/// The rule of a bucket of tokens in integers: a token is `period` units, and `gain` units come every
/// millisecond, so that no fraction is ever rounded. Scripts on Redis count the same way.
///
/// A bucket is either full, and then nobody need remember it, or being filled. Taking tokens leads from the
/// one to the other, time back.
class TokenBucket {
 public:
  /// Units that a bucket holds at most: what a floating-point number counts exactly.
  static constexpr std::int64_t most_units = std::int64_t{1} << 53;

  struct State {
    std::int64_t units;
    Instant at;  // when it had so many
  };

  /// Precondition: fits(rate, capacity).
  TokenBucket(const Rate& rate, std::uint64_t capacity);
  [[nodiscard]] static bool fits(const Rate& rate, std::uint64_t capacity) noexcept;

  /// The same bucket for a part of what it is for; at least one token.
  [[nodiscard]] TokenBucket part(double share) const;

  [[nodiscard]] State untouched() const noexcept { return {full_, 0}; }
  /// Takes tokens if there are enough. Precondition: cost <= limit(), and `now` is not before that of an
  /// earlier call.
  [[nodiscard]] RateDecision take(State& state, Instant now, std::uint64_t cost) const noexcept;

  [[nodiscard]] std::uint64_t limit() const noexcept { return static_cast<std::uint64_t>(full_ / period_); }
  /// After so long without a taking a bucket is full whatever was taken.
  [[nodiscard]] std::int64_t in_force() const noexcept { return time_for(full_); }
  [[nodiscard]] std::int64_t gain() const noexcept { return gain_; }
  [[nodiscard]] std::int64_t period() const noexcept { return period_; }

 private:
  TokenBucket(std::int64_t gain, std::int64_t period, std::uint64_t capacity);
  [[nodiscard]] std::int64_t time_for(std::int64_t units) const noexcept {
    return (units + gain_ - 1) / gain_;
  }

  std::int64_t gain_;
  std::int64_t period_;
  std::int64_t full_;
};

}  // namespace cachesite::rate_limits
