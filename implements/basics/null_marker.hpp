#pragma once

#include <string_view>

namespace cachesite::basics {

// How redis-kit writes a cached null. Values of users that could be taken for one are stored with one marker
// in front.

inline constexpr std::string_view null_marker{"\0__REDIS_KIT_NONE__\0", 20};
/// Written by versions before 1.0.4; only read.
inline constexpr std::string_view old_null_marker{"__REDIS_KIT_NONE__"};

enum class StoredAs : unsigned char { value, null, escaped_value };

constexpr StoredAs classify_stored(std::string_view bytes) noexcept {
  if (bytes == null_marker || bytes == old_null_marker) return StoredAs::null;
  return bytes.starts_with(null_marker) ? StoredAs::escaped_value : StoredAs::value;
}

constexpr bool needs_escape(std::string_view value) noexcept {
  return value.starts_with(null_marker) || value == old_null_marker;
}

}  // namespace cachesite::basics
