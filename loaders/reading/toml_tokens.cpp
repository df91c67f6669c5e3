#include "reading/toml_tokens.hpp"

#include "reading/toml_words.hpp"

#include <algorithm>

namespace cachesite::reading {
namespace {

/// One past the closing quotation marks, or npos. Up to two quotation marks may stand before three that
/// close.
std::size_t end_of_text(std::string_view text, std::size_t start, bool several_lines) {
  const char quote = text[start];
  const std::size_t count = several_lines ? 3 : 1;
  for (std::size_t index = start + count; index < text.size(); ++index) {
    if (text[index] == '\n' && !several_lines) return std::string_view::npos;
    if (text[index] == '\\' && quote == '"') {
      if (text.substr(index + 1, 1) != "\n") ++index;
    } else if (text[index] == quote) {
      const std::size_t after = std::min(text.find_first_not_of(quote, index), text.size());
      if (after - index >= count) return std::min(after, index + (several_lines ? 5 : 1));
      index = after - 1;
    }
  }
  return std::string_view::npos;
}

void take_text(TomlToken& token, std::string_view text) {
  token.kind = TomlToken::Kind::text;
  token.several_lines =
      text.substr(token.start, 3) == std::string_view(token.first == '"' ? "\"\"\"" : "'''");
  token.end = end_of_text(text, token.start, token.several_lines);
  token.closed = token.end != std::string_view::npos;
  if (!token.closed)
    token.end = token.several_lines ? text.size() : std::min(text.find('\n', token.start), text.size());
}

void take_word(TomlToken& token, std::string_view text, TomlPlace place) {
  token.kind = TomlToken::Kind::word;
  const std::string_view ends = place == TomlPlace::key ? " \t\r\n.=,[]{}#\"'" : " \t\r\n=,[]{}#\"'";
  token.end = std::min(text.find_first_of(ends, token.start), text.size());
  // A date and a time may have a blank between them.
  const std::string_view word = text.substr(token.start, token.end - token.start);
  if (place == TomlPlace::value && word.size() == 10 && word[4] == '-' && word[7] == '-' &&
      text.substr(token.end, 1) == " " && token.end + 1 < text.size() && is_digit(text[token.end + 1]))
    token.end = std::min(text.find_first_of(ends, token.end + 1), text.size());
}

}  // namespace

TomlToken next_toml_token(std::string_view text, std::size_t offset, TomlPlace place) {
  TomlToken token;
  token.start = std::min(text.find_first_not_of(" \t\r", offset), text.size());
  if (token.start < text.size() && text[token.start] == '#')
    token.start = std::min(text.find('\n', token.start), text.size());
  token.end = token.start;
  if (token.start == text.size()) return token;
  token.first = text[token.start];
  token.end = token.start + 1;
  if (token.first == '\n')
    token.kind = TomlToken::Kind::line_end;
  else if (token.first == '"' || token.first == '\'')
    take_text(token, text);
  else if (std::string_view(place == TomlPlace::key ? "[]{},=." : "[]{},=").find(token.first) !=
           std::string_view::npos)
    token.kind = TomlToken::Kind::mark;
  else
    take_word(token, text, place);
  return token;
}

}  // namespace cachesite::reading
