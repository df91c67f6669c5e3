#include "memory/base/tick_clock.hpp"

#include <chrono>
#include <utility>
#if defined(__x86_64__)
#include <cpuid.h>
#endif

namespace cachesite::memory {

namespace {

using QuarterMilliseconds = std::chrono::duration<std::uint64_t, std::ratio<1, 1000 * ticks_per_millisecond>>;

bool counter_is_steady() noexcept {
#if defined(__x86_64__)
  unsigned a = 0;
  unsigned b = 0;
  unsigned c = 0;
  unsigned d = 0;
  return __get_cpuid(0x80000007U, &a, &b, &c, &d) != 0 && (d >> 8U & 1U) != 0;
#else
  return false;
#endif
}

}  // namespace

TickClock::TickClock(std::shared_ptr<const IClock> clock, std::uint64_t good_for)
    : clock_(std::move(clock)),
      origin_(clock_->now()),
      origin_nanoseconds_(std::chrono::nanoseconds(origin_.time_since_epoch()).count()),
      good_for_(good_for) {
  cached_ = dynamic_cast<const SteadyClock*>(clock_.get()) != nullptr && counter_is_steady();
}

Tick TickClock::exact() const noexcept {
  return std::chrono::duration_cast<QuarterMilliseconds>(clock_->now() - origin_).count();
}

Tick TickClock::refresh(std::uint64_t stamp) const noexcept {
  const Tick present = exact();
  Tick known = tick_.load(std::memory_order_relaxed);
  while (known < present && !tick_.compare_exchange_weak(known, present, std::memory_order_relaxed)) {
  }
  stamp_.store(stamp, std::memory_order_release);
  return known < present ? present : known;
}

TickClock::Moment TickClock::exact_moment() const noexcept {
  const auto since = clock_->now() - origin_;
  const auto ticks = std::chrono::duration_cast<QuarterMilliseconds>(since);
  return {ticks.count(), ticks < since ? Tick{1} : Tick{0}};
}

}  // namespace cachesite::memory
