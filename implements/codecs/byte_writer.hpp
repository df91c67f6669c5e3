#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

namespace cachesite::codecs {

inline void append_byte(std::string& bytes, unsigned byte) {
  bytes.push_back(static_cast<char>(byte));
}

inline void append_big_endian(std::string& bytes, std::uint64_t number, std::size_t size) {
  for (std::size_t index = size; index-- > 0;)
    append_byte(bytes, static_cast<unsigned>(number >> (8U * index)) & 0xFFU);
}

inline void append_little_endian(std::string& bytes, std::uint64_t number, std::size_t size) {
  for (std::size_t index = 0; index < size; ++index)
    append_byte(bytes, static_cast<unsigned>(number >> (8U * index)) & 0xFFU);
}

}  // namespace cachesite::codecs
