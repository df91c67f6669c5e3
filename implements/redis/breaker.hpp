#pragma once

#include "redis/back_off.hpp"
#include "redis/deadline.hpp"

#include <cachesite/redis_statistics.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <utility>

namespace cachesite::redis {

struct BreakerOptions {
  std::uint32_t failures = 5;  // 0: never opens
  BackOff::Pause first_pause = std::chrono::milliseconds(200);
  BackOff::Pause longest_pause = std::chrono::seconds(5);
};

/// Circuit breaker (M. Nygard, Release It!) for a server that can be reached and does not answer in time.
/// After so many unanswered calls in a row it opens: no call is made for a while. Then it is half open and
/// lets one call through: an answer closes it, none opens it again, for about twice as long.
///
/// A plain state machine. The owner has a lock around everything but `troubled`.
class Breaker {
 public:
  using State = RedisBreakerState;

  Breaker(const BreakerOptions& options, std::uint64_t seed) noexcept
      : failures_(options.failures), pauses_(options.first_pause, options.longest_pause, seed) {}

  /// False while an answer changes nothing, which is nearly always.
  [[nodiscard]] bool troubled() const noexcept { return unanswered_.load(std::memory_order_relaxed) != 0; }

  /// Whether a call may be made. While half open, one in `patience`.
  bool admits(TimePoint now, std::chrono::nanoseconds patience) noexcept {
    if (state_ != State::half_open) return state_ == State::closed;
    if (now < next_try_) return false;
    next_try_ = now + patience;
    return true;
  }
  /// Returns true when it closes by that.
  bool answered() noexcept {
    if (state_ == State::open) return false;  // to a call from before
    unanswered_.store(0, std::memory_order_relaxed);
    pauses_.reset();
    return std::exchange(state_, State::closed) == State::half_open;
  }
  /// Returns true when it opens by that.
  bool unanswered(TimePoint now) noexcept {
    if (state_ == State::open || failures_ == 0) return false;
    const auto count = unanswered_.load(std::memory_order_relaxed) + 1;
    unanswered_.store(count, std::memory_order_relaxed);
    if (state_ == State::closed && count < failures_) return false;
    state_ = State::open;
    ++openings_;
    open_until_ = now + pauses_.next();
    return true;
  }
  /// The pause is over. Without effect unless it is open.
  void try_again() noexcept {
    if (state_ != State::open) return;
    state_ = State::half_open;
    next_try_ = {};
  }

  [[nodiscard]] State state() const noexcept { return state_; }
  /// How long it stays open.
  [[nodiscard]] TimePoint open_until() const noexcept {
    return state_ == State::open ? open_until_ : TimePoint::min();
  }
  /// How many calls in a row were not answered.
  [[nodiscard]] std::uint64_t count() const noexcept { return unanswered_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t openings() const noexcept { return openings_; }

 private:
  const std::uint32_t failures_;
  BackOff pauses_;
  std::atomic<std::uint64_t> unanswered_{0};  // in a row; only while closed it is 0
  State state_ = State::closed;
  TimePoint open_until_{};
  TimePoint next_try_{};
  std::uint64_t openings_ = 0;
};

}  // namespace cachesite::redis
