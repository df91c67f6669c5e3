#pragma once

#include <utility>

namespace cachesite {

/// A piece of work that waits to be run; part of whatever it belongs to, so that passing it on allocates
/// nothing. It is in at most one queue at a time, and stays where it is until it runs.
class Work {
 public:
  /// Called once for each time that it was passed to an executor. What it belongs to may end within.
  virtual void run() noexcept = 0;

 protected:
  Work() noexcept = default;
  // A copy is in no queue.
  Work(const Work&) noexcept {}
  Work& operator=(const Work&) noexcept { return *this; }
  ~Work() = default;

 private:
  friend class WorkQueue;
  Work* next_ = nullptr;  // in the queue that it is in
};

/// Work in the order in which it came, for executors. Owns nothing, allocates nothing. One thread at a time.
class WorkQueue {
 public:
  WorkQueue() noexcept = default;
  WorkQueue(WorkQueue&& other) noexcept
      : first_(std::exchange(other.first_, nullptr)), last_(std::exchange(other.last_, nullptr)) {}
  WorkQueue& operator=(WorkQueue&&) = delete;

  [[nodiscard]] bool empty() const noexcept { return first_ == nullptr; }
  /// Puts work at the end. Precondition: it is in no queue.
  void push(Work& work) noexcept {
    work.next_ = nullptr;
    (first_ == nullptr ? first_ : last_->next_) = &work;
    last_ = &work;
  }
  /// Takes out what came first; null when there is none.
  Work* pop() noexcept {
    Work* const work = first_;
    if (work != nullptr) first_ = std::exchange(work->next_, nullptr);
    return work;
  }

 private:
  Work* first_ = nullptr;
  Work* last_ = nullptr;
};

/// Where work is run: an event loop, a thread pool, a strand. Passed by a pointer that owns nothing.
class IExecutor {
 public:
  /// Runs `work` later, once, never inside this call, and never beside a lock of its own. It must not fail:
  /// what it needs, it has before. Called from any thread.
  virtual void execute(Work& work) noexcept = 0;

 protected:
  ~IExecutor() = default;
};

}  // namespace cachesite
