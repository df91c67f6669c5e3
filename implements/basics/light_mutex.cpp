#include "basics/light_mutex.hpp"

#include <linux/futex.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace cachesite::basics {

static_assert(sizeof(std::atomic<std::uint32_t>) == sizeof(std::uint32_t));

void LightMutex::lock_contended() noexcept {
  while (state_.exchange(contended, std::memory_order_acquire) != free)
    ::syscall(SYS_futex, &state_, FUTEX_WAIT_PRIVATE, contended, nullptr, nullptr, 0);
}

void LightMutex::wake_one() noexcept {
  ::syscall(SYS_futex, &state_, FUTEX_WAKE_PRIVATE, 1, nullptr, nullptr, 0);
}

}  // namespace cachesite::basics
