#include "reading/file_content.hpp"
#include "reading/plain_scalar.hpp"
#include "reading/secret_lines.hpp"
#include "reading/source_text.hpp"
#include "substitution/expression.hpp"

#include <cachesite/detail/document_problem_ids.hpp>
#include <cachesite/detail/problem_text.hpp>
#include <cachesite/detail/substitution.hpp>

#include <algorithm>
#include <cstdlib>
#include <functional>
#include <map>
#include <string_view>
#include <tuple>
#include <utility>

namespace cachesite {
namespace {

using substitution::Piece;

constexpr std::size_t most_file_bytes = std::size_t{64} * 1024;

std::optional<std::string> of_process(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  if (value == nullptr) return std::nullopt;
  return value;
}

class Substituter {
 public:
  Substituter(const Document& document, const SubstitutionOptions& options)
      : document_(document), options_(options) {}

  void visit(Node& node) {
    for (auto& element : node.elements)
      visit(element);
    for (auto& member : node.members)
      visit(member.value);
    if (node.is_text() && node.scalar.find('$') != std::string::npos && !is_full_) replace(node);
  }

  std::vector<Problem> take_problems() {
    if (further_ > 0) problems_.push_back(further_problems(further_, document_.name));
    sort_problems(problems_);
    return std::move(problems_);
  }

 private:
  void replace(Node& node) {
    const std::vector<Piece> pieces = substitution::split(node.scalar);
    node_ = &node;
    pieces_ = &pieces;
    std::string result;
    bool evaluated = false;
    for (const Piece& piece : pieces) {
      evaluated = evaluated || piece.kind != Piece::Kind::literal;
      result += piece.kind == Piece::Kind::literal ? taken_literally(piece) : evaluate(piece);
      if (total_ + result.size() > options_.text_bytes) {
        add(document_problem_ids::too_large_value, piece,
            "the substituted values have more than " + std::to_string(options_.text_bytes) + " bytes");
        result.clear();
        is_full_ = true;
        break;
      }
    }
    pieces_ = nullptr;
    total_ += result.size();
    const bool whole = pieces.size() == 1 && evaluated && !node.quoted;
    node.scalar = std::move(result);
    if (!evaluated) return;
    node.substituted = true;
    // Null keeps its characters: a password may be "null".
    if (whole && !node.scalar.empty()) node.kind = reading::kind_of_plain(node.scalar);
  }

  std::string taken_literally(const Piece& piece) {
    if (const auto foreign = substitution::find_foreign(piece.written)) {
      // Its name is not said: it may be a part of a secret.
      add(document_problem_ids::literal_expression, piece, "this ${...} is not replaced",
          !foreign->is_variable   ? "only ${env:NAME} and ${file:/path} are"
          : foreign->has_fallback ? "did you mean ${env:NAME:-default}?"
                                  : "did you mean ${env:NAME}?",
          foreign->written, Problem::Severity::warning);
    }
    return std::string(piece.argument);
  }

  std::string evaluate(const Piece& piece) {
    if (piece.kind == Piece::Kind::malformed) {
      const bool relative = piece.written.starts_with("${file:") && !piece.argument.empty();
      const bool no_dash = piece.written.starts_with("${env:") && !piece.has_fallback &&
                           piece.argument.find(':') != std::string_view::npos;
      add(document_problem_ids::bad_expression, piece,
          relative  ? "the path of ${file:...} has to begin with a slash"
          : no_dash ? "a default begins with :-"
                    : "this expression is not complete",
          "write ${env:NAME}, ${env:NAME:-default} or ${file:/path}");
    } else if (piece.kind == Piece::Kind::nested) {
      add(document_problem_ids::bad_expression, piece, "an expression cannot stand inside another one",
          "write the default or the path out", piece.inner);
    } else if (!options_.allowed) {
      add(document_problem_ids::substitution_not_allowed, piece,
          "this program does not allow ${...} in component files",
          "allow_substitution in LoadOptions allows it; $${...} stands for the characters themselves");
    } else {
      return piece.kind == Piece::Kind::file ? from_file(piece) : from_environment(piece);
    }
    return {};
  }

  std::string from_environment(const Piece& piece) {
    const std::string name(piece.argument);
    std::optional<std::string> value = options_.environment ? options_.environment(name) : of_process(name);
    if (piece.has_fallback && (!value || value->empty())) return std::string(piece.fallback);
    if (!value) {
      add(document_problem_ids::unset_variable, piece, "the environment variable " + name + " is not set",
          "set it, or give a default: ${env:" + name + ":-default}");
      return {};
    }
    return checked(piece, std::move(*value), "the environment variable " + name);
  }

  std::string from_file(const Piece& piece) {
    const std::string path(piece.argument);
    const auto [entry, is_new] = files_.try_emplace(path);
    if (is_new) entry->second = reading::read_file(path, most_file_bytes);
    const reading::FileContent& content = entry->second;
    const std::string subject = "the file " + printable(path, 200);
    if (content.too_large) {
      add(document_problem_ids::too_large_value, piece,
          subject + " has more than " + std::to_string(most_file_bytes) + " bytes");
    } else if (!content.bytes) {
      add(document_problem_ids::unreadable_value, piece, subject + ' ' + content.fault);
    } else {
      std::string bytes = *content.bytes;
      if (bytes.starts_with(reading::byte_order_mark)) bytes.erase(0, reading::byte_order_mark.size());
      if (bytes.ends_with('\n')) bytes.pop_back();
      if (bytes.ends_with('\r')) bytes.pop_back();
      return checked(piece, std::move(bytes), subject);
    }
    return {};
  }

  std::string checked(const Piece& piece, std::string value, const std::string& subject) {
    const reading::TextFault fault = reading::find_text_fault(value);
    if (fault.message.empty()) return value;
    add(document_problem_ids::bad_value_text, piece,
        subject + " holds something that is not plain UTF-8 text: " + fault.message);
    return {};
  }

  /// Where a part of a piece of the present scalar is written; the whole scalar when that is not clear.
  std::pair<Position, std::uint32_t> place_of(const Piece& wanted, std::string_view part) const {
    const std::pair<Position, std::uint32_t> scalar{node_->position, std::max(node_->length, 1U)};
    if (!document_.source || node_->length == 0) return scalar;
    const std::string_view source = *document_.source;
    const std::size_t line_start = offset_of({node_->position.line, 1});
    const std::string_view line = source.substr(0, std::min(source.find('\n', line_start), source.size()));
    std::size_t search = offset_of(node_->position);
    for (const Piece& piece : *pieces_) {
      const std::size_t found = line.find(piece.written, search);
      if (found == std::string_view::npos) return scalar;
      search = found + piece.written.size();
      if (&piece != &wanted) continue;
      const auto start = found + static_cast<std::size_t>(part.data() - piece.written.data());
      const std::uint32_t column = characters(line.substr(line_start, start - line_start)) + 1;
      return {{node_->position.line, column}, characters(part)};
    }
    return scalar;
  }

  static std::uint32_t characters(std::string_view text) {
    return static_cast<std::uint32_t>(std::count_if(text.begin(), text.end(), [](char byte) {
      return (static_cast<unsigned char>(byte) & 0xC0U) != 0x80U;
    }));
  }

  std::size_t offset_of(Position position) const {
    const std::string_view source = *document_.source;
    std::size_t offset = 0;
    for (std::uint32_t line = 1; line < position.line && offset < source.size(); ++line)
      offset = std::min(source.find('\n', offset), source.size() - 1) + 1;
    for (std::uint32_t column = 1; column < position.column && offset < source.size(); ++column)
      do
        ++offset;
      while (offset < source.size() && (static_cast<unsigned char>(source[offset]) & 0xC0U) == 0x80U);
    return offset;
  }

  void add(std::string_view id, const Piece& piece, std::string message, std::string hint = {},
           std::string_view part = {}, Problem::Severity severity = Problem::Severity::error) {
    if (problems_.size() >= options_.problems) {
      if (severity == Problem::Severity::error) ++further_;
      return;
    }
    Problem problem;
    problem.severity = severity;
    problem.id = id;
    problem.file = document_.name;
    std::tie(problem.position, problem.length) = place_of(piece, part.empty() ? piece.written : part);
    problem.message = std::move(message);
    problem.hint = std::move(hint);
    problem.source = document_.source;
    problems_.push_back(std::move(problem));
  }

  const Document& document_;
  const SubstitutionOptions& options_;
  const Node* node_ = nullptr;
  const std::vector<Piece>* pieces_ = nullptr;
  std::map<std::string, reading::FileContent, std::less<>> files_;
  std::size_t total_ = 0;
  bool is_full_ = false;
  std::vector<Problem> problems_;
  std::size_t further_ = 0;
};

}  // namespace

std::vector<Problem> substitute(Document& document, const SubstitutionOptions& options) {
  Substituter substituter(document, options);
  substituter.visit(document.root);
  auto problems = substituter.take_problems();
  reading::hide_secret_lines(problems, options.format);
  return problems;
}

}  // namespace cachesite
