#pragma once

#include <cachesite/lookup.hpp>

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace cachesite::memory {

// Time inside an engine: quarters of a millisecond since the engine was built.
using Tick = std::uint64_t;
constexpr Tick ticks_per_millisecond = 4;
constexpr Tick never = ~Tick{0};

// The life of an entry that has not ended.
inline Remaining remaining_until(Tick expiry, Tick now) noexcept {
  if (expiry == never) return {Remaining::State::no_expiry, {}};
  const std::uint64_t left = std::max<std::uint64_t>(1, (expiry - now) / ticks_per_millisecond);
  return {Remaining::State::expires, std::chrono::milliseconds(static_cast<std::int64_t>(left))};
}

}  // namespace cachesite::memory
