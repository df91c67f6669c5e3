#pragma once

#include "basics/key_hash.hpp"

#include <cachesite/clock.hpp>
#include <cachesite/remember_cache.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace cachesite::remembering {

/// When the entries that this process has computed are to be computed again, ahead of their end. For each key:
///
///     none    nothing is due                          at first; forget(); by a key that takes its place
///     armed   due at a time                           arm()
///     taken   one caller has it to do, as none        claim(), once the time has come
///
/// The table is bounded: a key whose place another one takes is computed again at its end. Without a lock;
/// safe from any thread.
class RefreshPoints {
 public:
  /// Throws std::bad_alloc, and when the system has no randomness to give.
  RefreshPoints(const RefreshOptions& options, IClock::TimePoint now);

  /// Of an entry, its TTL at first and now.
  struct Life {
    std::chrono::milliseconds whole;
    std::chrono::milliseconds left;
  };
  /// When the entry is due. `from` is the part of its life after which it is; `cost` how long its factory
  /// takes.
  [[nodiscard]] IClock::TimePoint due_at(std::string_view key, double from, Life life,
                                         std::chrono::nanoseconds cost, IClock::TimePoint now) const noexcept;
  void arm(std::string_view key, IClock::TimePoint due) noexcept;
  void forget(std::string_view key) noexcept;
  void forget_all() noexcept;
  /// True for one caller, once the time of the key has come.
  [[nodiscard]] bool claim(std::string_view key, const IClock& clock) noexcept;

 private:
  static constexpr std::size_t places = 65'536;
  static constexpr std::uint64_t time_bits = 40;  // milliseconds: 34 years
  static constexpr std::uint64_t time_mask = (std::uint64_t{1} << time_bits) - 1;

  // Never 0, so that no mark and time look like nothing.
  [[nodiscard]] static std::uint64_t mark_of(std::uint64_t hash) noexcept {
    return (hash | (std::uint64_t{1} << 63U)) & ~time_mask;
  }
  [[nodiscard]] std::uint64_t time_of(IClock::TimePoint time) const noexcept;
  [[nodiscard]] std::atomic<std::uint64_t>& place_of(std::uint64_t hash) noexcept {
    return places_[hash % places];
  }

  const RefreshMode mode_;
  const double beta_;
  const IClock::TimePoint origin_;
  const basics::HashSeed seed_;
  const std::unique_ptr<std::atomic<std::uint64_t>[]> places_;  // a part of the hash and the time; 0: none
};

}  // namespace cachesite::remembering
