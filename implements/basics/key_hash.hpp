#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <string_view>

namespace cachesite::basics {

__extension__ using Wide = unsigned __int128;

// Two words drawn at random for each table: without them nobody can prepare keys that collide. The first is
// odd, so that a product with it loses nothing.
struct HashSeed {
  std::uint64_t first = 0;
  std::uint64_t second = 0;

  // Throws when the system has no randomness to give.
  [[nodiscard]] static HashSeed random();
};

inline std::uint64_t load_word(const char* bytes) noexcept {
  std::uint64_t word;
  std::memcpy(&word, bytes, sizeof word);
  return word;
}

// One to seven bytes, padded with zeros as they stand in memory.
inline std::uint64_t load_partial_word(const char* bytes, std::size_t count) noexcept {
  if (count >= 4) {
    std::uint32_t first;
    std::uint32_t last;
    std::memcpy(&first, bytes, sizeof first);
    std::memcpy(&last, bytes + count - 4, sizeof last);
    return first | std::uint64_t{last} << (8 * (count - 4));
  }
  const auto byte = [bytes](std::size_t place) {
    return std::uint64_t{static_cast<unsigned char>(bytes[place])} << (8 * place);
  };
  return byte(0) | byte(count / 2) | byte(count - 1);
}

// The last bytes of a longer text: those after its last whole word, padded with zeros; zero when there are
// none.
inline std::uint64_t load_rest(const char* bytes, std::size_t size) noexcept {
  const std::size_t rest = size & 7U;
  return rest == 0 ? 0 : load_word(bytes + size - 8) >> (8 * (8 - rest));
}

inline std::uint64_t fold_product(std::uint64_t left, std::uint64_t right) noexcept {
  const Wide product = Wide{left} * right;
  return static_cast<std::uint64_t>(product) ^ static_cast<std::uint64_t>(product >> 64U);
}

// Two or more products of 64 by 64 bits, folded; at least two words of the key's end go into the last but one
// or the last.
[[gnu::always_inline]] inline std::uint64_t hash_key(std::string_view key, const HashSeed& seed) noexcept {
  const char* bytes = key.data();
  const std::size_t size = key.size();
  // The length is multiplied by a secret: lengths that differ cannot be made up for by bytes that differ.
  std::uint64_t state = (seed.second + size) * seed.first;
  if (size > 16) {
    state = fold_product(load_word(bytes) ^ seed.first, load_word(bytes + 8) ^ state);
    for (std::size_t done = 16; done + 16 < size; done += 16)
      state = fold_product(load_word(bytes + done) ^ seed.first, load_word(bytes + done + 8) ^ state);
    return fold_product(load_word(bytes + size - 16) ^ seed.second, load_word(bytes + size - 8) ^ state);
  }
  std::uint64_t low = 0;
  std::uint64_t high = 0;
  if (size >= 8) {
    low = load_word(bytes);
    high = load_word(bytes + size - 8);
  } else {
    low = size == 0 ? 0 : load_partial_word(bytes, size);
  }
  state = fold_product(low ^ seed.first, high ^ state);
  return fold_product(state ^ seed.second, 0x9E3779B97F4A7C15U);
}

}  // namespace cachesite::basics
