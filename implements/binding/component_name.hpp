#pragma once

#include <string_view>

namespace cachesite::binding {

inline constexpr std::string_view name_rule = "a name is at most 64 letters, digits, \"_\", \".\" and \"-\"";

// A component that stands in place of a reference is referred to by its path, this character and a number that
// tells it from others: `products.store#7`. No name has the character.
inline constexpr char in_place_mark = '#';

[[nodiscard]] bool valid_component_name(std::string_view name) noexcept;
// Throws std::invalid_argument.
void check_component_name(std::string_view name);
// The path of a component that stands in place of a reference; any other name as it is.
[[nodiscard]] std::string_view shown_name(std::string_view name) noexcept;

}  // namespace cachesite::binding
