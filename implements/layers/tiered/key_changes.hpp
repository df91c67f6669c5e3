#pragma once

#include "basics/key_hash.hpp"
#include "basics/per_process_mutex.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <string_view>

namespace cachesite::tiered {

/// How often the entries under keys have changed. Whoever makes a copy of what was seen some time ago compares
/// the count of then with that of now. Far more counters than locks: keys that share a counter void each
/// other's copies.
class KeyChanges {
  struct Stripe;

 public:
  using Count = std::uint64_t;

  explicit KeyChanges(std::size_t counters_of_a_stripe) : counters_(counters_of_a_stripe) {
    for (auto& stripe : stripes_)
      stripe.changes = std::make_unique<std::atomic<Count>[]>(counters_);
  }

  /// A key with its lock held. A hook in the near cache may call the tiers again, so a thread may take its lock
  /// twice.
  class Held {
   public:
    Held(KeyChanges& changes, std::string_view key) : Held(changes, changes.hash_of(key)) {}

    [[nodiscard]] Count count() const noexcept { return count_.load(std::memory_order_relaxed); }
    /// Voids what was seen before. Returns the count before.
    Count change() noexcept { return count_.fetch_add(1, std::memory_order_release); }

   private:
    Held(KeyChanges& changes, std::size_t hash)
        : lock_(changes.stripe_of(hash).mutex), count_(changes.counter_of(hash)) {}

    const std::lock_guard<basics::PerProcessRecursiveMutex> lock_;
    std::atomic<Count>& count_;
  };

  [[nodiscard]] Count count(std::string_view key) const noexcept {
    return counter_of(hash_of(key)).load(std::memory_order_acquire);
  }

  void change_all() noexcept {
    for (auto& each : stripes_) {
      const std::lock_guard lock(each.mutex);
      for (std::size_t index = 0; index < counters_; ++index)
        each.changes[index].fetch_add(1, std::memory_order_release);
    }
  }

 private:
  struct alignas(64) Stripe {
    basics::PerProcessRecursiveMutex mutex;
    std::unique_ptr<std::atomic<Count>[]> changes;
  };

  [[nodiscard]] std::size_t hash_of(std::string_view key) const noexcept {
    return basics::hash_key(key, seed_);
  }
  [[nodiscard]] Stripe& stripe_of(std::size_t hash) noexcept { return stripes_[hash % stripes_.size()]; }
  [[nodiscard]] std::atomic<Count>& counter_of(std::size_t hash) const noexcept {
    return stripes_[hash % stripes_.size()].changes[hash / stripes_.size() % counters_];
  }

  const basics::HashSeed seed_ = basics::HashSeed::random();
  const std::size_t counters_;
  std::array<Stripe, 64> stripes_;
};

}  // namespace cachesite::tiered
