#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace cachesite::serializing {

// Python writes NaN, Infinity and -Infinity, which the grammar does not have. Each is replaced by a string,
// and remembered by how many strings come before it.
struct JsonLiterals {
  struct Literal {
    std::size_t strings_before;
    double value;
  };
  // Empty when there are none; the text is then good as it is.
  std::vector<Literal> literals;
  std::string text;
};

// Ends with more than `most` literals, at the one that is too many.
JsonLiterals replace_literals(std::string_view text, std::size_t most);

}  // namespace cachesite::serializing
