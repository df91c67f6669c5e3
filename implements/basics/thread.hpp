#pragma once

#include "basics/fork_mark.hpp"

#include <new>
#include <thread>
#include <type_traits>
#include <utility>

namespace cachesite::basics {

/// A std::thread that a forked child leaves alone: the thread is its parent's, so there it counts as none,
/// and it is neither joined nor detached.
class Thread {
 public:
  Thread() noexcept : thread_() {}
  /// Throws std::system_error when there is no thread to be had.
  template <class Work>
  explicit Thread(Work&& work) requires std::is_invocable_v<std::decay_t<Work>>
      : thread_(std::forward<Work>(work)) {}
  Thread(Thread&& other) noexcept : mark_(other.mark_), thread_(std::move(other.thread_)) {}
  Thread& operator=(Thread&& other) noexcept {
    if (mark_.forked())
      new (&thread_) std::thread(std::move(other.thread_));
    else
      thread_ = std::move(other.thread_);
    mark_ = other.mark_;
    return *this;
  }
  ~Thread() {
    if (!mark_.forked()) thread_.~thread();
  }

  [[nodiscard]] bool joinable() const noexcept { return !mark_.forked() && thread_.joinable(); }
  void join() {
    if (!mark_.forked()) thread_.join();
  }
  void detach() {
    if (!mark_.forked()) thread_.detach();
  }
  [[nodiscard]] std::thread::id get_id() const noexcept { return thread_.get_id(); }

 private:
  ForkMark mark_;
  union {
    std::thread thread_;
  };
};

}  // namespace cachesite::basics
