#include "terminal.hpp"

#include "answer.hpp"

#include <algorithm>
#include <cstdlib>

#include <unistd.h>

namespace cachesite::tool {

namespace {

bool has_colours(std::FILE* stream) {
  const auto value_of = [](const char* name) {
    const char* const value = std::getenv(name);
    return std::string_view(value ? value : "");
  };
  return value_of("NO_COLOR").empty() && value_of("TERM") != "dumb" && ::isatty(::fileno(stream)) == 1;
}

/// The word of the severity with its id, or the marks under the text at fault.
std::string painted_line(std::string_view line, std::FILE* stream) {
  constexpr std::string_view words[] = {": error[", ": warning["};
  for (const auto word : words) {
    const auto at = line.find(word);
    const auto end = at == std::string_view::npos ? at : line.find(']', at);
    if (end == std::string_view::npos) continue;
    const auto colour = word == words[0] ? Colour::red : Colour::yellow;
    return std::string(line.substr(0, at + 2)) + painted(line.substr(at + 2, end - at - 1), colour, stream) +
           std::string(line.substr(end + 1));
  }
  const auto bar = line.find_first_not_of(' ');
  const auto mark = line.find_first_not_of(" |", bar);
  if (bar == 0 || bar == std::string_view::npos || line[bar] != '|' || mark == std::string_view::npos ||
      line[mark] != '^')
    return std::string(line);
  return std::string(line.substr(0, mark)) + painted(line.substr(mark), Colour::green, stream);
}

}  // namespace

std::string painted(std::string_view text, Colour colour, std::FILE* stream) {
  if (!has_colours(stream)) return std::string(text);
  const char* const code = colour == Colour::red ? "31" : colour == Colour::yellow ? "33" : "32";
  return "\x1b[" + std::string(code) + "m" + std::string(text) + "\x1b[0m";
}

void print_problems(const std::string& text, std::FILE* stream) {
  std::string shown;
  for (std::size_t begin = 0; begin <= text.size();) {
    const auto end = std::min(text.find('\n', begin), text.size());
    shown += painted_line(std::string_view(text).substr(begin, end - begin), stream) + "\n";
    begin = end + 1;
  }
  if (stream == stdout)
    print(shown);
  else
    std::fputs(shown.c_str(), stream);
}

}  // namespace cachesite::tool
