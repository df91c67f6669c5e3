#pragma once

#include "memory/base/tick.hpp"

#include <cachesite/clock.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace cachesite::memory {

// The clock in ticks. Of the machine's own clock the last answer is good for some cycles of the time-stamp
// counter, usually for less than a tick on anything above 1 GHz; any other clock is asked each time.
class TickClock {
 public:
  static constexpr std::uint64_t usual_cycles = 200'000;

  explicit TickClock(std::shared_ptr<const IClock> clock, std::uint64_t good_for = usual_cycles);

  // A time, and what has to be added to it so that nothing that begins at it ends early.
  struct Moment {
    Tick now;
    Tick lag;
    Tick after(std::uint64_t milliseconds) const noexcept {
      return now + milliseconds * ticks_per_millisecond + lag;
    }
  };

  Tick now() const noexcept {
#if defined(__x86_64__)
    if (cached_) {
      const std::uint64_t stamp = __rdtsc();
      // The order matters: whoever sees a new stamp also sees the tick that goes with it.
      if (stamp - stamp_.load(std::memory_order_acquire) < good_for_) [[likely]]
        return tick_.load(std::memory_order_relaxed);
      return refresh(stamp);
    }
#endif
    return exact();
  }

  // `now` on the clock itself.
  std::int64_t nanoseconds() const noexcept {
    return nanoseconds_of(now());
  }
  std::int64_t nanoseconds_of(Tick tick) const noexcept {
    return origin_nanoseconds_ +
           static_cast<std::int64_t>(tick) * static_cast<std::int64_t>(1'000'000 / ticks_per_millisecond);
  }

  // The time if it is known without asking; `never` when it is not.
  Tick known_now() const noexcept {
#if defined(__x86_64__)
    if (__rdtsc() - stamp_.load(std::memory_order_acquire) < good_for_) [[likely]]
      return tick_.load(std::memory_order_relaxed);
#endif
    return never;
  }

  // Asks again when the last answer is no longer good; true when that was so.
  bool renew() const noexcept {
    if (!cached_ || known_now() != never) return false;
    now();
    return true;
  }

  // A cached tick may lag by a tick and a fraction.
  Moment moment() const noexcept {
    return cached_ ? Moment{now(), 2} : exact_moment();
  }

 private:
  Tick exact() const noexcept;
  Moment exact_moment() const noexcept;
  Tick refresh(std::uint64_t stamp) const noexcept;

  std::shared_ptr<const IClock> clock_;
  IClock::TimePoint origin_;
  std::int64_t origin_nanoseconds_;
  bool cached_ = false;
  const std::uint64_t good_for_;
  alignas(64) mutable std::atomic<std::uint64_t> stamp_{0};
  mutable std::atomic<Tick> tick_{0};
};

}  // namespace cachesite::memory
