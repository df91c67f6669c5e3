#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace cachesite::site {

// Whether two texts are equal, for names of a few dozen bytes: a call of memcmp costs more than the
// comparison. Compares whole words
// from the end, the first ones overlapping.
[[nodiscard]] inline bool same_text(std::string_view left, std::string_view right) noexcept {
  const auto same = [&]<class Word>(std::size_t at, Word) {
    Word one;
    Word other;
    std::memcpy(&one, left.data() + at, sizeof(Word));
    std::memcpy(&other, right.data() + at, sizeof(Word));
    return one == other;
  };
  const std::size_t size = left.size();
  if (size != right.size()) return false;
  if (size >= 8) {
    std::size_t at = size - 8;
    while (same(at, std::uint64_t{})) {
      if (at == 0) return true;
      at = at > 8 ? at - 8 : 0;
    }
    return false;
  }
  if (size >= 4) return same(0, std::uint32_t{}) && same(size - 4, std::uint32_t{});
  for (std::size_t at = 0; at < size; ++at)
    if (left[at] != right[at]) return false;
  return true;
}

}  // namespace cachesite::site
