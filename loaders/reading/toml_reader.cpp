#include "reading/toml_reader.hpp"

#include "reading/plain_scalar.hpp"
#include "reading/text_offsets.hpp"
#include "reading/toml_outline.hpp"
#include "reading/toml_words.hpp"
#include "reading/tree_builder.hpp"

#include <cachesite/detail/document_problem_ids.hpp>

#include <algorithm>
#include <string>
#include <utility>
#include <vector>

// The parser is told to throw where it finds itself in a state that cannot be: by itself it would end the
// process, or go on as if nothing were wrong where NDEBUG is defined.
namespace cachesite::reading {
struct ParserDefect {};
[[noreturn]] static void tell_defect() {
  throw ParserDefect();
}
}  // namespace cachesite::reading
#define TOML_HEADER_ONLY 1
// An error that it throws takes memory where nothing may be thrown: without memory, the process would end.
#define TOML_EXCEPTIONS 0
#define TOML_ASSERT(promise) static_cast<bool>(promise) ? void() : cachesite::reading::tell_defect()
#ifdef NDEBUG
#undef NDEBUG
#include <toml++/toml.h>
#define NDEBUG
#else
#include <toml++/toml.h>
#endif

namespace cachesite::reading {
namespace {

Position position_of(const toml::source_position& place) {
  return {place.line, place.column};
}

std::uint32_t length_of(const toml::source_region& region) {
  return region.begin.line == region.end.line ? region.end.column - region.begin.column : 0;
}

/// Turns the parser's tree into ours, in the order of the text.
class TomlConverter {
 public:
  TomlConverter(const SourceText& source, const DocumentLimits& limits, ProblemList& problems)
      : text_(source.view()), offsets_(text_), builder_(limits, problems) {}

  Node convert(const toml::table& root) {
    map(root, {1, 1});
    return builder_.take_root();
  }

 private:
  void any(const toml::node& node) {
    if (const auto* table = node.as_table()) return map(*table, position_of(node.source().begin));
    if (const auto* array = node.as_array()) return list(*array);
    scalar(node);
  }

  void map(const toml::table& table, Position position) {
    using Member = std::pair<const toml::key*, const toml::node*>;
    std::vector<Member> members;
    members.reserve(table.size());
    for (auto&& [key, value] : table)
      members.emplace_back(&key, &value);
    std::sort(members.begin(), members.end(), [](const Member& left, const Member& right) {
      return position_of(left.first->source().begin) < position_of(right.first->source().begin);
    });
    builder_.begin(Node::Kind::map, position, 0);
    for (const auto& [key, value] : members) {
      builder_.key(std::string(key->str()), position_of(key->source().begin), length_of(key->source()));
      any(*value);
    }
    builder_.end();
  }

  void list(const toml::array& array) {
    builder_.begin(Node::Kind::list, position_of(array.source().begin), 0);
    for (const auto& element : array)
      any(element);
    builder_.end();
  }

  void scalar(const toml::node& value) {
    Node node;
    node.position = position_of(value.source().begin);
    node.length = length_of(value.source());
    if (const auto* text = value.as_string()) {
      node.kind = Node::Kind::text;
      node.quoted = true;
      node.scalar = text->get();
    } else {
      node.scalar = word(value);
      node.kind = kind_of_plain(node.scalar);
    }
    builder_.scalar(std::move(node));
  }

  std::string word(const toml::node& value) const {
    const std::size_t start = offsets_.offset(position_of(value.source().begin));
    const std::size_t end = offsets_.offset(position_of(value.source().end));
    std::string plain = plain_toml_word(text_.substr(start, end - start));
    const auto* integer = value.as_integer();
    return integer != nullptr && kind_of_plain(plain) == Node::Kind::text ? std::to_string(integer->get())
                                                                          : plain;
  }

  std::string_view text_;
  TextOffsets offsets_;
  TreeBuilder builder_;
};

const char* cure_of_value(std::string_view word) {
  if (word.find(':') != std::string_view::npos || word.find('-', 1) == 4)
    return "a date is written as 2026-01-31, a time as 23:59:59";
  if (kind_of_plain(plain_toml_word(word)) == Node::Kind::real) return "numbers go up to 1.8e308";
  return "whole numbers go from -9223372036854775808 to 9223372036854775807";
}

/// The parser's words are never shown: they quote the file. They only tell the mistakes apart.
void explain(const toml::parse_error& error, const SourceText& source, const DocumentLimits& limits,
             ProblemList& problems) {
  const std::string_view text = source.view();
  const std::string_view words = error.description();
  const std::size_t offset = TextOffsets(text).offset(position_of(error.source().begin));
  const auto [key, value] = TomlOutline(source, limits, problems).last_before(offset + 1);
  const bool clash =
      words.find("redefine") != std::string_view::npos || words.find("insert") != std::string_view::npos;
  const TomlToken& token = clash || key.start > value.start ? key : value;
  if (clash)
    problems.add(document_problem_ids::repeated_key, source.position(token.start),
                 source.characters(token.start, token.end),
                 "this does not fit what an earlier line says about the same key");
  else if (token.kind == TomlToken::Kind::text)
    problems.add(document_problem_ids::bad_syntax, source.position(offset), 1,
                 "a character or escape that cannot stand in a text",
                 R"(write a backslash as \\, or put single quotes around the text)");
  else
    problems.add(document_problem_ids::bad_syntax, source.position(token.start),
                 source.characters(token.start, token.end), "this is no TOML value",
                 cure_of_value(text.substr(token.start, token.end - token.start)));
}

}  // namespace

Node read_toml(const SourceText& source, const DocumentLimits& limits, ProblemList& problems) {
  TomlOutline(source, limits, problems).read();
  if (!problems.empty()) return {};
  try {
    const toml::parse_result parsed = toml::parse(source.view());
    if (parsed) return TomlConverter(source, limits, problems).convert(parsed.table());
    explain(parsed.error(), source, limits, problems);
    return {};
  } catch (const ParserDefect&) {
    problems.add(document_problem_ids::bad_syntax, {1, 1}, 1, "something in this text is not valid TOML");
    return {};
  }
}

}  // namespace cachesite::reading
