#pragma once

#include <utility>

namespace cachesite {

/// A piece of work to be run later. It is a base or a member of its owner, so that queueing it allocates
/// nothing. It is in at most one queue at a time, and must not move until it runs.
class Work {
 public:
  /// Called once for each time that it was passed to an executor. It may destroy its owner.
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

/// A first-in-first-out queue of work, for executors. It owns nothing and allocates nothing. One thread at a
/// time.
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
  /// Takes out the oldest; null when the queue is empty.
  Work* pop() noexcept {
    Work* const work = first_;
    if (work != nullptr) first_ = std::exchange(work->next_, nullptr);
    return work;
  }

 private:
  Work* first_ = nullptr;
  Work* last_ = nullptr;
};

/// Runs work: an event loop, a thread pool, a strand.
class IExecutor {
 public:
  /// Runs `work` later, once, never inside this call, and without a lock held. It must not fail, so it must not
  /// allocate. Safe from any thread.
  virtual void execute(Work& work) noexcept = 0;

 protected:
  ~IExecutor() = default;
};

}  // namespace cachesite
