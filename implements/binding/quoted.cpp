#include "binding/quoted.hpp"

#include <cstddef>

namespace cachesite::binding {

namespace {

constexpr std::size_t characters_shown = 60;

bool continues_character(char byte) noexcept {
  return (static_cast<unsigned char>(byte) & 0xc0U) == 0x80U;
}

}  // namespace

std::string quoted(std::string_view text) {
  constexpr std::string_view hexadecimal = "0123456789abcdef";
  std::string result = "\"";
  std::size_t characters = 0;
  for (const char byte : text) {
    if (!continues_character(byte) && ++characters > characters_shown) {
      result += "...";
      break;
    }
    const auto code = static_cast<unsigned char>(byte);
    if (code < 0x20 || code == 0x7f) {
      result += "\\x";
      result += hexadecimal[code >> 4U];
      result += hexadecimal[code & 15U];
    } else {
      result += byte;
    }
  }
  return result + "\"";
}

}  // namespace cachesite::binding
