#pragma once

#include <charconv>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>
#include <system_error>

namespace cachesite::memory {

// The value of a counter: a whole number of 64 bits in decimal, written in one way only, as Redis has it.
struct CounterText {
  static constexpr std::size_t longest = 20;  // -9223372036854775808

  explicit CounterText(std::int64_t number) noexcept
      : size(static_cast<std::size_t>(std::to_chars(digits, digits + longest, number).ptr - digits)) {}

  std::string_view text() const noexcept { return {digits, size}; }

  // None for anything else, such as "+1", "01", " 1" or "-0".
  static std::optional<std::int64_t> number_in(std::string_view text) noexcept {
    std::int64_t number = 0;
    const auto [end, failure] = std::from_chars(text.data(), text.data() + text.size(), number);
    if (failure != std::errc() || CounterText(number).text() != text) return std::nullopt;
    return number;
  }

  char digits[longest];
  std::size_t size;
};

inline std::optional<std::int64_t> sum_in_range(std::int64_t left, std::int64_t right) noexcept {
  std::int64_t sum = 0;
  if (__builtin_add_overflow(left, right, &sum)) return std::nullopt;
  return sum;
}

}  // namespace cachesite::memory
