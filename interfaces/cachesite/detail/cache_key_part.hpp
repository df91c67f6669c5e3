#pragma once

#include <array>
#include <charconv>
#include <concepts>
#include <string>
#include <string_view>
#include <type_traits>

namespace cachesite {

/// The text of an argument in a cache key (see KeyTemplate), for built-in types: integers in decimal, reals
/// in the shortest form that reads back as the same number (-0 as 0), `true` and `false`, text unchanged,
/// enumerators as their numbers.
///
/// For your own type, write a function in its namespace, with equal texts for equal values and different
/// texts for different values:
///
///     std::string cache_key_part(const Isbn& isbn) { return isbn.digits(); }
[[nodiscard]] inline std::string cache_key_part(std::string_view text) {
  return std::string(text);
}
[[nodiscard]] inline std::string cache_key_part(const std::string& text) {
  return text;
}
[[nodiscard]] inline std::string cache_key_part(const char* text) {
  return text;
}
template <class T>
requires(std::is_arithmetic_v<T> || std::is_enum_v<T>) [[nodiscard]] std::string cache_key_part(T value) {
  if constexpr (std::same_as<T, bool>) {
    return value ? "true" : "false";
  } else if constexpr (std::same_as<T, char>) {
    return std::string(1, value);
  } else if constexpr (std::is_enum_v<T>) {
    return std::to_string(static_cast<std::underlying_type_t<T>>(value));
  } else if constexpr (std::is_integral_v<T>) {
    return std::to_string(value);
  } else {
    std::array<char, 128> text{};
    const auto end = std::to_chars(text.data(), text.data() + text.size(), value == 0 ? T{} : value);
    return {text.data(), end.ptr};
  }
}

/// Satisfied by what may be an argument of a key template.
template <class T>
concept CacheKeyPart = requires(const T& value) {
  { cache_key_part(value) } -> std::convertible_to<std::string>;
};

}  // namespace cachesite
