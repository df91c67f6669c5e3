#pragma once

#include <cachesite/component.hpp>

#include <chrono>

namespace cachesite {

/// Where components read the time. Expiry, deadlines and back-off all use this clock, so a test that passes
/// its own moves time without waiting. It is steady: setting the wall clock changes nothing.
class IClock : public Interface<IClock, "IClock"> {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  /// The present time; never goes back. Safe from any thread.
  [[nodiscard]] virtual TimePoint now() const noexcept = 0;
};

/// The clock of the machine, `std::chrono::steady_clock`.
class SteadyClock final : public IClock {
 public:
  [[nodiscard]] TimePoint now() const noexcept override { return std::chrono::steady_clock::now(); }
};

}  // namespace cachesite
