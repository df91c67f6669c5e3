#pragma once

#include <cachesite/clock.hpp>

#include <atomic>

namespace cachesite::bench {

// A clock that stands still until it is moved.
class SettableClock final : public IClock {
 public:
  TimePoint now() const noexcept override {
    return TimePoint(TimePoint::duration(now_.load(std::memory_order_relaxed)));
  }
  void advance(TimePoint::duration duration) { now_.fetch_add(duration.count()); }

 private:
  std::atomic<TimePoint::rep> now_{1'000'000'000};
};

}  // namespace cachesite::bench
