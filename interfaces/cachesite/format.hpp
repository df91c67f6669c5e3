#pragma once

#include <algorithm>
#include <cstdint>
#include <optional>
#include <string_view>

namespace cachesite {

/// The languages a component file may be written in. All say the same things: twins give equal documents.
/// TOML alone has no null, and a mapping at the top of each file.
enum class Format : std::uint8_t { yaml, json, toml };

[[nodiscard]] constexpr std::string_view to_string(Format format) noexcept {
  return format == Format::yaml ? "yaml" : format == Format::json ? "json" : "toml";
}

/// The format called `yaml`, `yml`, `json`, `toml` or `tml`, in letters of any case; nothing for any other
/// name.
[[nodiscard]] inline std::optional<Format> format_from_name(std::string_view name) noexcept {
  const auto is = [name](std::string_view word) {
    return std::equal(name.begin(), name.end(), word.begin(), word.end(), [](char left, char right) {
      return (left >= 'A' && left <= 'Z' ? static_cast<char>(left - 'A' + 'a') : left) == right;
    });
  };
  if (is("yaml") || is("yml")) return Format::yaml;
  if (is("json")) return Format::json;
  if (is("toml") || is("tml")) return Format::toml;
  return std::nullopt;
}

}  // namespace cachesite
