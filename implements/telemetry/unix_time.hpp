#pragma once

#include <chrono>
#include <cstdint>

namespace cachesite::telemetry {

/// Nanoseconds since 1970, UTC, as the protocol wants them.
inline std::int64_t unix_now() noexcept {
  return std::chrono::duration_cast<std::chrono::nanoseconds>(
             std::chrono::system_clock::now().time_since_epoch())
      .count();
}

}  // namespace cachesite::telemetry
