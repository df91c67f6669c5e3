#pragma once

#include <cachesite/detail/time_span.hpp>

#include <algorithm>
#include <chrono>
#include <limits>

namespace cachesite::redis {

using SteadyTime = std::chrono::steady_clock;
using TimePoint = SteadyTime::time_point;

/// When a call began and by when it has to end.
struct CallTime {
  TimePoint begin;
  TimePoint deadline;

  [[nodiscard]] static CallTime from_now(std::chrono::milliseconds patience) noexcept {
    const auto now = SteadyTime::now();
    return {now, now + std::min(patience, TimeSpan::longest)};
  }
  /// What is left for a further call, which begins now.
  [[nodiscard]] CallTime rest() const noexcept { return {SteadyTime::now(), deadline}; }
};

/// The argument of poll() for waiting until `deadline`, rounded up so that nobody wakes too early and spins.
inline int poll_milliseconds(TimePoint now, TimePoint deadline) noexcept {
  if (deadline <= now) return 0;
  const auto left = std::chrono::ceil<std::chrono::milliseconds>(deadline - now).count();
  return left > std::numeric_limits<int>::max() ? std::numeric_limits<int>::max() : static_cast<int>(left);
}

}  // namespace cachesite::redis
