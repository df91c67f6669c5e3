#include <cachesite/format.hpp>

#include <algorithm>

namespace cachesite {
namespace {

bool same_word(std::string_view given, std::string_view lower_case) {
  return std::equal(
      given.begin(), given.end(), lower_case.begin(), lower_case.end(), [](char left, char right) {
        return (left >= 'A' && left <= 'Z' ? static_cast<char>(left - 'A' + 'a') : left) == right;
      });
}

}  // namespace

std::optional<Format> format_from_name(std::string_view name) noexcept {
  if (same_word(name, "yaml") || same_word(name, "yml")) return Format::yaml;
  if (same_word(name, "json")) return Format::json;
  return std::nullopt;
}

std::optional<Format> format_from_path(const std::filesystem::path& path) {
  const std::string extension = path.extension().string();
  if (extension.empty()) return std::nullopt;
  return format_from_name(std::string_view(extension).substr(1));
}

}  // namespace cachesite
