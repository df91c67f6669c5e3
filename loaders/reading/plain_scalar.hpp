#pragma once

#include <cachesite/document.hpp>

#include <string_view>

namespace cachesite::reading {

/// What an unquoted scalar is: null, a boolean, a decimal number in JSON's notation, or text.
[[nodiscard]] Node::Kind kind_of_plain(std::string_view text) noexcept;

}  // namespace cachesite::reading
