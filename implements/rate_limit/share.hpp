#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>

namespace cachesite::rate_limits {

/// A share in whole thousandths, so that parts are counted exactly.
[[nodiscard]] inline std::int64_t thousandths_of(double share) noexcept {
  return std::lround(share * 1000);
}

/// The part of a limit that so many thousandths are; at least 1.
[[nodiscard]] inline std::uint64_t part_of(std::uint64_t limit, std::int64_t thousandths) noexcept {
  return std::max<std::uint64_t>(1, limit * static_cast<std::uint64_t>(thousandths) / 1000);
}

}  // namespace cachesite::rate_limits
