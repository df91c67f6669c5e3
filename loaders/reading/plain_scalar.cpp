#include "reading/plain_scalar.hpp"

namespace cachesite::reading {
namespace {

std::size_t skip_digits(std::string_view text, std::size_t offset) {
  while (offset < text.size() && text[offset] >= '0' && text[offset] <= '9')
    ++offset;
  return offset;
}

Node::Kind kind_of_number(std::string_view text) {
  std::size_t offset = !text.empty() && text[0] == '-' ? 1 : 0;
  const std::size_t whole = skip_digits(text, offset);
  if (whole == offset || (text[offset] == '0' && whole > offset + 1)) return Node::Kind::text;
  if (whole == text.size()) return Node::Kind::integer;
  offset = whole;
  if (text[offset] == '.') {
    const std::size_t fraction = skip_digits(text, offset + 1);
    if (fraction == offset + 1) return Node::Kind::text;
    offset = fraction;
  }
  if (offset < text.size() && (text[offset] == 'e' || text[offset] == 'E')) {
    ++offset;
    if (offset < text.size() && (text[offset] == '+' || text[offset] == '-')) ++offset;
    const std::size_t exponent = skip_digits(text, offset);
    if (exponent == offset) return Node::Kind::text;
    offset = exponent;
  }
  return offset == text.size() ? Node::Kind::real : Node::Kind::text;
}

}  // namespace

Node::Kind kind_of_plain(std::string_view text) noexcept {
  if (text.empty() || text == "~" || text == "null" || text == "Null" || text == "NULL")
    return Node::Kind::null;
  if (text == "true" || text == "false") return Node::Kind::boolean;
  return kind_of_number(text);
}

}  // namespace cachesite::reading
