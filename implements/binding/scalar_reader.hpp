#pragma once

#include <cachesite/document.hpp>
#include <cachesite/parameter.hpp>

#include <optional>
#include <string>
#include <string_view>

namespace cachesite::binding {

// A scalar read as a value, or why not: `hint` may say how to write it.
struct ScalarResult {
  std::optional<ParameterValue> value;
  std::string hint;
};

// Reads a scalar by its declaration, which is neither a list nor a group; null is not for here.
[[nodiscard]] ScalarResult read_scalar(const ParameterDeclaration& declaration, const Node& node);

// A scalar node as a file would give it: `5` an integer, `true` a boolean, anything else text.
[[nodiscard]] Node plain_scalar(std::string_view text);

}  // namespace cachesite::binding
