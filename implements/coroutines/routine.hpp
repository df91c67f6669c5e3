#pragma once

#include <cachesite/detail/guarded_call.hpp>
#include <cachesite/error.hpp>

#include <atomic>
#include <coroutine>
#include <cstdint>
#include <optional>
#include <utility>

namespace cachesite::coroutines {

/// Who runs a routine that no other one awaits.
class RoutineOwner {
 public:
  /// It has ended. The routine may be destroyed within.
  virtual void routine_ended() noexcept = 0;

 protected:
  ~RoutineOwner() = default;
};

/// A coroutine for the slow ways of the library. `R` is a Result: what the coroutine throws becomes its failure.
/// It begins when it is awaited, once, or begun by an owner, and goes on where what it awaits has it go on. Give it a
/// name before it is awaited: g++ 12 destroys some temporaries of co_await expressions twice.
///
///     made      begun -> begun
///     begun     it runs, or awaits something       its end -> ended; the awaiting one suspends -> awaited
///     awaited   the one that awaits is suspended   its end -> ended, and that one goes on
///     ended     has its result
///
/// Precondition of its end: it is made or ended.
template <class R>
class [[nodiscard]] Routine {
 public:
  class promise_type;
  class Awaiter;

  Routine(Routine&& other) noexcept : coroutine_(std::exchange(other.coroutine_, nullptr)) {}
  Routine& operator=(Routine&&) = delete;
  ~Routine() {
    if (coroutine_) coroutine_.destroy();
  }

  [[nodiscard]] Awaiter operator co_await() & noexcept { return Awaiter(coroutine_); }

  /// Runs it up to where it waits, or to its end. `owner` is told of that in both cases, on whatever thread.
  void begin(RoutineOwner& owner) noexcept {
    coroutine_.promise().owner_ = &owner;
    coroutine_.resume();
  }
  /// Runs one that never waits. Precondition: everything that it awaits is at hand.
  [[nodiscard]] R run_at_once() noexcept {
    coroutine_.resume();
    return take_result();
  }
  /// Precondition: it has ended.
  [[nodiscard]] R take_result() noexcept { return std::move(*coroutine_.promise().result_); }

 private:
  using Handle = std::coroutine_handle<promise_type>;
  explicit Routine(Handle coroutine) noexcept : coroutine_(coroutine) {}

  Handle coroutine_;
};

template <class R>
class Routine<R>::promise_type {
 public:
  [[nodiscard]] Routine get_return_object() noexcept { return Routine(Handle::from_promise(*this)); }
  [[nodiscard]] std::suspend_always initial_suspend() noexcept { return {}; }
  [[nodiscard]] auto final_suspend() noexcept { return End(); }
  void return_value(R result) noexcept { result_.emplace(std::move(result)); }
  void unhandled_exception() noexcept { result_.emplace(thrown_failure(Outcome::unknown)); }

 private:
  friend class Routine;
  friend class Awaiter;
  enum class State : std::uint8_t { begun, awaited, ended };

  // Nothing of the coroutine is touched once whoever awaits it has been told.
  struct End {
    [[nodiscard]] bool await_ready() const noexcept { return false; }
    [[gnu::noinline]] void await_suspend(Handle coroutine) noexcept { coroutine.promise().tell(); }
    void await_resume() const noexcept {}
  };
  void tell() noexcept {
    if (owner_ != nullptr) return owner_->routine_ended();
    const auto awaiting = awaiting_;
    if (state_.exchange(State::ended, std::memory_order_acq_rel) == State::awaited) awaiting.resume();
  }

  std::optional<R> result_;
  RoutineOwner* owner_ = nullptr;
  std::coroutine_handle<> awaiting_;
  std::atomic<State> state_{State::begun};
};

template <class R>
class Routine<R>::Awaiter {
 public:
  explicit Awaiter(Handle coroutine) noexcept : coroutine_(coroutine) {}

  [[nodiscard]] bool await_ready() const noexcept { return false; }
  // Nothing is touched after the exchange, when the coroutine may go on elsewhere.
  [[nodiscard, gnu::noinline]] bool await_suspend(std::coroutine_handle<> awaiting) noexcept {
    using State = typename promise_type::State;
    auto& promise = coroutine_.promise();
    promise.awaiting_ = awaiting;
    coroutine_.resume();
    return promise.state_.exchange(State::awaited, std::memory_order_acq_rel) == State::begun;
  }
  [[nodiscard]] R await_resume() noexcept { return std::move(*coroutine_.promise().result_); }

 private:
  Handle coroutine_;
};

}  // namespace cachesite::coroutines
