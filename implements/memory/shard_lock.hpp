#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace cachesite::memory {

inline void pause_briefly() noexcept {
#if defined(__SSE2__)
  _mm_pause();
#endif
}

// A lock for sections of well under a microsecond. Satisfies the standard's Lockable.
class ShardLock {
 public:
  void lock() noexcept {
    if (!try_lock()) wait();
  }
  bool try_lock() noexcept {
    std::uint32_t free = 0;
    return state_.compare_exchange_strong(free, 1, std::memory_order_acquire, std::memory_order_relaxed);
  }
  void unlock() noexcept { state_.store(0, std::memory_order_release); }

 private:
  void wait() noexcept {
    for (unsigned round = 0;; ++round) {
      for (unsigned spin = 0; spin < 64; ++spin) {
        if (state_.load(std::memory_order_relaxed) == 0 && try_lock()) return;
        pause_briefly();
      }
      if (round < 64) {
        std::this_thread::yield();
      } else {
        std::this_thread::sleep_for(std::chrono::microseconds(50));
      }
    }
  }

  std::atomic<std::uint32_t> state_{0};
};

}  // namespace cachesite::memory
