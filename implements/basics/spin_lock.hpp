#pragma once

#include <atomic>
#include <thread>

namespace cachesite::basics {

/// A lock for what takes less time than to put a thread to sleep, such as to link an entry into a list.
class SpinLock {
 public:
  void lock() noexcept {
    while (locked_.exchange(true, std::memory_order_acquire))
      while (locked_.load(std::memory_order_relaxed))
        std::this_thread::yield();
  }
  void unlock() noexcept { locked_.store(false, std::memory_order_release); }

 private:
  std::atomic<bool> locked_{false};
};

}  // namespace cachesite::basics
