#pragma once

#include "basics/process_number.hpp"

#include <atomic>
#include <chrono>
#include <cstdint>
#include <thread>
#include <utility>
#if defined(__SSE2__)
#include <emmintrin.h>
#endif

namespace cachesite::basics {

inline void pause_briefly() noexcept {
#if defined(__SSE2__)
  _mm_pause();
#endif
}

// A lock for sections of well under a microsecond. Satisfies the standard's Lockable.
//
// A thread of the parent that held the lock when the process forked does not exist in the child and will
// never unlock: there the lock is taken over, and `take_orphaned` tells so.
class ShardLock {
 public:
  void lock() noexcept {
    if (!try_lock()) wait();
  }
  bool try_lock() noexcept {
    std::uint32_t free = 0;
    return state_.compare_exchange_strong(free, process_number(), std::memory_order_acquire,
                                          std::memory_order_relaxed);
  }
  void unlock() noexcept { state_.store(0, std::memory_order_release); }
  // For the holder: true once when what the lock guards was left in the middle of a change.
  bool take_orphaned() noexcept { return std::exchange(orphaned_, false); }

 private:
  void wait() noexcept {
    for (unsigned round = 0;; ++round) {
      for (unsigned spin = 0; spin < 64; ++spin) {
        if (state_.load(std::memory_order_relaxed) == 0 && try_lock()) return;
        pause_briefly();
      }
      std::uint32_t holder = state_.load(std::memory_order_relaxed);
      if (holder != 0 && holder != process_number() &&
          state_.compare_exchange_strong(holder, process_number(), std::memory_order_acquire,
                                         std::memory_order_relaxed)) {
        orphaned_ = true;
        return;
      }
      if (round < 64) {
        std::this_thread::yield();
      } else {
        std::this_thread::sleep_for(std::chrono::microseconds(50));
      }
    }
  }

  std::atomic<std::uint32_t> state_{0};  // the number of the process that holds it
  bool orphaned_ = false;
};

}  // namespace cachesite::basics
