#pragma once

#include <cstdint>

namespace cachesite::memory {

// Time inside an engine: quarters of a millisecond since the engine was built.
using Tick = std::uint64_t;
constexpr Tick ticks_per_millisecond = 4;
constexpr Tick never = ~Tick{0};

}  // namespace cachesite::memory
