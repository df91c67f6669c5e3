#pragma once

#include "reading/problem_list.hpp"
#include "reading/source_text.hpp"
#include "reading/toml_keys.hpp"
#include "reading/toml_tokens.hpp"

#include <cachesite/document_reader.hpp>

#include <cstddef>
#include <string>
#include <string_view>

namespace cachesite::reading {

/// Goes over a TOML text before the parser does, which builds a tree of whatever size and depth the text asks
/// for and stops at the first mistake. The outline keeps the text within its limits, and says of each mistake
/// in its grammar what is wrong and where. What a text or a word stands for is left to the parser.
///
/// A mistake ends its line; one inside brackets or between three quotation marks ends the outline.
class TomlOutline {
 public:
  TomlOutline(const SourceText& source, const DocumentLimits& limits, ProblemList& problems)
      : source_(source), text_(source.view()), limits_(limits), problems_(problems) {}

  /// Adds what is wrong to the problems; may throw StopReading.
  void read();

  /// What the parser was at when it had read up to `offset`: the last key and the last value that start
  /// before it.
  struct Last {
    TomlToken key;
    TomlToken value;
  };
  /// Reads the text, which has no mistake that `read` finds.
  [[nodiscard]] Last last_before(std::size_t offset);

 private:
  /// A mistake that has been told: the rest of the line is skipped.
  struct SkipLine {};

  TomlToken next(TomlPlace place = TomlPlace::key) const { return next_toml_token(text_, cursor_, place); }
  void take(const TomlToken& token) { cursor_ = token.end; }
  /// The next token that is no line end.
  TomlToken next_in_list();

  void statement();
  void header(const TomlToken& bracket);
  void pair();
  void end_line(const char* what);
  TomlKey key();
  TomlKeyPart key_part(const TomlToken& token, bool after_dot);
  void equals_sign();
  void value(std::size_t depth, const TomlToken& before);
  void text(const TomlToken& token);
  void word(const TomlToken& token);
  /// A word in a list, with an equals sign after it: the list ought to have ended.
  [[nodiscard]] bool begins_pair(const TomlToken& token) const;
  void list(std::size_t depth, const TomlToken& bracket);
  void mapping(std::size_t depth, const TomlToken& brace);
  void check(const TomlKeys::Clash& clash);
  [[noreturn]] void refuse(const TomlToken& token, std::size_t most, const char* what);
  void count(const TomlToken& token, std::size_t depth);
  void note(TomlToken& last, const TomlToken& token) const;
  void skip_line();

  void add(std::string_view id, const TomlToken& token, std::string message, std::string hint = {});
  [[noreturn]] void fail(const TomlToken& token, std::string message, std::string hint = {});
  [[nodiscard]] std::string place(const TomlToken& token) const;

  const SourceText& source_;
  std::string_view text_;
  const DocumentLimits& limits_;
  ProblemList& problems_;
  TomlKeys keys_;
  std::size_t cursor_ = 0;
  std::size_t table_depth_ = 1;
  std::size_t open_ = 0;    // brackets and braces
  std::size_t values_ = 1;  // with the root
  std::size_t watched_ = 0;
  Last last_;
};

}  // namespace cachesite::reading
