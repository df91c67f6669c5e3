#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>

namespace cachesite {

/// The languages a component file may be written in. Both say the same things: twins give equal documents.
enum class Format : std::uint8_t { yaml, json };

[[nodiscard]] constexpr std::string_view to_string(Format format) noexcept {
  return format == Format::yaml ? "yaml" : "json";
}

/// The format called `yaml`, `yml` or `json`, in letters of any case; nothing for any other name.
[[nodiscard]] inline std::optional<Format> format_from_name(std::string_view name) noexcept {
  const auto is = [name](std::string_view word) {
    return std::equal(name.begin(), name.end(), word.begin(), word.end(), [](char left, char right) {
      return (left >= 'A' && left <= 'Z' ? static_cast<char>(left - 'A' + 'a') : left) == right;
    });
  };
  if (is("yaml") || is("yml")) return Format::yaml;
  if (is("json")) return Format::json;
  return std::nullopt;
}

}  // namespace cachesite
