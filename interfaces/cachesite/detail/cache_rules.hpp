#pragma once

#include <cachesite/bytes.hpp>
#include <cachesite/error.hpp>
#include <cachesite/time_to_live.hpp>

#include <cstddef>
#include <optional>
#include <string_view>

/// The rules for keys, values and TTLs of every cache: the reason to refuse an argument, if any.
namespace cachesite::detail {

inline constexpr std::size_t longest_key = std::size_t{64} * 1024;
inline constexpr std::size_t largest_value = std::size_t{512} * 1024 * 1024;

[[nodiscard]] inline std::optional<Error> refusal_of_key(std::string_view key) noexcept {
  if (key.empty()) return Error(ErrorCode::bad_argument, "a key is at least 1 byte long");
  if (key.size() > longest_key) return Error(ErrorCode::too_large, "a key is at most 64 KiB long");
  return std::nullopt;
}

[[nodiscard]] inline std::optional<Error> refusal_of_time_to_live(TimeToLive time_to_live) noexcept {
  if (time_to_live.valid()) return std::nullopt;
  return Error(ErrorCode::bad_argument,
               time_to_live.specified()
                   ? "a TTL is 1 ms to 10 years"
                   : "no TTL is given, and the cache has none for this key: give one with the call, or `ttl` "
                     "where the cache is declared");
}

[[nodiscard]] inline std::optional<Error> refusal_of_entry(std::string_view key,
                                                           const std::optional<ByteView>& value,
                                                           TimeToLive time_to_live) noexcept {
  if (auto refused = refusal_of_key(key)) return refused;
  if (value && value->size() > largest_value)
    return Error(ErrorCode::too_large, "a value is at most 512 MiB long");
  return refusal_of_time_to_live(time_to_live);
}

}  // namespace cachesite::detail
