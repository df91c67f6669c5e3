#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string_view>

namespace cachesite::remembering {

/// How often a key, or one that shares its place, has changed as far as this process knows. Whoever finds the number
/// that was there before a read knows that what was read still stands. Safe from any thread.
class ChangeCounts {
 public:
  [[nodiscard]] std::uint64_t of(std::string_view key) const noexcept {
    return counts_[place_of(key)].load(std::memory_order_relaxed);
  }
  void note(std::string_view key) noexcept { counts_[place_of(key)].fetch_add(1, std::memory_order_relaxed); }
  void note_all() noexcept {
    for (auto& each : counts_)
      each.fetch_add(1, std::memory_order_relaxed);
  }

 private:
  static constexpr std::size_t places = 256;

  [[nodiscard]] static std::size_t place_of(std::string_view key) noexcept {
    return std::hash<std::string_view>()(key) % places;
  }

  std::array<std::atomic<std::uint64_t>, places> counts_{};
};

}  // namespace cachesite::remembering
