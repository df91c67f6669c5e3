#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace cachesite {

/// How well a component is able to do its work right now.
enum class HealthState : std::uint8_t {
  up,        ///< works
  degraded,  ///< works in part, or works around a failure
  down,      ///< does not work at present
};

[[nodiscard]] constexpr std::string_view to_string(HealthState state) noexcept {
  switch (state) {
    case HealthState::up:
      return "up";
    case HealthState::degraded:
      return "degraded";
    case HealthState::down:
      return "down";
  }
  return "unknown";
}

/// The state of a component and, unless it is up, the reason in one sentence. The reason holds no secret.
struct Health {
  HealthState state = HealthState::up;
  std::string reason;
};

}  // namespace cachesite
