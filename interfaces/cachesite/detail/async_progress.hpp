#pragma once

#include <cachesite/detail/async_operation.hpp>
#include <cachesite/executor.hpp>

#include <atomic>
#include <cstdint>
#include <optional>
#include <stop_token>

namespace cachesite::detail {

/// How far an operation has come that its caller waits for. The operation may end before its caller waits, so
/// one word decides who goes on:
///
///     begun     begin()                        suspend() -> waiting; the operation ends -> ended, and
///                                              suspend() says so: the caller goes on by itself
///     waiting   the caller's work is to run    the operation ends -> ended, and the work is passed on
///     ended     the result may be taken
///
/// A stop that is requested cancels the operation while it is begun or waiting.
class AsyncProgress final : private OperationCaller {
 public:
  AsyncProgress() noexcept = default;
  AsyncProgress(const AsyncProgress&) = delete;
  AsyncProgress& operator=(const AsyncProgress&) = delete;
  ~AsyncProgress() { abandon(); }

  /// True when the operation has ended at once.
  [[nodiscard]] bool begin(AsyncOperation& operation, const std::stop_token& stop) noexcept {
    if (operation.begin(*this)) return true;
    operation_ = &operation;
    if (stop.stop_possible()) cancellation_.emplace(stop, Cancel{operation_});
    return false;
  }

  /// Has `executor` run `work` when the operation ends. False when it has ended, and the work is not passed
  /// on. After true nothing of the caller is touched, which may run already.
  [[nodiscard, gnu::noinline]] bool suspend(IExecutor& executor, Work& work) noexcept {
    executor_ = &executor;
    work_ = &work;
    return state_.exchange(State::waiting, std::memory_order_acq_rel) == State::begun;
  }

  /// The caller goes on. Precondition: the operation has ended.
  void finish() noexcept {
    operation_ = nullptr;
    cancellation_.reset();
  }

  /// The caller is gone, or does not wait. True when its work has been passed on before.
  bool abandon() noexcept {
    if (operation_ == nullptr) return false;
    cancellation_.reset();
    operation_->abandon();
    operation_ = nullptr;
    return state_.load(std::memory_order_acquire) == State::ended;
  }

 private:
  enum class State : std::uint8_t { begun, waiting, ended };
  struct Cancel {
    AsyncOperation* operation;
    void operator()() const noexcept { operation->cancel(); }
  };

  void ended() noexcept override {
    if (state_.exchange(State::ended, std::memory_order_acq_rel) == State::waiting)
      executor_->execute(*work_);
  }

  std::atomic<State> state_{State::begun};
  AsyncOperation* operation_ = nullptr;  // while it is under way, or its caller has not gone on yet
  IExecutor* executor_ = nullptr;
  Work* work_ = nullptr;
  std::optional<std::stop_callback<Cancel>> cancellation_;
};

}  // namespace cachesite::detail
