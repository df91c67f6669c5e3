#include "reading/json_reader.hpp"

#include "reading/json_tokens.hpp"
#include "reading/plain_scalar.hpp"
#include "reading/tree_builder.hpp"

#include <cachesite/detail/document_problem_ids.hpp>
#include <cachesite/detail/problem_text.hpp>

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <string>
#include <utility>
#include <vector>

#include <nlohmann/json.hpp>

namespace cachesite::reading {
namespace {

/// The text, in a copy where a number that no double can hold is another one of the same length: the parser
/// would stop there. The handler takes numbers from the text itself.
std::string with_bearable_numbers(std::string_view text) {
  std::string copy(text);
  for (auto token = next_json_token(text, 0); token.first != '\0'; token = next_json_token(text, token.end)) {
    if (token.first != '-' && (token.first < '0' || token.first > '9')) continue;
    const std::string number(text.substr(token.start, token.end - token.start));
    if (kind_of_plain(number) == Node::Kind::text || std::isfinite(std::strtod(number.c_str(), nullptr)))
      continue;
    const std::size_t digits = token.start + (token.first == '-' ? 1 : 0);
    std::fill(copy.begin() + static_cast<std::ptrdiff_t>(digits),
              copy.begin() + static_cast<std::ptrdiff_t>(token.end), '0');
    copy.replace(digits, 2, "1e");
  }
  return copy;
}

class JsonHandler {
 public:
  JsonHandler(const SourceText& source, const DocumentLimits& limits, ProblemList& problems)
      : source_(source), text_(source.view()), problems_(problems), builder_(limits, problems) {}

  bool null() { return plain(); }
  bool boolean(bool) { return plain(); }
  bool number_integer(nlohmann::json::number_integer_t) { return plain(); }
  bool number_unsigned(nlohmann::json::number_unsigned_t) { return plain(); }
  bool number_float(nlohmann::json::number_float_t, const std::string&) { return plain(); }
  bool binary(nlohmann::json::binary_t&) { return false; }

  bool string(std::string& value) {
    const JsonToken token = take();
    Node node;
    node.kind = Node::Kind::text;
    node.quoted = true;
    node.position = source_.position(token.start);
    node.length = source_.characters(token.start, token.end);
    node.scalar = std::move(value);
    builder_.scalar(std::move(node));
    return true;
  }

  bool key(std::string& value) {
    const JsonToken token = take();
    builder_.key(std::move(value), source_.position(token.start), source_.characters(token.start, token.end));
    return true;
  }

  bool start_object(std::size_t) { return begin(Node::Kind::map); }
  bool start_array(std::size_t) { return begin(Node::Kind::list); }
  bool end_object() { return end(); }
  bool end_array() { return end(); }

  /// Called once, at the first mistake. `read` is how many bytes the parser has looked at; its words are
  /// never shown: they quote the file.
  bool parse_error(std::size_t read, const std::string&, const nlohmann::json::exception& exception) {
    JsonToken before;
    before.first = last_.first;
    JsonToken token = next_json_token(text_, cursor_);
    while (token.first != '\0' && token.closed && token.end < read &&
           (token.first == ',' || token.first == ':')) {
      before = token;
      token = next_json_token(text_, token.end);
    }
    const bool bad_string =
        std::string_view(exception.what()).find("invalid string") != std::string_view::npos;
    explain(before, token, bad_string ? read : text_.size());
    return false;
  }

  [[nodiscard]] Node take_root() { return builder_.take_root(); }

 private:
  /// The next token that carries a value or a bracket; commas and colons have no events.
  JsonToken take() {
    JsonToken token = next_json_token(text_, cursor_);
    while (token.first == ',' || token.first == ':')
      token = next_json_token(text_, token.end);
    cursor_ = token.end;
    last_ = token;
    return token;
  }

  bool plain() {
    const JsonToken token = take();
    Node node;
    node.position = source_.position(token.start);
    node.length = source_.characters(token.start, token.end);
    const std::string_view text = text_.substr(token.start, token.end - token.start);
    node.kind = kind_of_plain(text);
    if (node.kind == Node::Kind::text) {
      // The parser has only seen a valid beginning, such as the 0 of 01.
      not_a_value(token, text);
      throw StopReading();
    }
    if (node.kind != Node::Kind::null) node.scalar = text;
    builder_.scalar(std::move(node));
    return true;
  }

  bool begin(Node::Kind kind) {
    const JsonToken token = take();
    open_.push_back({kind, token.start});
    builder_.begin(kind, source_.position(token.start), 0);
    return true;
  }

  bool end() {
    take();
    open_.pop_back();
    builder_.end();
    return true;
  }

  void add(const JsonToken& token, std::string message, std::string hint = {}) {
    problems_.add(document_problem_ids::bad_syntax, source_.position(token.start),
                  source_.characters(token.start, token.end), std::move(message), std::move(hint));
  }

  void explain(const JsonToken& before, const JsonToken& token, std::size_t read) {
    const std::string_view text = text_.substr(token.start, token.end - token.start);
    if (token.first == '\0') {
      if (open_.empty()) return add(token, "the text is empty");
      const std::size_t start = open_.back().second;
      return add({start, start + 1, text_[start], true},
                 std::string("the ") + name(open_.back().first) + " is never closed");
    }
    if (token.first == '"' && !token.closed)
      return add({token.start, token.start + 1, '"', true}, "the quotation mark is not closed in its line",
                 R"(write a line end as \n)");
    if (token.first == '"' && read < text_.size()) {
      const std::size_t start = std::min(read > 0 ? read - 1 : 0, text_.size());
      return add({std::max(start, token.start), std::max(start, token.start) + 1, '"', true},
                 "a character or escape that cannot stand in a text", R"(write a backslash as \\)");
    }
    if (open_.empty() && last_.first != '\0') {
      const Position place = source_.position(token.start);
      problems_.add(document_problem_ids::second_document, place, 1,
                    "content after the document at " + place_text(place), "a file holds one document");
      return;
    }
    if (token.first == '/' || token.first == '#') return add(token, "JSON has no comments");
    if (token.first == '\'') return add(token, "text stands between double quotes");
    const bool closes = token.first == '}' || token.first == ']';
    if (closes && before.first == ',')
      return add(token, "a value is missing after the comma", "leave the comma out");
    if (closes && !open_.empty() && (token.first == '}') != (open_.back().first == Node::Kind::map))
      return add(token, std::string("the ") + name(open_.back().first) + " that starts at " +
                            place_text(source_.position(open_.back().second)) +
                            " is closed by the wrong bracket");
    if (closes && open_.empty()) return add(token, "a closing bracket that nothing opened");
    const bool in_map = !open_.empty() && open_.back().first == Node::Kind::map;
    const bool value_pending = in_map && !builder_.expects_key();
    if (value_pending && before.first != ':' && token.first != ':')
      return add(token, "a colon is missing before this place");
    if (closes || token.first == ',' || token.first == ':') {
      if (builder_.expects_key()) return add(token, "a key is expected here");
      return add(token, "a value is expected here");
    }
    if (!value_pending && in_map && before.first != ',' && last_.first != '{')
      return add(token, "a comma is missing before this place");
    if (!in_map && !open_.empty() && before.first != ',' && last_.start != open_.back().second)
      return add(token, "a comma is missing before this place");
    if (in_map && !value_pending && token.first != '"')
      return add(token, "a key stands between double quotes");
    not_a_value(token, text);
  }

  void not_a_value(const JsonToken& token, std::string_view text) {
    std::string lower(text.substr(0, 6));
    for (char& letter : lower)
      if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
    if (lower == "true" || lower == "false" || lower == "null")
      return add(token, "this is not a JSON value", "write " + lower);
    add(token, "this is not a JSON value",
        is_word(text) ? "put double quotes around text"
                      : "numbers are decimal, without + and without leading zeros");
  }

  static bool is_word(std::string_view text) {
    return !text.empty() && text.find_first_of("0123456789") != 0 && text[0] != '-' && text[0] != '+' &&
           text[0] != '.';
  }

  static const char* name(Node::Kind kind) { return kind == Node::Kind::list ? "list" : "mapping"; }

  const SourceText& source_;
  std::string_view text_;
  ProblemList& problems_;
  TreeBuilder builder_;
  std::vector<std::pair<Node::Kind, std::size_t>> open_;
  std::size_t cursor_ = 0;
  JsonToken last_;
};

}  // namespace

Node read_json(const SourceText& source, const DocumentLimits& limits, ProblemList& problems) {
  const std::string text = with_bearable_numbers(source.view());
  JsonHandler handler(source, limits, problems);
  try {
    nlohmann::json::sax_parse(text.begin(), text.end(), &handler);
  } catch (const StopReading&) {
    if (problems.empty()) throw;
  }
  return handler.take_root();
}

}  // namespace cachesite::reading
