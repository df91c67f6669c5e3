#include "times.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

namespace cachesite::tool {

std::string milliseconds_text(std::chrono::steady_clock::duration time) {
  std::array<char, 32> text{};
  const auto size = std::snprintf(text.data(), text.size(), "%.2f ms",
                                  std::chrono::duration<double, std::milli>(time).count());
  return {text.data(), static_cast<std::size_t>(size)};
}

std::string times_text(std::vector<std::chrono::steady_clock::duration> times) {
  std::sort(times.begin(), times.end());
  return "p50 " + milliseconds_text(times[times.size() / 2]) + ", max " + milliseconds_text(times.back());
}

}  // namespace cachesite::tool
