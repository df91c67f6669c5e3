#include "substitution/expression.hpp"

#include <algorithm>
#include <cstddef>

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

/// `vault:...`, `ENV:...`: where another program, or a mistyped word, takes a value from. Not what two dollars take for itself.
bool names_a_source(std::string_view content) {
  if (content.starts_with("env:") || content.starts_with("file:")) return false;
  const auto is_letter = [](char character) {
    return (character >= 'a' && character <= 'z') || (character >= 'A' && character <= 'Z');
  };
  const auto colon = content.find(':');
  if (colon == std::string_view::npos || colon < 2 || colon + 1 == content.size()) return false;
  const char next = content[colon + 1];
  return std::all_of(content.begin(), content.begin() + static_cast<std::ptrdiff_t>(colon), is_letter) &&
         (is_letter(next) || next == '/' || next == '_');
}

/// Which brace closes which. Found in one pass: a text may have very many that nothing closes.
class Braces {
 public:
  explicit Braces(std::string_view text) : text_(text), ends_(text.size()) {
    std::vector<std::size_t> open;
    for (std::size_t index = 0; index < text.size(); ++index) {
      if (text[index] == '{') open.push_back(index);
      if (text[index] != '}' || open.empty()) continue;
      ends_[open.back()] = index + 1;
      open.pop_back();
    }
  }

  /// The expression that begins at `start`, up to the brace that closes it; empty when none does.
  [[nodiscard]] std::string_view expression_at(std::size_t start) const {
    const std::size_t end = ends_[start + 1];
    return end == 0 ? std::string_view() : text_.substr(start, end - start);
  }
  /// What stands for itself after a dollar that says so: at least up to the first closing brace.
  [[nodiscard]] std::string_view escaped_at(std::size_t start) const {
    const auto closed = expression_at(start);
    if (!closed.empty()) return closed;
    const std::size_t end = std::min(text_.find('}', start), text_.size() - 1) + 1;
    return text_.substr(start, end - start);
  }

 private:
  std::string_view text_;
  std::vector<std::size_t> ends_;  // behind the closing brace, by the opening one; 0 when nothing closes it
};

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

Piece parse(std::string_view scalar, std::size_t offset, const Braces& braces) {
  const std::string_view text = scalar.substr(offset);
  Piece piece;
  piece.kind = Piece::Kind::malformed;
  const std::string_view closed = braces.expression_at(offset);
  piece.written = closed.empty() ? text : closed;
  if (const std::size_t inner = piece.written.find("${", 2); inner != std::string_view::npos) {
    piece.kind = Piece::Kind::nested;
    const std::size_t length = braces.expression_at(offset + inner).size();
    piece.inner = piece.written.substr(inner, std::max(length, std::size_t{2}));
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
  const Braces braces(scalar);
  std::size_t start = 0;
  for (std::size_t offset = scalar.find('$'); offset != std::string_view::npos;
       offset = scalar.find('$', offset)) {
    const std::string_view rest = scalar.substr(offset);
    if (rest.starts_with("$$") && begins_expression(rest.substr(1))) {
      literal(scalar.substr(start, offset - start), scalar.substr(start, offset - start));
      const auto escaped = braces.escaped_at(offset + 1);
      literal(escaped, rest.substr(0, escaped.size() + 1));
      offset += escaped.size() + 1;
      start = offset;
    } else if (begins_expression(rest)) {
      literal(scalar.substr(start, offset - start), scalar.substr(start, offset - start));
      pieces.push_back(parse(scalar, offset, braces));
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
  constexpr std::string_view capitals = "ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_";
  std::optional<Braces> braces;
  for (auto offset = text.find("${"); offset != std::string_view::npos;
       offset = text.find("${", offset + 2)) {
    const auto content = text.substr(offset + 2);
    const auto name = content.substr(0, content.find_first_not_of(capitals));
    const auto rest = content.substr(name.size());
    const bool is_variable = is_variable_name(name) && (rest.starts_with('}') || rest.starts_with(":-"));
    if (!is_variable && !names_a_source(content)) continue;
    if (!braces) braces.emplace(text);
    const auto written = braces->expression_at(offset);
    if (!written.empty()) return ForeignExpression{written, is_variable, rest.starts_with(":-")};
  }
  return std::nullopt;
}

}  // namespace cachesite::substitution
