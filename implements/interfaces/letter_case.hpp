#pragma once

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>

namespace cachesite::detail {

constexpr bool is_capital(char character) noexcept {
  return character >= 'A' && character <= 'Z';
}
constexpr bool is_small(char character) noexcept {
  return character >= 'a' && character <= 'z';
}
constexpr bool is_letter_or_digit(char character) noexcept {
  return is_capital(character) || is_small(character) || (character >= '0' && character <= '9');
}
constexpr char small(char character) noexcept {
  return is_capital(character) ? static_cast<char>(character - 'A' + 'a') : character;
}
constexpr char capital(char character) noexcept {
  return is_small(character) ? static_cast<char>(character - 'a' + 'A') : character;
}

inline void append_in_camel_case(std::string_view name, std::string& result) {
  if (std::none_of(name.begin(), name.end(), is_small)) {
    result.append(name);
    return;
  }
  result.push_back(is_small(name[1 % name.size()]) ? small(name.front()) : name.front());
  for (std::size_t index = 1; index < name.size(); ++index)
    if (name[index] != '_') result.push_back(name[index - 1] == '_' ? capital(name[index]) : name[index]);
}

inline void append_in_snake_case(std::string_view name, std::string& result) {
  for (std::size_t index = 0; index < name.size(); ++index) {
    const char before = index == 0 ? '_' : name[index - 1];
    const bool begins_a_word =
        is_capital(name[index]) && before != '_' &&
        (!is_capital(before) || (index + 1 < name.size() && is_small(name[index + 1])));
    if (begins_a_word) result.push_back('_');
    result.push_back(small(name[index]));
  }
}

}  // namespace cachesite::detail
