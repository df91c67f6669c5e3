#pragma once

#include <cstdint>

namespace cachesite {

/// Why an entry left a cache.
enum class RemovalCause : std::uint8_t {
  expired,   ///< its time was over
  evicted,   ///< it was given up for room
  replaced,  ///< a newer value took its place
  removed,   ///< a caller removed it
  cleared,   ///< a caller removed all entries
};

}  // namespace cachesite
