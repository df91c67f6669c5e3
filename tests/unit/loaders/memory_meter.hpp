#pragma once

#include <cstddef>

namespace cachesite::test {

/// Counts the bytes that this program has allocated with `new`; the highest count since `reset`.
struct MemoryMeter {
  static void reset() noexcept;
  [[nodiscard]] static std::size_t peak() noexcept;
};

}  // namespace cachesite::test
