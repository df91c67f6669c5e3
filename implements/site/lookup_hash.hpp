#pragma once

#include <cachesite/component.hpp>

#include <bit>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace cachesite::site {

[[nodiscard]] inline std::uint64_t load_bytes(const char* bytes, std::size_t count) noexcept {
  std::uint64_t word = 0;
  std::memcpy(&word, bytes, count);
  return word;
}

[[nodiscard]] inline std::uint64_t mix_bits(std::uint64_t state) noexcept {
  return state * 0x9e3779b97f4a7c15U;
}

// The upper half is the better one. Whole words first, then the last eight bytes again (overlapping) or the
// few there are.
[[nodiscard, gnu::always_inline]] inline std::uint64_t lookup_hash(const InterfaceId& interface_id,
                                                                   std::string_view name) noexcept {
  const std::uint64_t seed = interface_id.hash ^ name.size();
  const char* const bytes = name.data();
  const std::size_t size = name.size();
  if (size >= 8) {
    std::uint64_t state = seed;
    for (std::size_t at = 0; at + 8 < size; at += 8)
      state = std::rotl(mix_bits(state ^ load_bytes(bytes + at, 8)), 32);
    return mix_bits(state ^ load_bytes(bytes + size - 8, 8));
  }
  if (size >= 4) return mix_bits(seed ^ load_bytes(bytes, 4) ^ (load_bytes(bytes + size - 4, 4) << 32U));
  if (size == 0) return mix_bits(seed);
  const auto byte = [&](std::size_t at) { return std::uint64_t{static_cast<unsigned char>(bytes[at])}; };
  return mix_bits(seed ^ (byte(0) | byte(size / 2) << 8U | byte(size - 1) << 16U));
}

}  // namespace cachesite::site
