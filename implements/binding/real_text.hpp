#pragma once

#include <array>
#include <charconv>
#include <string>

namespace cachesite::binding {

// The shortest decimal text that reads back as the same number.
[[nodiscard]] inline std::string real_text(double number) {
  std::array<char, 64> text{};
  const auto end = std::to_chars(text.data(), text.data() + text.size(), number);
  return {text.data(), end.ptr};
}

}  // namespace cachesite::binding
