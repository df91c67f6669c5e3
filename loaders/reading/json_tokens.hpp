#pragma once

#include <cstddef>
#include <string_view>

namespace cachesite::reading {

/// A piece of JSON text, by its first character and its end. It finds places; whether the piece is valid is
/// for the parser to say.
struct JsonToken {
  std::size_t start = 0;
  std::size_t end = 0;
  char first = '\0';   // '\0' at the end of the text
  bool closed = true;  // false for a string without its closing quote
};

/// The token at or after `offset`.
[[nodiscard]] JsonToken next_json_token(std::string_view text, std::size_t offset);

}  // namespace cachesite::reading
