#pragma once

#include <charconv>
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>
#include <utility>

namespace cachesite {

/// What a server says about itself in answer to INFO: named fields, such as `redis_version`, and composed
/// ones, such as `db0`, whose text is `keys=1,expires=0`.
class RedisInformation {
 public:
  RedisInformation() = default;

  /// Reads the text of INFO: `name:value` lines, comments with `#`. Other lines are left out.
  explicit RedisInformation(std::string_view text) {
    while (!text.empty()) {
      const auto end = text.find('\n');
      std::string_view line = text.substr(0, end);
      text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
      if (line.ends_with('\r')) line.remove_suffix(1);
      const auto colon = line.find(':');
      if (line.starts_with('#') || colon == std::string_view::npos) continue;
      fields_.insert_or_assign(std::string(line.substr(0, colon)), std::string(line.substr(colon + 1)));
    }
  }

  /// The field's text; empty when the server does not report it.
  [[nodiscard]] std::string_view text(std::string_view field) const noexcept {
    const auto found = fields_.find(field);
    return found == fields_.end() ? std::string_view() : std::string_view(found->second);
  }
  /// The field as an integer; std::nullopt when there is none or it is no number.
  [[nodiscard]] std::optional<std::int64_t> integer(std::string_view field) const noexcept {
    return number(text(field));
  }
  /// One part of a composed field: `part("db0", "keys")`; empty when there is none.
  [[nodiscard]] std::string_view part(std::string_view field, std::string_view name) const noexcept {
    std::string_view rest = text(field);
    while (!rest.empty()) {
      const auto comma = rest.find(',');
      const std::string_view piece = rest.substr(0, comma);
      rest.remove_prefix(comma == std::string_view::npos ? rest.size() : comma + 1);
      if (piece.size() > name.size() && piece.starts_with(name) && piece[name.size()] == '=')
        return piece.substr(name.size() + 1);
    }
    return {};
  }
  /// All fields by name.
  [[nodiscard]] const std::map<std::string, std::string, std::less<>>& fields() const noexcept {
    return fields_;
  }

 private:
  static std::optional<std::int64_t> number(std::string_view text) noexcept {
    std::int64_t value = 0;
    const auto read = std::from_chars(text.data(), text.data() + text.size(), value);
    if (read.ec != std::errc() || read.ptr != text.data() + text.size()) return std::nullopt;
    return value;
  }

  std::map<std::string, std::string, std::less<>> fields_;
};

}  // namespace cachesite
