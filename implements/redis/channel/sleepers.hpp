#pragma once

#include "redis/base/deadline.hpp"
#include "redis/wire/request_slot.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <utility>

namespace cachesite::redis {

/// The callers of a channel that wait for a signal to their slots. Everything here is done without a lock.
template <class Threads>
class Sleepers {
 public:
  /// Sleepers to wake once the lock is free, so that they do not wake only to wait for it.
  class WakeList {
   public:
    explicit WakeList(Sleepers& sleepers) noexcept : parking_lot_(sleepers.parking_lot_) {}
    ~WakeList() { wake(); }
    WakeList(const WakeList&) = delete;
    WakeList& operator=(const WakeList&) = delete;

    void add(const RequestSlot& slot) noexcept { groups_ |= slot.group; }
    /// Before all others: they can do without their processor, the leader cannot.
    void add_leader(const RequestSlot& slot) noexcept { first_ |= slot.group; }
    void wake() noexcept {
      if (first_ != 0) parking_lot_.wake(std::exchange(first_, 0));
      if (groups_ != 0) parking_lot_.wake(std::exchange(groups_, 0));
    }

   private:
    typename Threads::ParkingLot& parking_lot_;
    std::uint32_t first_ = 0;
    std::uint32_t groups_ = 0;
  };

  /// Waits for a signal to the slot. Returns `none` at the deadline.
  RequestSlot::Signal wait(const RequestSlot& slot, TimePoint deadline) noexcept {
    if (const auto signal = yield(slot, deadline); signal != RequestSlot::Signal::none) return signal;
    for (;;) {
      const auto epoch = parking_lot_.epoch();
      const auto signal = slot.signal.load(std::memory_order_acquire);
      if (signal != RequestSlot::Signal::none || Threads::now() >= deadline) return signal;
      parking_lot_.sleep(epoch, slot.group, deadline);
    }
  }

 private:
  static constexpr int most_yields = 8;
  static constexpr std::chrono::milliseconds longest_turn{1};
  // One long turn in so many waits is accepted; after a good time, a few more in a row.
  static constexpr int price_of_long_turn = 256;
  static constexpr int most_yield_credit = 4 * price_of_long_turn;

  // Lets others have their turn a few times. Often there is a signal after that, which saves a sleep and
  // somebody the waking. Where a turn of others is long, since they compute, a thread that sleeps gets its
  // processor back sooner than one that yields.
  RequestSlot::Signal yield(const RequestSlot& slot, TimePoint deadline) noexcept {
    const int credit = yield_credit_.load(std::memory_order_relaxed);
    if (credit < most_yield_credit) yield_credit_.store(credit + 1, std::memory_order_relaxed);
    if (credit < 0) return RequestSlot::Signal::none;
    auto now = Threads::now();
    for (int turn = 0; turn < most_yields; ++turn) {
      Threads::yield();
      const auto before = std::exchange(now, Threads::now());
      const bool long_turn = now - before > longest_turn;
      if (long_turn) yield_credit_.fetch_sub(price_of_long_turn, std::memory_order_relaxed);
      const auto signal = slot.signal.load(std::memory_order_acquire);
      if (signal != RequestSlot::Signal::none || long_turn || now >= deadline) return signal;
    }
    return RequestSlot::Signal::none;
  }

  typename Threads::ParkingLot parking_lot_;
  std::atomic<int> yield_credit_{0};  // each wait adds one; below 0 nobody yields
};

}  // namespace cachesite::redis
