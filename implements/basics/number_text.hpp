#pragma once

#include <charconv>
#include <concepts>
#include <cstdint>
#include <optional>
#include <string_view>
#include <system_error>

namespace cachesite::basics {

/// The whole number that the text is, from `least` to `most`; nothing when it is anything else.
template <std::unsigned_integral Number>
[[nodiscard]] std::optional<Number> read_number(std::string_view text, Number least, Number most) noexcept {
  Number number = 0;
  const auto* const end = text.data() + text.size();
  const auto read = std::from_chars(text.data(), end, number);
  if (read.ec != std::errc() || read.ptr != end || number < least || number > most) return std::nullopt;
  return number;
}

/// A port that can be connected to.
[[nodiscard]] inline std::optional<std::uint16_t> read_port(std::string_view text) noexcept {
  return read_number<std::uint16_t>(text, 1, 65535);
}

}  // namespace cachesite::basics
