#pragma once

#include <string>
#include <string_view>

namespace cachesite::test {

/// The bytes that hexadecimal digits mean.
inline std::string unhex(std::string_view digits) {
  const auto value = [](char digit) { return digit <= '9' ? digit - '0' : digit - 'a' + 10; };
  std::string bytes;
  for (std::size_t index = 0; index + 1 < digits.size(); index += 2)
    bytes.push_back(static_cast<char>(value(digits[index]) * 16 + value(digits[index + 1])));
  return bytes;
}

inline std::string hex(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string text;
  for (const char byte : bytes) {
    text.push_back(digits[static_cast<unsigned char>(byte) >> 4U]);
    text.push_back(digits[static_cast<unsigned char>(byte) & 15U]);
  }
  return text;
}

}  // namespace cachesite::test
