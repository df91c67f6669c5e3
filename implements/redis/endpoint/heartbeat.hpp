#pragma once

#include "basics/condition.hpp"
#include "basics/thread.hpp"

#include <chrono>
#include <functional>
#include <mutex>

namespace cachesite::redis {

/// Does something again and again on a thread of its own, until stopped. A forked child leaves it alone.
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

 private:
  void work();

  const std::chrono::milliseconds interval_;
  const std::function<void()> beat_;
  std::mutex mutex_;
  basics::Condition changed_;
  basics::Thread worker_;
  bool stopped_ = false;
  const basics::ForkMark fork_mark_;
};

}  // namespace cachesite::redis
