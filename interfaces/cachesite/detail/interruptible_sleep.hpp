#pragma once

#include <chrono>
#include <condition_variable>
#include <mutex>
#include <stop_token>

namespace cachesite::detail {

/// Sleeps for `length`, or until `stop` is requested. Needs no memory, as std::condition_variable_any would.
inline void interruptible_sleep(std::chrono::milliseconds length, const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable changed;
  bool stopped = false;
  const std::stop_callback wake(stop, [&] {
    const std::lock_guard lock(mutex);
    stopped = true;
    changed.notify_all();
  });
  std::unique_lock lock(mutex);
  changed.wait_for(lock, length, [&] { return stopped; });
}

}  // namespace cachesite::detail
