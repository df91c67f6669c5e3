#pragma once

#include <string>
#include <string_view>

namespace cachesite::reading {

[[nodiscard]] constexpr bool is_digit(char character) noexcept {
  return character >= '0' && character <= '9';
}

/// True when a key may be written so without quotation marks.
[[nodiscard]] bool is_bare_toml_key(std::string_view word) noexcept;

/// True for a word without quotation marks that has the shape of a TOML value. Whether there is such a day,
/// and whether a number is too large, is left to the parser.
[[nodiscard]] bool looks_like_toml_value(std::string_view word);

/// What to do about a word that is no TOML value.
[[nodiscard]] std::string cure_of_toml_word(std::string_view word);

/// A number as JSON and YAML write it: without underscores and a plus sign. Another word as it is.
[[nodiscard]] std::string plain_toml_word(std::string_view word);

}  // namespace cachesite::reading
