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

// Two or more products of 64 by 64 bits, folded; at least two words of the key's end go into the last but one
// or the last.
inline std::uint64_t hash_key(std::string_view key, const HashSeed& seed) noexcept {
  const char* bytes = key.data();
  const std::size_t size = key.size();
  // The length is multiplied by a secret: lengths that differ cannot be made up for by bytes that differ.
  std::uint64_t state = (seed.second + size) * (seed.first | 1U);
  if (size > 16) {
    for (std::size_t left = size; left > 16; left -= 16, bytes += 16) {
      state = fold_product(load_word(bytes) ^ seed.first, load_word(bytes + 8) ^ state);
    }
    const char* end = key.data() + size;
    return fold_product(load_word(end - 16) ^ seed.second, load_word(end - 8) ^ state);
  }
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  if (size >= 8) {
    low = load_word(bytes);
    high = load_word(bytes + size - 8);
  } else {
    low = load_partial_word(bytes, size);
  }
  state = fold_product(low ^ seed.first, high ^ state);
  return fold_product(state ^ seed.second, 0x9E3779B97F4A7C15U);
}

}  // namespace cachesite::memory
