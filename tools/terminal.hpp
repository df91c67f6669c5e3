#pragma once

#include <cstdio>
#include <string>
#include <string_view>

namespace cachesite::tool {

enum class Colour { red, yellow, green };

/// The text in a colour when the stream is a terminal that has some and nobody asks for none (NO_COLOR);
/// otherwise as it is.
std::string painted(std::string_view text, Colour colour, std::FILE* stream);

/// Writes problems as `to_text` makes them, and a line end; in colours where there are some. What goes to the
/// standard output is not lost without an exception, as with `print`.
void print_problems(const std::string& text, std::FILE* stream);

}  // namespace cachesite::tool
