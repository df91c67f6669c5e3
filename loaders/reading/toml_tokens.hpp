#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

namespace cachesite::reading {

/// A piece of TOML text. It finds places; whether the piece is valid is for others to say.
struct TomlToken {
  enum class Kind : std::uint8_t { end, line_end, mark, word, text };

  Kind kind = Kind::end;
  std::size_t start = 0;
  std::size_t end = 0;
  char first = '\0';           // '\0' at the end of the text
  bool closed = true;          // false for a text without its closing quotation mark
  bool several_lines = false;  // a text between three quotation marks

  [[nodiscard]] bool is(char mark) const noexcept { return kind == Kind::mark && first == mark; }
  [[nodiscard]] bool ends_line() const noexcept { return kind <= Kind::line_end; }
};

/// Where a dot stands between words, and where it belongs to one.
enum class TomlPlace : std::uint8_t { key, value };

/// The token at or after `offset`; blanks and comments are no tokens.
[[nodiscard]] TomlToken next_toml_token(std::string_view text, std::size_t offset, TomlPlace place);

}  // namespace cachesite::reading
