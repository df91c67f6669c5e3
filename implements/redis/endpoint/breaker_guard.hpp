#pragma once

#include "redis/base/deadline.hpp"
#include "redis/endpoint/breaker.hpp"

#include <chrono>
#include <cstdint>
#include <mutex>

namespace cachesite::redis {

/// The way of one call through a breaker. A call that is the probe and brings no decision makes room for
/// another one in the end.
class BreakerGuard {
 public:
  /// The mutex is the one around the breaker. `call_timeout` is how long calls wait as a rule.
  BreakerGuard(Breaker& breaker, std::mutex& mutex, std::chrono::milliseconds call_timeout) noexcept
      : breaker_(breaker), mutex_(mutex), call_timeout_(call_timeout) {}
  ~BreakerGuard() {
    if (probe_ != 0) leave();
  }
  BreakerGuard(const BreakerGuard&) = delete;
  BreakerGuard& operator=(const BreakerGuard&) = delete;

  /// False when the call is refused.
  bool admit(CallTime time) noexcept {
    if (breaker_.refuses(time.begin)) return false;
    const std::lock_guard lock(mutex_);
    // Long enough for a probe to say that there was no answer, before another call tries.
    const auto admission =
        breaker_.enter(time.begin, is_conclusive(time.deadline - time.begin), 2 * call_timeout_);
    if (admission == Breaker::Admission::probe) probe_ = breaker_.probe();
    return admission != Breaker::Admission::refused;
  }
  /// Neither a call of little patience nor the rest of one that waited for something else says much.
  [[nodiscard]] bool is_conclusive(std::chrono::nanoseconds patience) const noexcept {
    return patience >= call_timeout_ / 2;
  }
  /// See Breaker.
  [[nodiscard]] std::uint64_t probe() const noexcept { return probe_; }

 private:
  void leave() noexcept {
    const std::lock_guard lock(mutex_);
    breaker_.probe_ended(SteadyTime::now(), probe_);
  }

  Breaker& breaker_;
  std::mutex& mutex_;
  const std::chrono::milliseconds call_timeout_;
  std::uint64_t probe_ = 0;
};

}  // namespace cachesite::redis
