#pragma once

#include <cachesite/executor.hpp>

#include <atomic>
#include <coroutine>
#include <cstddef>
#include <new>

namespace cachesite::detail {

/// What goes through an executor for a coroutine that waits to be resumed. It is no part of the coroutine,
/// which may be destroyed while this is in a queue.
///
///     made        make()                    set(coroutine) -> waiting
///     waiting     belongs to the coroutine  passed to an executor -> queued; recycle() -> gone
///     queued      belongs to the executor   run() -> gone, and the coroutine goes on; forget() -> forgotten
///     forgotten   the coroutine is gone     run() -> gone
///
/// Those that are gone are kept by the thread for the next coroutine, up to a number.
class Resumption final : public Work {
 public:
  /// Null when there is no memory.
  [[nodiscard]] static Resumption* make() noexcept {
    if (!thread_ends)
      if (Work* const kept = kept_by_thread().pop()) return static_cast<Resumption*>(kept);
    return new (std::nothrow) Resumption;
  }

  void set(std::coroutine_handle<> coroutine) noexcept {
    coroutine_.store(coroutine.address(), std::memory_order_release);
  }
  /// Precondition: it is queued, and the coroutine is not being resumed.
  void forget() noexcept { coroutine_.store(nullptr, std::memory_order_release); }
  /// Precondition: it is not queued.
  void recycle() noexcept {
    if (thread_ends || !kept_by_thread().push(*this)) delete this;
  }
  void run() noexcept override {
    void* const coroutine = coroutine_.load(std::memory_order_acquire);
    recycle();
    if (coroutine != nullptr) std::coroutine_handle<>::from_address(coroutine).resume();
  }

 private:
  class Kept {
   public:
    ~Kept() {
      thread_ends = true;
      while (Work* const work = queue_.pop())
        delete static_cast<Resumption*>(work);
    }
    [[nodiscard]] Work* pop() noexcept {
      Work* const work = queue_.pop();
      if (work != nullptr) --count_;
      return work;
    }
    [[nodiscard]] bool push(Resumption& resumption) noexcept {
      if (count_ == most) return false;
      queue_.push(resumption);
      ++count_;
      return true;
    }

   private:
    static constexpr std::size_t most = 1024;

    WorkQueue queue_;
    std::size_t count_ = 0;
  };

  // Apart from what it is about, which is gone then.
  static inline constinit thread_local bool thread_ends = false;
  static Kept& kept_by_thread() noexcept {
    static thread_local Kept kept;
    return kept;
  }

  std::atomic<void*> coroutine_{nullptr};
};

}  // namespace cachesite::detail
