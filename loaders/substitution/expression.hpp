#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cachesite::substitution {

/// A piece of a scalar: characters that stand for themselves, or an expression.
struct Piece {
  enum class Kind : unsigned char { literal, environment, file, malformed, nested };

  Kind kind = Kind::literal;
  std::string_view written;   // as in the scalar
  std::string_view argument;  // the characters, the variable's name, or the path
  bool has_fallback = false;
  std::string_view fallback;
  std::string_view inner;  // what stands in a nested expression from its second ${ on
};

/// Takes a scalar apart; the pieces point into it. A scalar without expressions and escapes gives one
/// literal.
[[nodiscard]] std::vector<Piece> split(std::string_view scalar);

/// `${NAME}` or `${NAME:-default}`, with a name in capital letters: other programs put the environment in
/// there. Or `${word:...}`, with a word that is neither `env` nor `file`.
struct ForeignExpression {
  std::string_view written;
  bool is_variable = false;
  bool has_fallback = false;
};
/// The first one in the text.
[[nodiscard]] std::optional<ForeignExpression> find_foreign(std::string_view text);

}  // namespace cachesite::substitution
