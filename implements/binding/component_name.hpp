#pragma once

#include <string_view>

namespace cachesite::binding {

inline constexpr std::string_view name_rule = "a name is at most 64 letters, digits, \"_\", \".\" and \"-\"";

[[nodiscard]] bool valid_component_name(std::string_view name) noexcept;
// Throws std::invalid_argument.
void check_component_name(std::string_view name);

}  // namespace cachesite::binding
