#include "site/origin.hpp"

#include <algorithm>
#include <string_view>

namespace cachesite::site {

namespace {

bool is_first_byte(char byte) noexcept {
  return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U;
}

// Bytes that `characters` characters take.
std::size_t bytes_of(std::string_view text, std::size_t characters) noexcept {
  std::size_t bytes = 0;
  while (bytes < text.size() && (characters > 0 || !is_first_byte(text[bytes])))
    if (is_first_byte(text[bytes++])) --characters;
  return bytes;
}

std::string_view written(const Document& document, const Node& node) {
  if (!document.source || node.length == 0 || node.position.line == 0) return {};
  std::string_view source = *document.source;
  for (std::uint32_t line = 1; line < node.position.line; ++line) {
    const auto end = source.find('\n');
    if (end == std::string_view::npos) return {};
    source.remove_prefix(end + 1);
  }
  source = source.substr(0, source.find('\n'));
  source.remove_prefix(bytes_of(source, node.position.column - 1));
  return source.substr(0, bytes_of(source, node.length));
}

}  // namespace

std::string place_text(const Document& document, Position position) {
  return document.name + ":" + std::to_string(position.line) + ":" + std::to_string(position.column);
}

std::string origin_text(const Document& document, const Node& node) {
  std::string text = place_text(document, node.position);
  if (!node.substituted) return text;
  std::string_view rest = written(document, node);
  // Only the expressions: what stands around them may be half a secret.
  for (auto begin = rest.find("${"); begin != std::string_view::npos; begin = rest.find("${")) {
    const auto end = rest.find('}', begin);
    if (end == std::string_view::npos) break;
    const auto expression = rest.substr(begin, end - begin);
    text.append(" ").append(expression.substr(0, expression.find(":-"))).append("}");
    rest.remove_prefix(end + 1);
  }
  return text;
}

}  // namespace cachesite::site
