#pragma once

#include <cstdint>
#include <initializer_list>
#include <string_view>

#include <zlib.h>

namespace cachesite::basics {

// The CRC-32 of zlib over the parts, one after the other.
inline std::uint32_t checksum_of(std::initializer_list<std::string_view> parts) noexcept {
  auto sum = ::crc32_z(0, nullptr, 0);
  for (const auto part : parts)
    sum = ::crc32_z(sum, reinterpret_cast<const Bytef*>(part.data()), part.size());
  return static_cast<std::uint32_t>(sum);
}

}  // namespace cachesite::basics
