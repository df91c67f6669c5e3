#pragma once

#include "redis/base/deadline.hpp"

#include <atomic>
#include <cstdint>

namespace cachesite::redis {

/// Where many threads sleep and some of them are woken by one system call, on the futex of Linux (futex(2),
/// FUTEX_WAIT_BITSET). Sleepers are told apart by `group`, one bit of 32: those who share a bit wake together
/// and look for themselves whether they were meant.
class ParkingLot {
 public:
  /// Read before looking at what one waits for: a wake after that is not missed.
  [[nodiscard]] std::uint32_t epoch() const noexcept { return epoch_.load(std::memory_order_acquire); }
  /// Sleeps until its group is woken, at the latest until `deadline`. Comes back at once when there was a
  /// wake since `epoch`, and now and then for no reason.
  void sleep(std::uint32_t epoch, std::uint32_t group, TimePoint deadline) noexcept;
  /// Wakes all that sleep in one of these groups.
  void wake(std::uint32_t groups) noexcept;

 private:
  std::atomic<std::uint32_t> epoch_{0};
};

}  // namespace cachesite::redis
