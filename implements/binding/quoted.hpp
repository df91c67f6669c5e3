#pragma once

#include <string>
#include <string_view>

namespace cachesite::binding {

// The text between double quotes for a message: control characters escaped, cut after 60 characters.
[[nodiscard]] std::string quoted(std::string_view text);

}  // namespace cachesite::binding
