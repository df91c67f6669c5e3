#pragma once

#include "basics/fork_mark.hpp"
#include "coroutines/loop_access.hpp"
#include "coroutines/routine.hpp"

#include <cachesite/detail/async_operation.hpp>

#include <atomic>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <thread>
#include <utility>

namespace cachesite::coroutines {

/// A routine under way for a caller. It keeps itself until the routine has ended, so the caller may be gone before.
///
///     begins    begin() runs the routine     the routine ends -> ended, and begin() says so; else -> under way
///     under way the routine waits            it ends -> told; abandon() -> abandoned
///     told      the caller is told, or was
///     ended     has its result, nobody is told
///     abandoned its stop is requested        it ends: the result is dropped
template <class R>
class RoutineRun final : private RoutineOwner, public std::enable_shared_from_this<RoutineRun<R>> {
 public:
  [[nodiscard]] std::stop_token stop_token() const noexcept { return stop_.get_token(); }

  /// True when it has ended at once.
  bool begin(Routine<R> routine, cachesite::detail::OperationCaller& caller) noexcept {
    self_ = this->shared_from_this();
    routine_.emplace(std::move(routine));
    routine_->begin(*this);
    const std::lock_guard lock(mutex_);
    if (result_) return true;
    caller_ = &caller;
    return false;
  }
  void cancel() noexcept { (void)stop_.request_stop(); }
  void abandon() noexcept {
    if (fork_mark_.forked()) return;
    {
      const std::lock_guard lock(mutex_);
      caller_ = nullptr;
    }
    (void)stop_.request_stop();
    await_told();
  }
  /// Precondition: it has ended.
  [[nodiscard]] R take_result() noexcept { return std::move(*result_); }

 private:
  void routine_ended() noexcept override {
    const auto self = std::move(self_);
    R result = routine_->take_result();
    routine_.reset();
    cachesite::detail::OperationCaller* caller = nullptr;
    {
      const std::lock_guard lock(mutex_);
      result_.emplace(std::move(result));
      caller = std::exchange(caller_, nullptr);
      if (caller != nullptr) {
        teller_.store(std::this_thread::get_id(), std::memory_order_relaxed);
        telling_.store(true, std::memory_order_release);
      }
    }
    if (caller == nullptr) return;
    caller->ended();
    telling_.store(false, std::memory_order_release);
  }
  void await_told() const noexcept {
    if (teller_.load(std::memory_order_relaxed) == std::this_thread::get_id()) return;
    while (telling_.load(std::memory_order_acquire))
      std::this_thread::yield();
  }

  const basics::ForkMark fork_mark_;
  std::stop_source stop_;
  std::optional<Routine<R>> routine_;
  std::shared_ptr<RoutineRun> self_;  // while the routine is under way

  std::mutex mutex_;
  std::optional<R> result_;
  cachesite::detail::OperationCaller* caller_ = nullptr;
  std::atomic<std::thread::id> teller_;
  std::atomic<bool> telling_{false};
};

/// An asynchronous operation that is a routine, which `Make` makes of the token that stops it.
template <class R, class Make>
class RoutineOperation final : public cachesite::detail::AsyncOperationOf<R> {
 public:
  RoutineOperation(const LoopAccess& place, Make make)
      : place_(place), make_(std::move(make)), run_(std::make_shared<RoutineRun<R>>()) {}

  // It is made where it stays.
  cachesite::detail::AsyncOperation* move_to(void*) noexcept override { return nullptr; }
  bool begin(cachesite::detail::OperationCaller& caller) noexcept override {
    try {
      return run_->begin(make_(run_->stop_token()), caller);
    } catch (...) {
      failure_ = thrown_failure();
      return true;
    }
  }
  void cancel() noexcept override { run_->cancel(); }
  void abandon() noexcept override { run_->abandon(); }
  [[nodiscard]] IEventLoop* loop() const noexcept override { return place_.loop; }
  R take_result() noexcept override { return failure_ ? R(*failure_) : run_->take_result(); }

 private:
  const LoopAccess place_;
  Make make_;
  const std::shared_ptr<RoutineRun<R>> run_;
  std::optional<Error> failure_;  // it could not be made
};

template <class R, class Make>
[[nodiscard]] std::unique_ptr<cachesite::detail::AsyncOperationOf<R>> make_operation(const LoopAccess& place,
                                                                                     Make make) {
  return std::make_unique<RoutineOperation<R, Make>>(place, std::move(make));
}

}  // namespace cachesite::coroutines
