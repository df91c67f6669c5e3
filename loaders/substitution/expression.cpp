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

Piece parse(std::string_view text) {
  Piece piece;
  const std::size_t end = text.find('}');
  piece.kind = Piece::Kind::malformed;
  piece.written = text.substr(0, end == std::string_view::npos ? text.size() : end + 1);
  if (end == std::string_view::npos) return piece;
  if (text.starts_with(file_start)) {
    piece.argument = text.substr(file_start.size(), end - file_start.size());
    if (piece.argument.starts_with('/')) piece.kind = Piece::Kind::file;
    return piece;
  }
  std::string_view name = text.substr(environment_start.size(), end - environment_start.size());
  const std::size_t mark = name.find(":-");
  if (mark != std::string_view::npos) {
    piece.has_fallback = true;
    piece.fallback = name.substr(mark + 2);
    name = name.substr(0, mark);
  }
  piece.argument = name;
  if (is_variable_name(name)) piece.kind = Piece::Kind::environment;
  return piece;
}

}  // namespace

std::vector<Piece> split(std::string_view scalar) {
  std::vector<Piece> pieces;
  const auto literal = [&](std::string_view text, std::string_view written) {
    if (!written.empty()) pieces.push_back({Piece::Kind::literal, written, text, false, {}});
  };
  std::size_t start = 0;
  for (std::size_t offset = scalar.find('$'); offset != std::string_view::npos;
       offset = scalar.find('$', offset)) {
    const std::string_view rest = scalar.substr(offset);
    if (rest.starts_with("$$") && begins_expression(rest.substr(1))) {
      literal(scalar.substr(start, offset - start), scalar.substr(start, offset - start));
      const std::size_t end = std::min(rest.find('}'), rest.size() - 1) + 1;
      literal(rest.substr(1, end - 1), rest.substr(0, end));
      offset += end;
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

}  // namespace cachesite::substitution
