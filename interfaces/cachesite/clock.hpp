#pragma once

#include <cachesite/component.hpp>

#include <chrono>

namespace cachesite {

/// The clock of components. Expiry, deadlines and back-off use it, so a test with its own clock need not
/// wait. It is steady: setting the wall clock does not affect it.
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
