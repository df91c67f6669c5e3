#include "reading/toml_outline.hpp"

#include "reading/toml_words.hpp"
#include "reading/tree_builder.hpp"

#include <cachesite/detail/document_problem_ids.hpp>
#include <cachesite/detail/problem_text.hpp>

#include <algorithm>
#include <utility>

namespace cachesite::reading {
namespace {

TomlToken part_of(const TomlToken& token, std::size_t start, std::size_t length) {
  TomlToken part = token;
  part.start = start;
  part.end = start + length;
  return part;
}

}  // namespace

void TomlOutline::read() {
  while (next().kind != TomlToken::Kind::end) {
    try {
      statement();
    } catch (const SkipLine&) {
      skip_line();
    }
  }
}

TomlOutline::Last TomlOutline::last_before(std::size_t offset) {
  watched_ = offset;
  read();
  return last_;
}

void TomlOutline::note(TomlToken& last, const TomlToken& token) const {
  if (token.start < watched_) last = token;
}

void TomlOutline::skip_line() {
  cursor_ = std::min(text_.find('\n', cursor_), text_.size());
}

void TomlOutline::add(std::string_view id, const TomlToken& token, std::string message, std::string hint) {
  problems_.add(id, source_.position(token.start), source_.characters(token.start, token.end),
                std::move(message), std::move(hint));
}

void TomlOutline::fail(const TomlToken& token, std::string message, std::string hint) {
  add(document_problem_ids::bad_syntax, token, std::move(message), std::move(hint));
  if (open_ > 0 || token.several_lines || problems_.overflows()) throw StopReading();
  throw SkipLine();
}

std::string TomlOutline::place(const TomlToken& token) const {
  return place_text(source_.position(token.start));
}

void TomlOutline::refuse(const TomlToken& token, std::size_t most, const char* what) {
  add(document_problem_ids::beyond_limit, token, "more than " + std::to_string(most) + what);
  throw StopReading();
}

void TomlOutline::count(const TomlToken& token, std::size_t depth) {
  const std::size_t most = std::min(limits_.nodes, limits_.toml_values);
  if (depth > limits_.depth) refuse(token, limits_.depth, " lists and mappings inside each other");
  if (++values_ + keys_.tables() > most) refuse(token, most, " values in one file");
  if (keys_.tables() > limits_.toml_tables) refuse(token, limits_.toml_tables, " tables in one file");
}

void TomlOutline::check(const TomlKeys::Clash& clash) {
  if (clash.part == nullptr) return;
  problems_.add(document_problem_ids::repeated_key, clash.part->position, clash.part->length,
                clash.holds_value ? "the key \"" + printable(clash.part->name) +
                                        "\" has its whole value already, at " + place_text(clash.first)
                                  : repeated_key_text(clash.part->name, clash.first));
}

void TomlOutline::statement() {
  const TomlToken token = next();
  if (token.kind == TomlToken::Kind::line_end)
    take(token);
  else if (token.is('['))
    header(token);
  else
    pair();
}

void TomlOutline::end_line(const char* what) {
  const TomlToken token = next(TomlPlace::value);
  if (token.ends_line()) return take(token);
  fail(token, std::string("nothing can follow ") + what + " in its line",
       token.is(',')                          ? "leave the comma out"
       : text_.substr(token.start, 2) == "//" ? "a comment begins with #"
                                              : "begin a new line");
}

void TomlOutline::header(const TomlToken& bracket) {
  const bool element = text_.substr(bracket.start, 2) == "[[";
  const TomlToken opening = part_of(bracket, bracket.start, element ? 2 : 1);
  take(opening);
  const TomlToken first = next();
  if (first.is(']')) fail(first, "the name of the table is missing");
  const TomlKey name = key();
  const TomlToken closing = next();
  if (!closing.is(']') || (element && text_.substr(closing.start, 2) != "]]"))
    fail(opening, "the name of the table is never closed",
         element ? "write [[name]] for an element of a list" : "write [name] for a table");
  cursor_ = closing.start + (element ? 2 : 1);
  table_depth_ = 1 + name.size();
  check(element ? keys_.open_element(name) : keys_.open_table(name));
  count(opening, table_depth_);
  end_line("the name of a table");
}

void TomlOutline::pair() {
  const TomlToken start = next();
  const TomlKey name = key();
  equals_sign();
  check(keys_.add_pair(name));
  if (keys_.most_in_a_mapping() > limits_.keys_per_map)
    refuse(start, limits_.keys_per_map, " keys in one mapping");
  value(table_depth_ + name.size() - 1, start);
  end_line("a value");
}

void TomlOutline::equals_sign() {
  const TomlToken token = next();
  if (token.is('=')) return take(token);
  if (token.first == ':')
    fail(part_of(token, token.start, 1), "a key and its value have an equals sign between them",
         "write key = value");
  if (token.ends_line()) fail(token, "an equals sign and a value are missing before this place");
  fail(token, "an equals sign is missing before this place");
}

TomlKey TomlOutline::key() {
  TomlKey parts;
  for (;;) {
    const TomlToken token = next();
    if (parts.size() >= limits_.depth) count(token, parts.size() + 1);
    parts.push_back(key_part(token, !parts.empty()));
    note(last_.key, token);
    take(token);
    if (const TomlToken dot = next(); dot.is('.'))
      take(dot);
    else
      return parts;
  }
}

TomlKeyPart TomlOutline::key_part(const TomlToken& token, bool after_dot) {
  if (token.kind == TomlToken::Kind::text) {
    if (token.several_lines) fail(token, "a key stands between single quotation marks, not three");
    text(token);
    return {text_.substr(token.start + 1, token.end - token.start - 2), source_.position(token.start),
            source_.characters(token.start, token.end)};
  }
  if (token.is('=')) fail(token, "a key is missing before the equals sign");
  if (token.is('{')) fail(token, "a key is expected here", "TOML has braces only after an equals sign");
  if (token.kind != TomlToken::Kind::word)
    fail(token, after_dot ? "a part of the key is missing after the dot" : "a key is expected here");
  const std::string_view name = text_.substr(token.start, token.end - token.start);
  if (const auto colon = name.find(':'); colon != std::string_view::npos)
    fail(part_of(token, token.start + colon, 1), "a key and its value have an equals sign between them",
         "write key = value");
  if (!is_bare_toml_key(name))
    fail(token, "a key without quotes has only letters of English, digits, _ and -",
         "put double quotes around the key");
  return {name, source_.position(token.start), source_.characters(token.start, token.end)};
}

void TomlOutline::value(std::size_t depth, const TomlToken& before) {
  const TomlToken token = next(TomlPlace::value);
  count(token, token.kind == TomlToken::Kind::mark ? depth + 1 : 0);
  note(last_.value, token);
  if (token.kind == TomlToken::Kind::text) return text(token), take(token);
  if (token.kind == TomlToken::Kind::word) return word(token), take(token);
  if (token.is('[')) return list(depth + 1, token);
  if (token.is('{')) return mapping(depth + 1, token);
  if (token.ends_line()) fail(before, "the value of this key is missing", "write an empty text as \"\"");
  fail(token, "a value is expected here");
}

void TomlOutline::text(const TomlToken& token) {
  if (token.closed) return;
  if (token.several_lines) fail(part_of(token, token.start, 3), "the three quotation marks are never closed");
  fail(part_of(token, token.start, 1), "the quotation mark is not closed in its line",
       token.first == '"' ? R"(write a line end as \n)" : "put three quotation marks around several lines");
}

void TomlOutline::word(const TomlToken& token) {
  const std::string_view word = text_.substr(token.start, token.end - token.start);
  if (!looks_like_toml_value(word)) fail(token, "this is no TOML value", cure_of_toml_word(word));
}

TomlToken TomlOutline::next_in_list() {
  TomlToken token = next(TomlPlace::value);
  for (; token.kind == TomlToken::Kind::line_end; token = next(TomlPlace::value))
    take(token);
  return token;
}

bool TomlOutline::begins_pair(const TomlToken& token) const {
  return token.kind == TomlToken::Kind::word && next_toml_token(text_, token.end, TomlPlace::value).is('=');
}

void TomlOutline::list(std::size_t depth, const TomlToken& bracket) {
  ++open_;
  take(bracket);
  for (;;) {
    TomlToken token = next_in_list();
    if (token.is(',') || token.is('=')) fail(token, "a value is expected here");
    if (!token.is(']') && !begins_pair(token) && token.kind != TomlToken::Kind::end) {
      value(depth, token);
      token = next_in_list();
      if (token.is(',')) {
        take(token);
        continue;
      }
    }
    if (token.is(']')) break;
    if (token.kind == TomlToken::Kind::end || begins_pair(token)) fail(bracket, "the list is never closed");
    if (token.is('}'))
      fail(token, "the list that starts at " + place(bracket) + " is closed by the wrong bracket");
    fail(token, "a comma is missing before this place");
  }
  take(next_in_list());
  --open_;
}

void TomlOutline::mapping(std::size_t depth, const TomlToken& brace) {
  ++open_;
  take(brace);
  const std::size_t number = keys_.new_mapping();
  for (bool first = true;; first = false) {
    TomlToken token = next();
    if (token.is('}') && !first) fail(token, "a key is missing after the comma", "leave the comma out");
    if (!token.is('}') && !token.ends_line()) {
      const TomlKey name = key();
      equals_sign();
      check(keys_.add_pair(number, name));
      if (keys_.most_in_a_mapping() > limits_.keys_per_map)
        refuse(token, limits_.keys_per_map, " keys in one mapping");
      value(depth + name.size() - 1, token);
      token = next(TomlPlace::value);
      if (token.is(',')) {
        take(token);
        continue;
      }
    }
    if (token.is('}')) break;
    if (token.ends_line())
      fail(brace, "the mapping is not closed in its line",
           "write it in one line, or as a [table] of its own");
    if (token.is(']'))
      fail(token, "the mapping that starts at " + place(brace) + " is closed by the wrong bracket");
    fail(token, "a comma is missing before this place");
  }
  take(next());
  --open_;
}

}  // namespace cachesite::reading
