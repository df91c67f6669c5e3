#pragma once

#include <cstdint>
#include <filesystem>
#include <optional>
#include <string_view>

namespace cachesite {

/// The languages a component file may be written in. Both say the same things: twins give equal documents.
enum class Format : std::uint8_t { yaml, json };

[[nodiscard]] constexpr std::string_view to_string(Format format) noexcept {
  return format == Format::yaml ? "yaml" : "json";
}

/// The format called `yaml`, `yml` or `json`, in letters of any case; nothing for any other name.
[[nodiscard]] std::optional<Format> format_from_name(std::string_view name) noexcept;

/// The format that the extension of a path (`.yaml`, `.yml`, `.json`, in letters of any case) stands for.
[[nodiscard]] std::optional<Format> format_from_path(const std::filesystem::path& path);

}  // namespace cachesite
