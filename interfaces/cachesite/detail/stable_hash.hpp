#pragma once

#include <cstdint>
#include <string_view>

namespace cachesite {

/// A hash of a text that is the same in every process, on every machine and in every release: FNV-1a with
/// 64 bits (Fowler, Noll and Vo). `stable_hash(b, stable_hash(a))` is the hash of `a` followed by `b`. It
/// suits names, and choices that programs have to make alike. It does not suit tables that strangers fill,
/// because texts with the same hash are easily made. Does not fail; takes time in proportion to the length of
/// the text; any thread may call it.
[[nodiscard]] constexpr std::uint64_t stable_hash(std::string_view text,
                                                  std::uint64_t before = 0xcbf2'9ce4'8422'2325U) noexcept {
  for (const char byte : text)
    before = (before ^ static_cast<unsigned char>(byte)) * 0x0000'0100'0000'01b3U;
  return before;
}

/// Tells texts apart in what people read: 32 bits of the same hash.
[[nodiscard]] constexpr std::uint32_t short_hash(std::string_view text) noexcept {
  const auto hash = stable_hash(text);
  return static_cast<std::uint32_t>(hash ^ hash >> 32U);
}

}  // namespace cachesite
