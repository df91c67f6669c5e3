#include "reading/secret_lines.hpp"

#include <algorithm>
#include <charconv>
#include <iterator>
#include <map>
#include <string_view>
#include <system_error>

namespace cachesite::reading {
namespace {

constexpr std::string_view blanks = " \t\r\n";

std::string in_lower_case(std::string_view text) {
  std::string lower(text);
  for (char& letter : lower)
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  return lower;
}

bool is_word_character(char character) {
  return (character >= 'a' && character <= 'z') || (character >= '0' && character <= '9') || character == '_';
}

/// The text in lower case, with the characters in place of the escapes \x6E, \u006E and \U0000006E: a name
/// may be written with them.
std::string plain(std::string_view text) {
  std::string result;
  for (std::size_t index = 0; index < text.size(); ++index) {
    const char kind = text[index] == '\\' && index + 1 < text.size() ? text[index + 1] : '\0';
    const std::size_t digits = kind == 'x' ? 2 : kind == 'u' ? 4 : kind == 'U' ? 8 : 0;
    const std::string_view number = text.substr(std::min(index + 2, text.size()), digits);
    unsigned code = 0;
    const auto [end, fault] = std::from_chars(number.data(), number.data() + number.size(), code, 16);
    const bool is_escape = digits > 0 && number.size() == digits && fault == std::errc() &&
                           end == number.data() + digits && code >= ' ' && code < 0x7F;
    result += is_escape ? static_cast<char>(code) : text[index];
    if (is_escape) index += digits + 1;
  }
  return in_lower_case(result);
}

/// Only the characters that names have: one that was typed in between does not hide a name.
std::string squeezed(std::string_view text) {
  std::string result;
  std::copy_if(text.begin(), text.end(), std::back_inserter(result), is_word_character);
  return result;
}

std::size_t find_word(std::string_view line, std::string_view word) {
  for (std::size_t at = line.find(word); at != std::string_view::npos; at = line.find(word, at + 1)) {
    const std::size_t end = at + word.size();
    if ((at == 0 || !is_word_character(line[at - 1])) &&
        (end == line.size() || !is_word_character(line[end])))
      return at;
  }
  return std::string_view::npos;
}

/// Goes through a text line by line and knows which lines may belong to the value of a secret.
class SecretLines {
 public:
  SecretLines(std::string_view text, const std::vector<std::string>& names, Format format)
      : is_toml_(format == Format::toml), separator_(is_toml_ ? '=' : ':') {
    for (const auto& name : names)
      names_.push_back(in_lower_case(name));
    while (!text.empty()) {
      const std::size_t end = std::min(text.find('\n'), text.size() - 1) + 1;
      hidden_.push_back(hides(plain(text.substr(0, end))));
      text.remove_prefix(end);
    }
  }

  [[nodiscard]] bool has(std::uint32_t line) const {
    return line > 0 && line <= hidden_.size() && hidden_[line - 1];
  }

 private:
  bool hides(const std::string& line) {
    std::size_t named = find_secret(line);
    if (named == std::string::npos && has_broken_name(line)) named = 0;
    before_ = line.substr(0, line.find_last_not_of(blanks) + 1);
    if (named != std::string::npos) {
      column_ = std::min(line.find_first_not_of(" \t-?"), named);
      depth_ = 0;
      quote_.clear();
      read_value(after_key(std::string_view(line).substr(named)));
      return true;
    }
    if (continues(line)) {
      read_value(line);
      return true;
    }
    column_ = std::string_view::npos;
    pending_ = false;
    return false;
  }

  /// Whether a line without a secret's name goes on with the value that began above: an open bracket or
  /// quotation, a value that begins after its key's line, and what is indented more than the key or has no
  /// key.
  [[nodiscard]] bool continues(std::string_view line) const {
    if (depth_ > 0 || !quote_.empty() || pending_) return true;
    if (column_ == std::string_view::npos) return false;
    const std::size_t first = line.find_first_not_of(blanks);
    if (first == std::string_view::npos) return true;
    if (is_toml_) return line[first] != '[' && !begins_with_key(line.substr(first));
    return first > column_ || !begins_with_key(line.substr(first));
  }

  /// `key: ...`, `- key: ...` or `key = ...`, with quotes or without.
  [[nodiscard]] bool begins_with_key(std::string_view text) const {
    text.remove_prefix(std::min(text.find_first_not_of(" -{[,}]\"'"), text.size()));
    std::size_t end = 0;
    while (end < text.size() && (is_word_character(text[end]) || text[end] == '.' || text[end] == '-'))
      ++end;
    const std::size_t after = std::min(text.find_first_not_of("\"' ", end), text.size());
    return end > 0 && after < text.size() && text[after] == separator_;
  }

  /// A name with a wrong character or a line end in its middle.
  [[nodiscard]] bool has_broken_name(const std::string& line) const {
    const std::string letters =
        squeezed(before_.find(separator_) == std::string::npos ? before_ + line : line);
    return std::any_of(names_.begin(), names_.end(), [&](const std::string& name) {
      return letters.find(squeezed(name)) != std::string::npos;
    });
  }

  [[nodiscard]] std::string_view after_key(std::string_view text) const {
    std::size_t end = 0;
    while (end < text.size() && is_word_character(text[end]))
      ++end;
    if (end < text.size() && (text[end] == '"' || text[end] == '\'')) ++end;
    const std::size_t after = text.find_first_not_of(blanks, end);
    return text.substr(after != std::string_view::npos && text[after] == separator_ ? after + 1 : end);
  }

  void read_value(std::string_view text) {
    pending_ = text.find_first_not_of(blanks) == std::string_view::npos;
    for (std::size_t index = 0; index < text.size(); ++index) {
      const char character = text[index];
      const bool begins =
          index == 0 ||
          std::string_view(is_toml_ ? " \t[{,=" : " \t[{,:-").find(text[index - 1]) != std::string_view::npos;
      if (!quote_.empty()) {
        if (character == '\\' && quote_[0] == '"') {
          ++index;
        } else if (text.substr(index).starts_with(quote_)) {
          index += quote_.size() - 1;
          quote_.clear();
        }
      } else if (character == '[' || character == '{') {
        ++depth_;
      } else if (character == ']' || character == '}') {
        depth_ = std::max(depth_ - 1, 0);
      } else if (begins && (character == '\'' || character == '"')) {
        const std::string three(3, character);
        quote_ = is_toml_ && text.substr(index).starts_with(three) ? three : std::string(1, character);
        index += quote_.size() - 1;
      } else if (begins && character == '#') {
        return;
      }
    }
  }

  /// Where the line names a secret.
  [[nodiscard]] std::size_t find_secret(std::string_view line) const {
    std::size_t first = std::string_view::npos;
    for (const std::string_view word : {"pass", "pwd", "secret", "token", "credential", "auth", "api_key",
                                        "apikey", "private_key", "encryption_key", "url", "dsn"})
      first = std::min(first, line.find(word));
    for (const std::string& name : names_)
      first = std::min(first, find_word(line, name));
    if (const std::size_t scheme = line.find("://");
        scheme != std::string_view::npos && line.find_first_of("@?", scheme) != std::string_view::npos)
      first = std::min(first, scheme);
    return first;
  }

  bool is_toml_;
  char separator_;  // between a key and its value
  std::vector<std::string> names_;
  std::vector<bool> hidden_;
  std::string before_;                           // the line above
  std::size_t column_ = std::string_view::npos;  // where the key begins whose value may go on
  int depth_ = 0;                                // open brackets
  std::string quote_;                            // an open quotation
  bool pending_ = false;                         // the value has not begun
};

}  // namespace

void hide_secret_lines(std::vector<Problem>& problems, Format format, const std::vector<std::string>& names) {
  std::map<const std::string*, SecretLines> texts;
  for (auto& problem : problems) {
    if (!problem.source) continue;
    const auto known = texts.try_emplace(problem.source.get(), *problem.source, names, format).first;
    problem.confidential = problem.confidential || known->second.has(problem.position.line);
  }
}

}  // namespace cachesite::reading
