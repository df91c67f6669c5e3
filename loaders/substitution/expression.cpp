#include "substitution/expression.hpp"

#include <algorithm>

namespace cachesite::substitution {
namespace {

constexpr std::string_view environment_start = "${env:";
constexpr std::string_view file_start = "${file:";

bool begins_expression(std::string_view text) {
  return text.starts_with(environment_start) || text.starts_with(file_start);
}

bool is_variable_name(std::string_view name) {
  const auto is_letter = [](char character) {
    return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z') ||
           character == '_';
  };
  return !name.empty() && is_letter(name.front()) &&
         std::all_of(name.begin(), name.end(), [&](char character) {
           return is_letter(character) || (character >= '0' && character <= '9');
         });
}

bool is_name_in_capitals(std::string_view name) {
  return is_variable_name(name) &&
         std::none_of(name.begin(), name.end(), [](char letter) { return letter >= 'a' && letter <= 'z'; });
}

/// The expression that `text` starts with, up to the brace that closes it; empty when none does.
std::string_view closed_expression(std::string_view text) {
  std::size_t open = 0;
  for (std::size_t index = 0; index < text.size(); ++index) {
    if (text[index] == '{') ++open;
    if (text[index] == '}' && --open == 0) return text.substr(0, index + 1);
  }
  return {};
}

/// What stands for itself after a dollar that says so: at least up to the first closing brace.
std::string_view escaped_expression(std::string_view text) {
  const auto closed = closed_expression(text);
  return closed.empty() ? text.substr(0, std::min(text.find('}'), text.size() - 1) + 1) : closed;
}

/// The name in front of `:-`, and the text behind it.
struct NameAndFallback {
  std::string_view name;
  std::string_view fallback;
  bool has_fallback = false;
};

NameAndFallback take_apart(std::string_view text) {
  const std::size_t mark = text.find(":-");
  if (mark == std::string_view::npos) return {text, {}, false};
  return {text.substr(0, mark), text.substr(mark + 2), true};
}

Piece parse(std::string_view text) {
  Piece piece;
  piece.kind = Piece::Kind::malformed;
  const std::string_view closed = closed_expression(text);
  piece.written = closed.empty() ? text : closed;
  if (const std::size_t inner = piece.written.find("${", 2); inner != std::string_view::npos) {
    piece.kind = Piece::Kind::nested;
    const auto rest = piece.written.substr(inner);
    piece.inner = rest.substr(0, std::max(closed_expression(rest).size(), std::size_t{2}));
    return piece;
  }
  if (closed.empty()) return piece;
  const std::size_t start = text.find(':') + 1;
  const std::string_view content = closed.substr(start, closed.size() - 1 - start);
  if (text.starts_with(file_start)) {
    piece.argument = content;
    if (piece.argument.starts_with('/')) piece.kind = Piece::Kind::file;
    return piece;
  }
  const auto parts = take_apart(content);
  piece.argument = parts.name;
  piece.fallback = parts.fallback;
  piece.has_fallback = parts.has_fallback;
  if (is_variable_name(parts.name)) piece.kind = Piece::Kind::environment;
  return piece;
}

}  // namespace

std::vector<Piece> split(std::string_view scalar) {
  std::vector<Piece> pieces;
  const auto literal = [&](std::string_view text, std::string_view written) {
    if (!written.empty()) pieces.push_back({Piece::Kind::literal, written, text, false, {}, {}});
  };
  std::size_t start = 0;
  for (std::size_t offset = scalar.find('$'); offset != std::string_view::npos;
       offset = scalar.find('$', offset)) {
    const std::string_view rest = scalar.substr(offset);
    if (rest.starts_with("$$") && begins_expression(rest.substr(1))) {
      literal(scalar.substr(start, offset - start), scalar.substr(start, offset - start));
      const auto escaped = escaped_expression(rest.substr(1));
      literal(escaped, rest.substr(0, escaped.size() + 1));
      offset += escaped.size() + 1;
      start = offset;
    } else if (begins_expression(rest)) {
      literal(scalar.substr(start, offset - start), scalar.substr(start, offset - start));
      pieces.push_back(parse(rest));
      offset += pieces.back().written.size();
      start = offset;
    } else {
      ++offset;
    }
  }
  literal(scalar.substr(start), scalar.substr(start));
  return pieces;
}

std::optional<ForeignExpression> find_foreign(std::string_view text) {
  for (auto offset = text.find("${"); offset != std::string_view::npos;
       offset = text.find("${", offset + 2)) {
    const auto written = closed_expression(text.substr(offset));
    if (written.empty()) continue;
    const auto parts = take_apart(written.substr(2, written.size() - 3));
    if (is_name_in_capitals(parts.name)) return ForeignExpression{written, parts.name, parts.has_fallback};
  }
  return std::nullopt;
}

}  // namespace cachesite::substitution
