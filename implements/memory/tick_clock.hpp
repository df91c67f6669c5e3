#pragma once

#include "memory/entry.hpp"

#include <cachesite/clock.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#if defined(__x86_64__)
#include <x86intrin.h>
#endif

namespace cachesite::memory {

// The clock in ticks. Of the machine's own clock the last answer is good for 100 000 cycles of the time-stamp
// counter, well under a tick on anything above 1 GHz; any other clock is asked each time.
class TickClock {
 public:
  explicit TickClock(std::shared_ptr<const IClock> clock);

  Tick now() const noexcept {
#if defined(__x86_64__)
    if (cached_) {
      const std::uint64_t stamp = __rdtsc();
      // The order matters: whoever sees a new stamp also sees the tick that goes with it.
      if (stamp - stamp_.load(std::memory_order_acquire) < good_for)
        return tick_.load(std::memory_order_relaxed);
      return refresh(stamp);
    }
#endif
    return exact();
  }

  // The first tick at which an entry written now is over.
  Tick after(std::uint64_t milliseconds) const noexcept;

 private:
  static constexpr std::uint64_t good_for = 100'000;

  Tick exact() const noexcept;
  Tick refresh(std::uint64_t stamp) const noexcept;

  std::shared_ptr<const IClock> clock_;
  IClock::TimePoint origin_;
  bool cached_ = false;
  alignas(64) mutable std::atomic<std::uint64_t> stamp_{0};
  mutable std::atomic<Tick> tick_{0};
};

}  // namespace cachesite::memory
