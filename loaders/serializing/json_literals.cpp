#include "serializing/json_literals.hpp"

#include <limits>
#include <utility>

namespace cachesite::serializing {

namespace {

// Where the string that starts at `start` ends: behind its closing quotation mark.
std::size_t end_of_string(std::string_view text, std::size_t start) noexcept {
  for (auto at = start + 1; at < text.size(); ++at) {
    if (text[at] == '\\')
      ++at;
    else if (text[at] == '"')
      return at + 1;
  }
  return text.size();
}

}  // namespace

JsonLiterals replace_literals(std::string_view text, std::size_t most) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  constexpr std::pair<std::string_view, double> known[] = {
      {"NaN", std::numeric_limits<double>::quiet_NaN()}, {"Infinity", infinity}, {"-Infinity", -infinity}};
  JsonLiterals result;
  if (text.find_first_of("NI") == std::string_view::npos) return result;
  std::size_t strings = 0;
  std::size_t copied = 0;
  for (std::size_t at = 0; at < text.size() && result.literals.size() <= most;) {
    if (text[at] == '"') {
      at = end_of_string(text, at);
      ++strings;
      continue;
    }
    std::size_t length = 0;
    for (const auto& [word, value] : known)
      if (text.substr(at).starts_with(word)) {
        length = word.size();
        result.literals.push_back({strings++, value});
      }
    if (length != 0) {
      result.text.append(text.substr(copied, at - copied)).append("\"\"");
      copied = at + length;
    }
    at += length == 0 ? 1 : length;
  }
  if (!result.literals.empty() && result.literals.size() <= most) result.text.append(text.substr(copied));
  return result;
}

}  // namespace cachesite::serializing
