#pragma once

#include "memory/base/tick.hpp"

#include <algorithm>
#include <atomic>
#include <cstdint>
#include <limits>

namespace cachesite::memory {

// What a write does at most for others: entries looked at that may have ended, and entries evicted while
// there are too many.
inline constexpr unsigned sweep_step = 16;
inline constexpr unsigned shrink_step = 8;

// What all shards of an engine may hold together. Shards take from it before they grow, so the limits are
// never passed however unevenly the keys fall.
class Budget {
 public:
  static constexpr std::uint64_t unlimited = std::numeric_limits<std::uint64_t>::max() / 4;

  Budget(std::uint64_t most_entries, std::uint64_t most_bytes) noexcept
      : most_entries_(most_entries), most_bytes_(most_bytes) {}

  // Where there is none left this writes nothing: threads that evict do not meet here.
  bool try_take_entry() noexcept {
    if (entries() >= most_entries()) return false;
    if (entries_.fetch_add(1, std::memory_order_relaxed) < most_entries_.load(std::memory_order_relaxed))
      return true;
    entries_.fetch_sub(1, std::memory_order_relaxed);
    return false;
  }
  void take_entry() noexcept { entries_.fetch_add(1, std::memory_order_relaxed); }
  void give_entries(std::uint64_t count) noexcept { entries_.fetch_sub(count, std::memory_order_relaxed); }

  bool try_take_bytes(std::uint64_t count) noexcept {
    if (bytes_.fetch_add(count, std::memory_order_relaxed) + count <=
        most_bytes_.load(std::memory_order_relaxed)) {
      return true;
    }
    bytes_.fetch_sub(count, std::memory_order_relaxed);
    return false;
  }
  void take_bytes(std::uint64_t count) noexcept { bytes_.fetch_add(count, std::memory_order_relaxed); }
  void give_bytes(std::uint64_t count) noexcept { bytes_.fetch_sub(count, std::memory_order_relaxed); }

  bool over() const noexcept {
    return entries() > most_entries_.load(std::memory_order_relaxed) ||
           bytes() > most_bytes_.load(std::memory_order_relaxed);
  }
  // True when there is no room for a thirty-second part more, or would be none after so many bytes.
  bool nearly_full(std::uint64_t more_bytes = 0) const noexcept {
    return entries() + entries() / 32 >= most_entries() ||
           bytes() + bytes() / 32 + more_bytes >= most_bytes();
  }
  // An entry that ended at this time, or earlier, is given up.
  Tick over_at(Tick now) const noexcept {
    const Tick kept = kept_.load(std::memory_order_relaxed);
    if (kept == 0) [[likely]]
      return now;
    return std::min(now, std::max(now - std::min(now, kept), forgotten_.load(std::memory_order_relaxed)));
  }
  void keep_ended(Tick time) noexcept { kept_.store(time, std::memory_order_relaxed); }
  // What has ended by now is not kept.
  void forget_ended(Tick now) noexcept { forgotten_.store(now, std::memory_order_relaxed); }

  std::uint64_t entries() const noexcept { return entries_.load(std::memory_order_relaxed); }
  std::uint64_t bytes() const noexcept { return bytes_.load(std::memory_order_relaxed); }
  std::uint64_t most_entries() const noexcept { return most_entries_.load(std::memory_order_relaxed); }
  std::uint64_t most_bytes() const noexcept { return most_bytes_.load(std::memory_order_relaxed); }
  void set_most_entries(std::uint64_t most) noexcept { most_entries_.store(most, std::memory_order_relaxed); }
  void set_most_bytes(std::uint64_t most) noexcept { most_bytes_.store(most, std::memory_order_relaxed); }

 private:
  alignas(64) std::atomic<std::uint64_t> entries_{0};
  alignas(64) std::atomic<std::uint64_t> bytes_{0};
  alignas(64) std::atomic<std::uint64_t> most_entries_;
  std::atomic<std::uint64_t> most_bytes_;
  std::atomic<Tick> kept_{0};
  std::atomic<Tick> forgotten_{0};
};

}  // namespace cachesite::memory
