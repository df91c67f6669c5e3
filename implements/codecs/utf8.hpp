#pragma once

#include <cstddef>
#include <string_view>

namespace cachesite::codecs {

// True for well-formed UTF-8: no over-long forms, no surrogates, nothing above U+10FFFF.
constexpr bool is_utf8(std::string_view text) noexcept {
  const auto at = [&](std::size_t index) { return static_cast<unsigned char>(text[index]); };
  for (std::size_t index = 0; index < text.size();) {
    const unsigned first = at(index);
    if (first < 0x80) {
      ++index;
      continue;
    }
    const std::size_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
    if (first < 0xC2 || first > 0xF4 || text.size() - index < size) return false;
    const unsigned second = at(index + 1);
    const unsigned least = first == 0xE0 ? 0xA0U : first == 0xF0 ? 0x90U : 0x80U;
    const unsigned most = first == 0xED ? 0x9FU : first == 0xF4 ? 0x8FU : 0xBFU;
    if (second < least || second > most) return false;
    for (std::size_t next = 2; next < size; ++next)
      if ((at(index + next) & 0xC0U) != 0x80U) return false;
    index += size;
  }
  return true;
}

}  // namespace cachesite::codecs
