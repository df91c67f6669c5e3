#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace cachesite::substitution {

/// A piece of a scalar: characters that stand for themselves, or an expression.
struct Piece {
  enum class Kind : unsigned char { literal, environment, file, malformed };

  Kind kind = Kind::literal;
  std::string_view written;   // as in the scalar
  std::string_view argument;  // the characters, the variable's name, or the path
  bool has_fallback = false;
  std::string_view fallback;
};

/// Takes a scalar apart; the pieces point into it. A scalar without expressions and escapes gives one
/// literal.
[[nodiscard]] std::vector<Piece> split(std::string_view scalar);

}  // namespace cachesite::substitution
