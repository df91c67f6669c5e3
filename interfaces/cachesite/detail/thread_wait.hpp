#pragma once

#include <cachesite/executor.hpp>
#include <cachesite/i_event_loop.hpp>

#include <condition_variable>
#include <mutex>
#include <stop_token>

namespace cachesite::detail {

/// A thread that waits for an operation, and runs a loop meanwhile.
class ThreadWait final : public IExecutor, public Work {
 public:
  /// Throws std::bad_alloc.
  ThreadWait() = default;

  /// Ends the wait.
  void execute(Work&) noexcept override {
    // The thread may be gone with all of this once it sees the stop.
    std::stop_source over = over_;
    over.request_stop();
  }
  void run() noexcept override {}

  void wait(IEventLoop& loop) noexcept {
    loop.run(over_.get_token());
    // A loop that is stopped runs no more.
    std::unique_lock lock(mutex_);
    never_.wait(lock, over_.get_token(), [] { return false; });
  }

 private:
  std::stop_source over_;
  std::mutex mutex_;
  std::condition_variable_any never_;
};

}  // namespace cachesite::detail
