#pragma once

#include <cstdint>
#include <random>
#include <string>
#include <string_view>

namespace cachesite::test {

inline std::string random_bytes(std::size_t size, unsigned seed) {
  std::minstd_rand random(seed + 1);
  std::string bytes(size, '\0');
  for (auto& byte : bytes)
    byte = static_cast<char>(random() >> 8U);
  return bytes;
}

/// Bytes that compress to about half.
inline std::string compressible(std::size_t size, unsigned seed) {
  auto bytes = random_bytes(size, seed);
  for (auto& byte : bytes)
    byte = static_cast<char>('a' + (static_cast<unsigned char>(byte) & 15U));
  return bytes;
}

/// Calls `check(damaged)` with the bytes cut at every place, with every bit turned over, and with bytes
/// behind.
template <class Check>
void for_each_damage(const std::string& bytes, Check&& check) {
  for (std::size_t size = 0; size < bytes.size(); ++size)
    check(bytes.substr(0, size));
  for (std::size_t bit = 0; bit < bytes.size() * 8; ++bit) {
    auto damaged = bytes;
    damaged[bit / 8] = static_cast<char>(static_cast<unsigned char>(damaged[bit / 8]) ^ (1U << (bit % 8)));
    check(damaged);
  }
  check(bytes + '\0');
  check(bytes + bytes);
}

}  // namespace cachesite::test
