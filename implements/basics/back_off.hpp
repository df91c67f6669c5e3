#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace cachesite::basics {

/// Pauses between attempts: each about twice as long as the one before, up to a longest, with half of each
/// left to chance so that many clients of a server that returns do not come at the same moment.
class BackOff {
 public:
  using Pause = std::chrono::microseconds;

  BackOff(Pause first, Pause longest, std::uint64_t seed) noexcept
      : first_(std::max(first, Pause(1))), longest_(std::max(longest, first_)), state_(seed | 1U) {}

  Pause next() noexcept {
    const Pause whole = pause_;
    pause_ = std::min(longest_, pause_ * 2);
    state_ ^= state_ << 13U;
    state_ ^= state_ >> 7U;
    state_ ^= state_ << 17U;
    const auto half = std::max<std::int64_t>(1, whole.count() / 2);
    return Pause(whole.count() - static_cast<std::int64_t>(state_ % static_cast<std::uint64_t>(half)));
  }
  void reset() noexcept { pause_ = first_; }

 private:
  Pause first_;
  Pause longest_;
  std::uint64_t state_;
  Pause pause_ = first_;
};

}  // namespace cachesite::basics
