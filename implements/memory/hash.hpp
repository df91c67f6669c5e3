#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace cachesite::memory {

__extension__ using Wide = unsigned __int128;

// Two words drawn at random for each engine: without them nobody can prepare keys that collide.
struct HashSeed {
  std::uint64_t first = 0;
  std::uint64_t second = 0;
};

inline std::uint64_t load_word(const char* bytes) noexcept {
  std::uint64_t word;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

// One to seven bytes, padded with zeros as they stand in memory.
inline std::uint64_t load_partial_word(const char* bytes, std::size_t count) noexcept {
  std::uint64_t word = 0;
  if (count & 4U) {
    std::uint32_t part;
    std::memcpy(&part, bytes, sizeof part);
    word = part;
    if (count == 4) return word;
    std::memcpy(&part, bytes + count - 4, sizeof part);
    return word | std::uint64_t{part} << (8 * (count - 4));
  }
  for (std::size_t i = 0; i < count; ++i) {
    word |= std::uint64_t{static_cast<unsigned char>(bytes[i])} << (8 * i);
  }
  return word;
}

inline std::uint64_t fold_product(std::uint64_t left, std::uint64_t right) noexcept {
  const Wide product = Wide{left} * right;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U);
}

inline std::uint64_t hash_key(std::string_view key, const HashSeed& seed) noexcept {
  const char* bytes = key.data();
  std::size_t left = key.size();
  std::uint64_t state = seed.second ^ left;
  while (left > 16) {
    state = fold_product(load_word(bytes) ^ seed.first, load_word(bytes + 8) ^ state);
    bytes += 16;
    left -= 16;
  }
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  if (left >= 8) {
    low = load_word(bytes);
    high = load_word(bytes + left - 8);
  } else if (left > 0) {
    low = load_partial_word(bytes, left);
  }
  state = fold_product(low ^ seed.first, high ^ state);
  return fold_product(state ^ seed.second, 0x9E3779B97F4A7C15U);
}

}  // namespace cachesite::memory
