#pragma once

#include <chrono>
#include <condition_variable>
#include <functional>
#include <mutex>
#include <thread>

namespace cachesite::redis {

/// Does something again and again on a thread of its own, until stopped.
class Heartbeat {
 public:
  Heartbeat(std::chrono::milliseconds interval, std::function<void()> beat);
  ~Heartbeat();
  Heartbeat(const Heartbeat&) = delete;
  Heartbeat& operator=(const Heartbeat&) = delete;

  /// Begins, unless it has begun, or was stopped, or the interval is 0.
  void start();
  /// Ends and waits for a beat that goes on.
  void stop() noexcept;
  /// Instead of `stop` in a forked child, where the thread does not exist.
  void forget() noexcept {
    if (worker_.joinable()) worker_.detach();
  }

 private:
  void work();

  const std::chrono::milliseconds interval_;
  const std::function<void()> beat_;
  std::mutex mutex_;
  std::condition_variable changed_;
  std::thread worker_;
  bool stopped_ = false;
};

}  // namespace cachesite::redis
