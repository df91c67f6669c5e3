#pragma once

#include <algorithm>
#include <atomic>
#include <cstdint>

namespace cachesite {

/// A counter that is a difference of others, which are read one after the other: what is reported never
/// falls.
class RisingCounter {
 public:
  /// `value`, or what was reported before when that is more.
  std::uint64_t report(std::uint64_t value) noexcept {
    auto before = reported_.load(std::memory_order_relaxed);
    while (before < value && !reported_.compare_exchange_weak(before, value, std::memory_order_relaxed)) {
    }
    return std::max(before, value);
  }

 private:
  std::atomic<std::uint64_t> reported_{0};
};

}  // namespace cachesite
