#pragma once

#include <cachesite/document.hpp>

#include <string>

namespace cachesite::writing {

/// The tree as TOML. Throws std::invalid_argument for what TOML cannot say.
[[nodiscard]] std::string write_toml(const Node& root);

}  // namespace cachesite::writing
