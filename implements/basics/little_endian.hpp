#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace cachesite::basics {

// Numbers of `size` bytes, the lowest first. The bytes from `at` on have to be there.
inline void put_little_endian(std::string& bytes, std::size_t at, std::uint64_t number,
                              std::size_t size) noexcept {
  for (std::size_t index = 0; index < size; ++index, number >>= 8U)
    bytes[at + index] = static_cast<char>(number & 0xFFU);
}

inline std::uint64_t take_little_endian(std::string_view bytes, std::size_t at, std::size_t size) noexcept {
  std::uint64_t number = 0;
  for (std::size_t index = size; index-- > 0;)
    number = number << 8U | static_cast<unsigned char>(bytes[at + index]);
  return number;
}

}  // namespace cachesite::basics
