#pragma once

#include "redis/base/deadline.hpp"

#include <chrono>
#include <cstdint>
#include <optional>

namespace cachesite::redis {

/// Decides when a picture of the servers is made anew: one at a time, and not more often than every `pause`.
/// A plain state machine; its owner locks.
class RefreshGate {
 public:
  explicit RefreshGate(std::chrono::milliseconds pause = std::chrono::milliseconds(100)) : pause_(pause) {}

  /// A caller has reason to think that the picture is out of date. Returns the number that `rounds()` has to
  /// reach for the picture to be newer than that: a round that is under way may have begun too early.
  std::uint64_t want() noexcept {
    wanted_ = true;
    return rounds_ + (running_ ? 2 : 1);
  }
  /// When the next round may begin; nothing while none is wanted or one is running.
  [[nodiscard]] std::optional<TimePoint> due() const noexcept {
    if (!wanted_ || running_) return std::nullopt;
    return begun_ ? *begun_ + pause_ : TimePoint::min();
  }
  /// True when whoever asks now would have to wait for the pause to end.
  [[nodiscard]] bool resting(TimePoint now) const noexcept {
    return !running_ && begun_ && now < *begun_ + pause_;
  }
  void begin(TimePoint now) noexcept {
    wanted_ = false;
    running_ = true;
    begun_ = now;
  }
  void end(bool success) noexcept {
    running_ = false;
    ++rounds_;
    if (!success) wanted_ = true;
  }
  [[nodiscard]] bool running() const noexcept { return running_; }
  /// Rounds that have ended.
  [[nodiscard]] std::uint64_t rounds() const noexcept { return rounds_; }

 private:
  std::chrono::milliseconds pause_;
  std::optional<TimePoint> begun_;
  std::uint64_t rounds_ = 0;
  bool wanted_ = false;
  bool running_ = false;
};

}  // namespace cachesite::redis
