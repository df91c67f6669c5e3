#pragma once

#include <cstdint>

namespace cachesite {

/// Why an entry was removed from a cache.
enum class RemovalCause : std::uint8_t {
  expired,   ///< its TTL ended
  evicted,   ///< it was evicted for lack of room
  replaced,  ///< a newer value took its place
  removed,   ///< a caller removed it
  cleared,   ///< a caller removed all entries
};

}  // namespace cachesite
