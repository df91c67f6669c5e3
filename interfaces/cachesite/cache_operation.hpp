#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace cachesite {

/// What a caller asks of a cache: one for each call of ICache that does work. `get`, `get_value` and `read`
/// are all `read`, `write` and `set_value` are both `write`; `keys` is a number of `scan`, and `expire_at` is
/// `expire`, or `remove` when its time is over.
enum class CacheOperation : std::uint8_t {
  read,
  write,
  add,
  replace,
  increment,
  remove,
  contains,
  time_to_live,
  expire,
  persist,
  get_many,
  set_many,
  remove_many,
  time_to_live_many,
  scan,
  remove_matching,
  clear,
  size,
};

/// How many there are.
inline constexpr std::size_t cache_operations = 18;

/// The operation as metrics and traces call it, such as "read".
[[nodiscard]] constexpr std::string_view to_string(CacheOperation operation) noexcept {
  switch (operation) {
    case CacheOperation::read:
      return "read";
    case CacheOperation::write:
      return "write";
    case CacheOperation::add:
      return "add";
    case CacheOperation::replace:
      return "replace";
    case CacheOperation::increment:
      return "increment";
    case CacheOperation::remove:
      return "remove";
    case CacheOperation::contains:
      return "contains";
    case CacheOperation::time_to_live:
      return "time_to_live";
    case CacheOperation::expire:
      return "expire";
    case CacheOperation::persist:
      return "persist";
    case CacheOperation::get_many:
      return "get_many";
    case CacheOperation::set_many:
      return "set_many";
    case CacheOperation::remove_many:
      return "remove_many";
    case CacheOperation::time_to_live_many:
      return "time_to_live_many";
    case CacheOperation::scan:
      return "scan";
    case CacheOperation::remove_matching:
      return "remove_matching";
    case CacheOperation::clear:
      return "clear";
    case CacheOperation::size:
      return "size";
  }
  return "unknown";
}

}  // namespace cachesite
