#include "reading/yaml_reader.hpp"

#include "reading/plain_scalar.hpp"
#include "reading/tree_builder.hpp"
#include "reading/yaml_fault.hpp"

#include <cachesite/detail/document_problem_ids.hpp>
#include <cachesite/detail/problem_text.hpp>

#include <algorithm>
#include <istream>
#include <new>
#include <streambuf>
#include <string>
#include <vector>

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

namespace cachesite::reading {
namespace {

// yaml-cpp 0.7 gives the escapes \N and \_ as the single bytes 85 and A0, which are no characters by
// themselves. Everything else is whole, since the source is.
std::string with_whole_characters(const std::string& parsed) {
  std::string text;
  text.reserve(parsed.size());
  std::size_t rest = 0;  // bytes that the character still takes
  for (const char character : parsed) {
    const auto byte = static_cast<unsigned char>(character);
    if (rest > 0) {
      --rest;
    } else if (byte >= 0xC0) {
      rest = byte >= 0xF0 ? 3 : byte >= 0xE0 ? 2 : 1;
    } else if (byte >= 0x80) {
      text += '\xC2';
    }
    text += character;
  }
  return text;
}

constexpr std::string_view spaces = " \t";
constexpr std::string_view blanks = " \t\r\n";
constexpr std::size_t longest_key = 1024;

/// Hands the text to the parser piece by piece, and stops when the parser has taken too much of it since the
/// last event: it keeps every token until it knows what it belongs to.
class WatchedText : public std::streambuf {
 public:
  WatchedText(const SourceText& source, std::size_t most_ahead, ProblemList& problems)
      : source_(source), most_ahead_(most_ahead), problems_(problems) {}

  void event_at(std::size_t offset) { last_event_ = std::max(last_event_, offset); }

 protected:
  int_type underflow() override {
    const std::string_view text = source_.view();
    if (offset_ >= text.size()) return traits_type::eof();
    if (offset_ > last_event_ + most_ahead_) {
      problems_.add(
          document_problem_ids::beyond_limit, source_.position(last_event_), 1,
          "one text, comment or value in brackets of more than " + std::to_string(most_ahead_) + " bytes");
      throw StopReading();
    }
    const std::size_t size = std::min<std::size_t>(text.size() - offset_, 4096);
    // The base class wants writable characters but writes none.
    char* start = const_cast<char*>(text.data()) + offset_;
    setg(start, start, start + size);
    offset_ += size;
    return traits_type::to_int_type(*start);
  }

 private:
  const SourceText& source_;
  std::size_t most_ahead_;
  ProblemList& problems_;
  std::size_t offset_ = 0;
  std::size_t last_event_ = 0;
};

class YamlHandler : public YAML::EventHandler {
 public:
  YamlHandler(const SourceText& source, WatchedText& text, const DocumentLimits& limits,
              ProblemList& problems)
      : source_(source),
        text_(source.view()),
        watched_(text),
        problems_(problems),
        builder_(limits, problems) {}

  void OnDocumentStart(const YAML::Mark&) override {}
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const std::size_t offset = content_offset(mark, anchor != 0);
    const std::size_t written = null_length(offset);
    if (builder_.expects_key()) {
      add(document_problem_ids::bad_key, offset, static_cast<std::uint32_t>(written),
          written > 0 ? "a key is text" : "a key is missing", written > 0 ? "put quotes around it" : "");
      builder_.dropped_key();
      return;
    }
    Node node;
    if (written > 0) {
      node.position = source_.position(offset);
      node.length = static_cast<std::uint32_t>(written);
    } else if (builder_.has_open_container() && builder_.innermost().is_map()) {
      node.position = builder_.pending_key().key_position;
      node.length = builder_.pending_key().key_length;
    } else {
      if (!open_.empty() && open_.back().flow)
        add(document_problem_ids::bad_syntax, offset, 1, "an element is missing before this place",
            "leave the comma out");
      const std::size_t before =
          offset == 0 ? std::string_view::npos : text_.find_last_not_of(blanks, offset - 1);
      const bool dash = before != std::string_view::npos && text_[before] == '-';
      node.position = source_.position(dash ? before : offset);
      node.length = 1;
    }
    builder_.scalar(std::move(node), anchor);
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    const std::size_t offset = clamp(mark);
    const std::size_t end = std::min(text_.find_first_of(" \t\r\n,[]{}", offset), text_.size());
    const std::uint32_t length = source_.characters(offset, end);
    if (builder_.expects_key()) {
      add(document_problem_ids::bad_key, offset, length, "a key is text, not an alias");
      builder_.dropped_key();
    } else if (!builder_.alias(anchor, source_.position(offset), length)) {
      add(document_problem_ids::bad_alias, offset, length, "an alias inside its own value");
      builder_.scalar({});
    }
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& parsed) override {
    const std::string value = with_whole_characters(parsed);
    const bool has_tag = check_tag(mark, tag, "tag:yaml.org,2002:str");
    const std::size_t offset = content_offset(mark, anchor != 0 || has_tag || tag == "!");
    const bool quoted = tag != "?";
    const std::size_t end = scalar_end(offset, quoted, value);
    const std::uint32_t length = end == offset ? 0 : source_.characters(offset, end);
    scalar_end_ = end;
    if (builder_.expects_key()) {
      key(offset, end, length, quoted, anchor != 0, value);
      return;
    }
    Node node;
    node.kind = quoted ? Node::Kind::text : kind_of_plain(value);
    node.quoted = quoted;
    node.position = source_.position(offset);
    node.length = length;
    node.scalar = value;
    builder_.scalar(std::move(node), anchor);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value style) override {
    const bool has_tag = check_tag(mark, tag, "tag:yaml.org,2002:seq");
    begin(Node::Kind::list, content_offset(mark, anchor != 0 || has_tag), style, anchor);
  }
  void OnSequenceEnd() override { end(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value style) override {
    const bool has_tag = check_tag(mark, tag, "tag:yaml.org,2002:map");
    begin(Node::Kind::map, content_offset(mark, anchor != 0 || has_tag), style, anchor);
  }
  void OnMapEnd() override { end(); }

  [[nodiscard]] Node take_root() { return builder_.take_root(); }

  void explain(const YAML::Exception& exception) {
    YamlFault fault = explain_yaml_fault(exception.msg);
    std::size_t offset = exception.mark.is_null() ? text_.size() : clamp(exception.mark);
    if (exception.msg == YAML::ErrorMsg::END_OF_SEQ_FLOW)
      fault = unclosed(Node::Kind::list, offset);
    else if (exception.msg == YAML::ErrorMsg::END_OF_MAP_FLOW)
      fault = unclosed(Node::Kind::map, offset);
    else if (exception.msg == YAML::ErrorMsg::EOF_IN_SCALAR)
      offset = std::min(text_.find_first_of("\"'", scalar_end_), offset);
    else if (exception.msg == YAML::ErrorMsg::MAP_VALUE)
      explain_colon(fault, offset);
    else if ((exception.msg == YAML::ErrorMsg::BLOCK_ENTRY && offset > 0 && text_[offset - 1] == '\t') ||
             (exception.msg == YAML::ErrorMsg::UNKNOWN_TOKEN && offset < text_.size() &&
              text_[offset] == '\t'))
      fault = explain_yaml_fault(YAML::ErrorMsg::TAB_IN_INDENTATION);
    add(fault.id, offset, 1, fault.message, fault.hint);
  }

 private:
  void explain_colon(YamlFault& fault, std::size_t& offset) const {
    if (const std::size_t tab = tab_in_indentation(offset); tab != std::string_view::npos) {
      fault = explain_yaml_fault(YAML::ErrorMsg::TAB_IN_INDENTATION);
      offset = tab;
    } else if (offset - line_start(offset) > longest_key) {
      fault.message = "a key is longer than the 1024 characters that YAML allows";
      fault.hint = "";
    } else if (begins_line(offset)) {
      fault.hint =
          is_indented_more(offset) ? "check the indentation" : "is a colon missing in the line above?";
    }
  }

  struct Open {
    Node::Kind kind;
    bool flow;
    bool braced;
    bool is_key;
    std::size_t offset;
  };

  std::size_t clamp(const YAML::Mark& mark) const {
    const std::size_t offset = mark.pos < 0 ? 0 : std::min(static_cast<std::size_t>(mark.pos), text_.size());
    watched_.event_at(offset);
    return offset;
  }

  void add(std::string_view id, std::size_t offset, std::uint32_t length, std::string message,
           std::string hint = {}) {
    problems_.add(id, source_.position(offset), length, std::move(message), std::move(hint));
  }

  std::size_t line_start(std::size_t offset) const {
    const std::size_t before = offset == 0 ? std::string_view::npos : text_.rfind('\n', offset - 1);
    return before == std::string_view::npos ? 0 : before + 1;
  }

  /// A tab among the dashes and blanks that the line of `offset` begins with.
  std::size_t tab_in_indentation(std::size_t offset) const {
    const std::size_t start = line_start(offset);
    const std::size_t content = std::min(text_.find_first_not_of("- \t", start), offset);
    const std::size_t tab = text_.find('\t', start);
    return tab < content ? tab : std::string_view::npos;
  }

  /// True when the colon at `offset` is the first one in its line and the line is not the first one.
  bool begins_line(std::size_t offset) const {
    const std::size_t line = offset == 0 ? std::string_view::npos : text_.rfind('\n', offset - 1);
    return line != std::string_view::npos &&
           text_.substr(line, offset - line).find(": ") == std::string_view::npos;
  }

  /// True when the line of `offset` is indented more than the line above it.
  bool is_indented_more(std::size_t offset) const {
    const auto indentation = [&](std::size_t start) {
      return text_.find_first_not_of(spaces, start) - start;
    };
    const std::size_t end_above = text_.rfind('\n', offset);
    const std::size_t line_end = end_above == 0 ? 0 : end_above - 1;
    const std::size_t before = text_.rfind('\n', line_end);
    const std::size_t above = before == std::string_view::npos || before == end_above ? 0 : before + 1;
    return indentation(end_above + 1) > indentation(above);
  }

  /// Where the value itself starts: after its anchor and its tag.
  std::size_t content_offset(const YAML::Mark& mark, bool has_properties) const {
    std::size_t offset = clamp(mark);
    if (!has_properties) return offset;
    while (offset < text_.size() && (text_[offset] == '&' || text_[offset] == '!')) {
      std::size_t next = std::min(text_.find_first_of(" \t\r\n,[]{}", offset), text_.size());
      for (;;) {
        next = std::min(text_.find_first_not_of(blanks, next), text_.size());
        if (next == text_.size() || text_[next] != '#') break;
        next = std::min(text_.find('\n', next), text_.size());
      }
      if (next == text_.size()) break;
      offset = next;
    }
    return offset;
  }

  /// Bytes of the word for null at `offset`; 0 when nothing is written there.
  std::size_t null_length(std::size_t offset) const {
    const std::string_view rest = text_.substr(offset);
    if (rest.starts_with('~')) return 1;
    for (const std::string_view word : {"null", "Null", "NULL"})
      if (rest.starts_with(word)) return word.size();
    return 0;
  }

  /// Where the scalar ends; `offset` itself when that is not known.
  std::size_t scalar_end(std::size_t offset, bool quoted, std::string_view value) {
    const char first = offset < text_.size() ? text_[offset] : '\0';
    if (quoted && (first == '"' || first == '\'')) {
      for (std::size_t index = offset + 1; index < text_.size(); ++index) {
        if (first == '"' && text_[index] == '\\') {
          ++index;
        } else if (text_[index] == first) {
          if (first == '"' || index + 1 >= text_.size() || text_[index + 1] != '\'') return index + 1;
          ++index;
        }
      }
      add(document_problem_ids::bad_syntax, offset, 1, "the quotation mark is never closed");
      throw StopReading();
    }
    return text_.substr(offset).starts_with(value) ? offset + value.size() : offset;
  }

  void key(std::size_t offset, std::size_t end, std::uint32_t length, bool quoted, bool has_anchor,
           const std::string& value) {
    if (!quoted && value == "<<") {
      add(document_problem_ids::merge_key, offset, length, "merge keys are not supported",
          "write the keys out, or once for a class under \"defaults\"");
      builder_.dropped_key();
      return;
    }
    if (has_anchor) add(document_problem_ids::bad_alias, offset, length, "a key cannot have an anchor");
    // The colon of a key behind a question mark may stand in the next line.
    const bool announced = is_announced(offset);
    const std::size_t next = text_.find_first_not_of(announced ? blanks : spaces, end);
    const bool has_colon = next != std::string_view::npos && text_[next] == ':';
    const bool is_pair = open_.back().flow && !open_.back().braced;
    if (end == offset || (!has_colon && !is_pair)) {
      add(document_problem_ids::bad_syntax, offset, length,
          announced ? "a key behind a ? needs a colon and a value in the next line"
                    : "this text is not followed by a colon",
          announced ? "write the key and its value as `key: value`"
                    : "a mapping consists of lines such as `key: value`");
      builder_.dropped_key();
      return;
    }
    builder_.key(value, source_.position(offset), length);
  }

  /// True when a question mark in front of `offset` says that a key follows.
  bool is_announced(std::size_t offset) const {
    const std::size_t before =
        offset == 0 ? std::string_view::npos : text_.find_last_not_of(blanks, offset - 1);
    return before != std::string_view::npos && text_[before] == '?';
  }

  /// True when there is a tag.
  bool check_tag(const YAML::Mark& mark, const std::string& tag, std::string_view allowed) {
    if (tag == "?" || tag == "!" || tag.empty()) return false;
    if (tag == allowed) return true;
    const std::size_t offset = text_.find('!', clamp(mark));
    const std::size_t start = offset == std::string_view::npos ? clamp(mark) : offset;
    const std::size_t end = std::min(text_.find_first_of(" \t\r\n,[]{}", start), text_.size());
    add(document_problem_ids::unknown_tag, start, source_.characters(start, end), "tags are not supported",
        "leave the tag out");
    return true;
  }

  void begin(Node::Kind kind, std::size_t offset, YAML::EmitterStyle::value style, std::size_t anchor) {
    const bool braced = offset < text_.size() && (text_[offset] == '{' || text_[offset] == '[');
    open_.push_back({kind, style == YAML::EmitterStyle::Flow, braced, builder_.expects_key(), offset});
    builder_.begin(kind, source_.position(offset), 0, anchor);
  }

  void end() {
    // Only now: the parser takes a list that is never closed for a key at first.
    const Open ended = open_.back();
    open_.pop_back();
    if (ended.is_key)
      add(document_problem_ids::bad_key, ended.offset, 1,
          std::string("a key is text, not ") + std::string(to_string(ended.kind)));
    builder_.end();
  }

  /// Moves `offset` to the opening bracket when the text ends without a closing one.
  YamlFault unclosed(Node::Kind kind, std::size_t& offset) const {
    YamlFault fault;
    const auto opened = std::find_if(open_.rbegin(), open_.rend(),
                                     [&](const Open& open) { return open.kind == kind && open.braced; });
    const std::string what = kind == Node::Kind::list ? "list" : "mapping";
    const std::string bracket = kind == Node::Kind::list ? "]" : "}";
    if (opened == open_.rend()) return fault;
    if (text_.find_first_not_of(blanks, offset) == std::string_view::npos) {
      fault.message = "the " + what + " is never closed";
      fault.hint = "a " + bracket + " is missing";
      offset = opened->offset;
      return fault;
    }
    const Position start = source_.position(opened->offset);
    fault.message = "the " + what + " that starts at " + std::to_string(start.line) + ':' +
                    std::to_string(start.column) + " is not closed before this place";
    fault.hint = "a comma or " + bracket + " is missing";
    if (text_.substr(opened->offset, offset + 1 - opened->offset).find("${") != std::string_view::npos)
      fault.hint = "between brackets, put quotes around ${...}";
    return fault;
  }

  const SourceText& source_;
  std::string_view text_;
  WatchedText& watched_;
  ProblemList& problems_;
  TreeBuilder builder_;
  std::vector<Open> open_;
  std::size_t scalar_end_ = 0;
};

/// Accepts nothing: whatever comes after the document stops the reading.
class RefusingHandler final : public YamlHandler {
 public:
  RefusingHandler(const SourceText& source, WatchedText& text, const DocumentLimits& limits,
                  ProblemList& problems)
      : YamlHandler(source, text, limits, problems), source_(source), problems_(problems) {}

  void OnDocumentStart(const YAML::Mark& mark) override {
    const auto offset = static_cast<std::size_t>(std::max(mark.pos, 0));
    const Position place = source_.position(offset);
    problems_.add(
        document_problem_ids::second_document, place, 1,
        "content after the document at " + std::to_string(place.line) + ':' + std::to_string(place.column),
        "a file holds one document; check the indentation");
    throw StopReading();
  }

 private:
  const SourceText& source_;
  ProblemList& problems_;
};

}  // namespace

Node read_yaml(const SourceText& source, const DocumentLimits& limits, ProblemList& problems) {
  WatchedText text(source, limits.yaml_value_bytes, problems);
  std::istream stream(&text);
  stream.exceptions(std::ios::badbit);  // lets StopReading through
  YamlHandler handler(source, text, limits, problems);
  RefusingHandler refusing(source, text, limits, problems);
  try {
    YAML::Parser parser(stream);
    // Exactly two calls: the parser may not advance after a document that it does not understand.
    if (parser.HandleNextDocument(handler)) parser.HandleNextDocument(refusing);
  } catch (const YAML::Exception& exception) {
    handler.explain(exception);
  } catch (const StopReading&) {
    if (problems.empty()) throw;
  }
  return handler.take_root();
}

}  // namespace cachesite::reading
