#include "reading/toml_words.hpp"

#include "reading/plain_scalar.hpp"

#include <algorithm>

namespace cachesite::reading {
namespace {

bool consists_of(std::string_view text, std::string_view characters) {
  return text.find_first_not_of(characters) == std::string_view::npos;
}

std::string in_lower_case(std::string_view text) {
  std::string lower(text);
  for (char& letter : lower)
    if (letter >= 'A' && letter <= 'Z') letter = static_cast<char>(letter - 'A' + 'a');
  return lower;
}

std::string_view without_sign(std::string_view word) {
  return word.starts_with('+') || word.starts_with('-') ? word.substr(1) : word;
}

/// Takes what the pattern says from the front: 0 is any digit, everything else itself.
bool take(std::string_view& word, std::string_view pattern) {
  if (word.size() < pattern.size()) return false;
  for (std::size_t index = 0; index < pattern.size(); ++index)
    if (pattern[index] == '0' ? !is_digit(word[index]) : word[index] != pattern[index]) return false;
  word.remove_prefix(pattern.size());
  return true;
}

bool take_time(std::string_view& word) {
  if (!take(word, "00:00:00")) return false;
  if (!take(word, ".")) return true;
  const auto digits = std::min(word.find_first_not_of("0123456789"), word.size());
  word.remove_prefix(digits);
  return digits > 0;
}

/// The parser relies on dates and times being whole, so all of their shape is checked; whether there is such
/// a day is left to it.
bool is_time(std::string_view word) {
  if (!take(word, "0000-00-00")) return take_time(word) && word.empty();
  if (word.empty()) return true;
  if (!take(word, "T") && !take(word, "t") && !take(word, " ")) return false;
  if (!take_time(word)) return false;
  return word.empty() || word == "Z" || word == "z" ||
         ((take(word, "+00:00") || take(word, "-00:00")) && word.empty());
}

bool begins_like_time(std::string_view word) {
  return take(word, "0000-") || take(word, "00:");
}

bool is_of_base(std::string_view word) {
  const std::string_view digits = word.starts_with("0x")   ? "0123456789abcdefABCDEF"
                                  : word.starts_with("0o") ? "01234567"
                                  : word.starts_with("0b") ? "01"
                                                           : "";
  if (digits.empty() || word.size() == 2) return false;
  for (std::size_t index = 2; index < word.size(); ++index) {
    const bool between = index > 2 && index + 1 < word.size() && word[index - 1] != '_';
    if (digits.find(word[index]) == std::string_view::npos && !(word[index] == '_' && between)) return false;
  }
  return true;
}

bool has_digits_around_underscores(std::string_view word) {
  for (auto at = word.find('_'); at != std::string_view::npos; at = word.find('_', at + 1))
    if (at == 0 || at + 1 == word.size() || !is_digit(word[at - 1]) || !is_digit(word[at + 1])) return false;
  return true;
}

}  // namespace

bool is_bare_toml_key(std::string_view word) noexcept {
  return !word.empty() &&
         consists_of(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-");
}

std::string plain_toml_word(std::string_view word) {
  std::string plain(word.starts_with('+') ? word.substr(1) : word);
  std::erase(plain, '_');
  return kind_of_plain(plain) == Node::Kind::text ? std::string(word) : plain;
}

bool looks_like_toml_value(std::string_view word) {
  if (word == "true" || word == "false") return true;
  const std::string_view rest = without_sign(word);
  if (rest == "inf" || rest == "nan") return true;
  if (rest.empty() || !is_digit(rest[0])) return false;
  if (rest.size() == word.size() && (is_time(word) || is_of_base(word))) return true;
  return has_digits_around_underscores(rest) && kind_of_plain(plain_toml_word(word)) != Node::Kind::text;
}

std::string cure_of_toml_word(std::string_view word) {
  const std::string lower = in_lower_case(word.substr(0, 6));
  if (lower == "true" || lower == "false") return "write " + lower;
  if (lower == "null" || lower == "nil" || lower == "none" || lower == "~")
    return "TOML has no null: leave the key out";
  const std::string_view rest = without_sign(word);
  if (begins_like_time(word))
    return "write a date as 2026-01-31 and a time as 23:59:59, or put quotes around text";
  if (rest.starts_with('.') || (!rest.empty() && consists_of(rest, "0123456789_.eE+-")))
    return "numbers are decimal, without leading zeros, and with digits on both sides of a point";
  return "put double quotes around text";
}

}  // namespace cachesite::reading
