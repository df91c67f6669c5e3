#pragma once

#include <string>
#include <string_view>

namespace cachesite::writing {

/// Appends the text between double quotes, with the escapes that YAML and JSON share. Throws
/// std::invalid_argument for text that is not UTF-8.
void append_quoted(std::string& output, std::string_view text);

/// True when YAML reads the text, written without quotes on a line of its own, as this same text.
[[nodiscard]] bool is_plain_text(std::string_view text);

}  // namespace cachesite::writing
