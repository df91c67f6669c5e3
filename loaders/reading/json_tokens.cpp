#include "reading/json_tokens.hpp"

#include <algorithm>

namespace cachesite::reading {

JsonToken next_json_token(std::string_view text, std::size_t offset) {
  JsonToken token;
  token.start = std::min(text.find_first_not_of(" \t\r\n", offset), text.size());
  token.end = token.start;
  if (token.start == text.size()) return token;
  token.first = text[token.start];
  if (token.first == '"') {
    for (std::size_t index = token.start + 1; index < text.size() && text[index] != '\n'; ++index) {
      if (text[index] == '\\') {
        ++index;
      } else if (text[index] == '"') {
        token.end = index + 1;
        return token;
      }
    }
    token.closed = false;
    token.end = std::min(text.find('\n', token.start), text.size());
  } else if (std::string_view("{}[],:").find(token.first) != std::string_view::npos) {
    token.end = token.start + 1;
  } else {
    token.end = std::min(text.find_first_of(" \t\r\n{}[],:\"", token.start + 1), text.size());
  }
  return token;
}

}  // namespace cachesite::reading
