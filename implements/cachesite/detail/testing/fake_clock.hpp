#pragma once

#include <cachesite/clock.hpp>

#include <atomic>
#include <chrono>

namespace cachesite::testing {

/// A clock that stands still until a test moves it. Safe from any thread.
class FakeClock final : public IClock {
 public:
  /// Starts far from zero, so that code may subtract from it.
  explicit FakeClock(TimePoint start = TimePoint(std::chrono::hours(1000)))
      : now_(start.time_since_epoch().count()) {}

  [[nodiscard]] TimePoint now() const noexcept override {
    return TimePoint(TimePoint::duration(now_.load()));
  }

  /// Moves the clock forward.
  void advance(TimePoint::duration duration) { now_.fetch_add(duration.count()); }

 private:
  std::atomic<TimePoint::rep> now_;
};

}  // namespace cachesite::testing
