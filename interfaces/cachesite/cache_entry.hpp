#pragma once

#include <cachesite/bytes.hpp>
#include <cachesite/time_to_live.hpp>

#include <optional>
#include <string_view>

namespace cachesite {

/// One entry to be stored: what `ICache::set_many` takes. It owns nothing.
struct CacheEntry {
  std::string_view key;
  /// The value; a cached null for std::nullopt.
  std::optional<ByteView> value;
  /// Left to the cache when not given.
  TimeToLive time_to_live = TimeToLive::unspecified();
};

}  // namespace cachesite
