#pragma once

#include "basics/key_hash.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace cachesite::redis {

/// Remembers roughly which keys had large values, so that the next read of one does not make small reads
/// wait. Several keys share a mark; a wrong mark costs nothing but the choice of another connection.
class LargeKeys {
 public:
  static constexpr std::size_t large_from = std::size_t{32} * 1024;

  [[nodiscard]] bool contains(std::string_view key) const noexcept {
    return any_.load(std::memory_order_relaxed) && marks_[place(key)].load(std::memory_order_relaxed);
  }
  /// `marked` is what `contains` said before the value was read.
  void saw(std::string_view key, std::size_t size, bool marked) noexcept {
    if ((size >= large_from) != marked) saw_at(place(key), size, marked);
  }

  /// A key that is gone by the time its value is there is known by its place.
  [[nodiscard]] static std::size_t place(std::string_view key) noexcept {
    return basics::hash_key(key, seed) % places;
  }
  void saw_at(std::size_t place, std::size_t size, bool marked) noexcept {
    const bool large = size >= large_from;
    if (large == marked) return;
    marks_[place].store(large, std::memory_order_relaxed);
    if (large) any_.store(true, std::memory_order_relaxed);
  }

 private:
  static constexpr std::size_t places = 4096;
  // Nobody gains by keys that share a place, so it need not be secret.
  static constexpr basics::HashSeed seed{0x9E3779B97F4A7C15, 0xD1B54A32D192ED03};

  std::atomic<bool> any_{false};
  std::array<std::atomic<bool>, places> marks_{};
};

}  // namespace cachesite::redis
