#pragma once

#include <cstddef>
#include <string_view>
#include <utility>

namespace cachesite::basics {

// The code point that starts at `text[offset]` and its bytes; 0 bytes when the text is no UTF-8 there.
[[nodiscard]] inline std::pair<char32_t, std::size_t> decode_utf8(std::string_view text, std::size_t offset) {
  const auto byte = [&](std::size_t index) { return static_cast<unsigned char>(text[index]); };
  const unsigned char first = byte(offset);
  if (first < 0x80) return {first, 1};
  const std::size_t length = first >= 0xF0 ? 4U : first >= 0xE0 ? 3U : 2U;
  if (first < 0xC2 || first > 0xF4 || offset + length > text.size()) return {0, 0};
  auto point = static_cast<char32_t>(first & (0xFFU >> (length + 1)));
  for (std::size_t index = 1; index < length; ++index) {
    if ((byte(offset + index) & 0xC0U) != 0x80U) return {0, 0};
    point = (point << 6U) | (byte(offset + index) & 0x3FU);
  }
  const char32_t least = length == 4 ? 0x10000U : length == 3 ? 0x800U : 0x80U;
  if (point < least || point > 0x10FFFF || (point >= 0xD800 && point <= 0xDFFF)) return {0, 0};
  return {point, length};
}

[[nodiscard]] inline bool is_utf8(std::string_view text) {
  for (std::size_t offset = 0; offset < text.size();) {
    const std::size_t length =
        static_cast<unsigned char>(text[offset]) < 0x80 ? 1 : decode_utf8(text, offset).second;
    if (length == 0) return false;
    offset += length;
  }
  return true;
}

}  // namespace cachesite::basics
