#include "redis/channel/parking_lot.hpp"

#include <chrono>
#include <climits>
#include <ctime>

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace cachesite::redis {

static_assert(sizeof(std::atomic<std::uint32_t>) == sizeof(std::uint32_t));
static_assert(sizeof(long) == 8, "elsewhere the operation is SYS_futex_time64");

void ParkingLot::sleep(std::uint32_t epoch, std::uint32_t group, TimePoint deadline) noexcept {
  // std::chrono::steady_clock is CLOCK_MONOTONIC, by which this operation takes its time.
  const auto time = deadline.time_since_epoch();
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time);
  timespec until{};
  until.tv_sec = static_cast<std::time_t>(seconds.count());
  until.tv_nsec = static_cast<long>(std::chrono::nanoseconds(time - seconds).count());
  ::syscall(SYS_futex, &epoch_, FUTEX_WAIT_BITSET_PRIVATE, epoch, &until, nullptr, group);
}

void ParkingLot::wake(std::uint32_t groups) noexcept {
  epoch_.fetch_add(1, std::memory_order_release);
  ::syscall(SYS_futex, &epoch_, FUTEX_WAKE_BITSET_PRIVATE, INT_MAX, nullptr, nullptr, groups);
}

}  // namespace cachesite::redis
