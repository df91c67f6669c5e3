#pragma once

#include <cachesite/document.hpp>

#include <string>

namespace cachesite::site {

// `shop.yml:7:9`
[[nodiscard]] std::string place_text(const Document& document, Position position);

// The place of a value, with the expression that was substituted there, if one was: `shop.yml:7:9
// ${env:PORT}`. The default that an expression may have is left out.
[[nodiscard]] std::string origin_text(const Document& document, const Node& node);

}  // namespace cachesite::site
