#pragma once

#include "layers/remember/remember_call.hpp"

#include <cstdint>

namespace cachesite {

/// Until when a caller waits, and why not longer.
struct RememberCache::RememberCall::Limit {
  enum class Kind : std::uint8_t { wait, hard, call, soft };
  TimePoint at;
  Kind kind;
};

}  // namespace cachesite
