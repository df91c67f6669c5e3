#pragma once

#include "basics/key_hash.hpp"

#include <cachesite/clock.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>

namespace cachesite::remembering {

/// When the TTLs of values end that this process has met: a copy in a near tier without coherence does not say it.
/// Of a value that is not known to it the store is asked. The table is bounded. Without a lock; safe from any
/// thread.
class EntryEnds {
 public:
  /// Throws std::bad_alloc, and when the system has no randomness to give.
  EntryEnds() : seed_(basics::HashSeed::random()), places_(std::make_unique<Place[]>(places)) {}

  void note(std::string_view key, std::uint64_t version, IClock::TimePoint end) noexcept {
    const auto hash = hash_of(key, version);
    const auto time = static_cast<std::uint64_t>(end.time_since_epoch().count());
    auto& place = places_[hash % places];
    place.end.store(time, std::memory_order_relaxed);
    place.check.store(hash ^ time, std::memory_order_relaxed);
  }
  [[nodiscard]] std::optional<IClock::TimePoint> end_of(std::string_view key,
                                                        std::uint64_t version) const noexcept {
    const auto hash = hash_of(key, version);
    const auto& place = places_[hash % places];
    const auto time = place.end.load(std::memory_order_relaxed);
    // Both parts are of one note, and of this value.
    if ((place.check.load(std::memory_order_relaxed) ^ time) != hash) return std::nullopt;
    return IClock::TimePoint(IClock::TimePoint::duration(static_cast<std::int64_t>(time)));
  }

 private:
  static constexpr std::size_t places = 65'536;
  struct Place {
    std::atomic<std::uint64_t> check{0};
    std::atomic<std::uint64_t> end{0};
  };

  [[nodiscard]] std::uint64_t hash_of(std::string_view key, std::uint64_t version) const noexcept {
    return basics::hash_key(key, seed_) ^ (version * 0x9e3779b97f4a7c15U);
  }

  const basics::HashSeed seed_;
  const std::unique_ptr<Place[]> places_;
};

}  // namespace cachesite::remembering
