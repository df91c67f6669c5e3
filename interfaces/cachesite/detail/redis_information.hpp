#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>

namespace cachesite {

/// What a server says about itself in answer to INFO: named fields, such as `redis_version`, and composed
/// ones, such as `db0`, whose text is `keys=1,expires=0`.
class RedisInformation {
 public:
  RedisInformation() = default;

  /// Reads the text of INFO: `name:value` lines, comments with `#`. Other lines are left out.
  explicit RedisInformation(std::string_view text);

  /// The field's text; empty when the server does not report it.
  [[nodiscard]] std::string_view text(std::string_view field) const noexcept;
  /// The field as an integer; std::nullopt when there is none or it is no number.
  [[nodiscard]] std::optional<std::int64_t> integer(std::string_view field) const noexcept;
  /// One part of a composed field: `part("db0", "keys")`; empty when there is none.
  [[nodiscard]] std::string_view part(std::string_view field, std::string_view name) const noexcept;
  /// All fields by name.
  [[nodiscard]] const std::map<std::string, std::string, std::less<>>& fields() const noexcept {
    return fields_;
  }

 private:
  std::map<std::string, std::string, std::less<>> fields_;
};

}  // namespace cachesite
