#pragma once

#include <cachesite/detail/async_operation.hpp>
#include <cachesite/detail/async_progress.hpp>
#include <cachesite/detail/call_stop.hpp>
#include <cachesite/detail/result_conversion.hpp>
#include <cachesite/detail/resumption.hpp>
#include <cachesite/detail/started_call.hpp>
#include <cachesite/detail/thread_wait.hpp>
#include <cachesite/error.hpp>
#include <cachesite/executor.hpp>

#include <chrono>
#include <coroutine>
#include <cstddef>
#include <cstdint>
#include <exception>
#include <functional>
#include <future>
#include <memory>
#include <new>
#include <optional>
#include <stop_token>
#include <type_traits>
#include <utility>

namespace cachesite {

/// How an asynchronous call is made. By default: with the timeout of the component, without cancellation, and
/// the caller resumes on a thread of the event loop.
struct CallOptions {
  /// Longest time that the call takes, from the moment that it begins.
  std::optional<std::chrono::milliseconds> patience = {};
  /// A std::stop_token. Ends the call with `closed` when a stop is requested, unless it ends by itself before.
  /// A call that has been sent may have been carried out, which its `Outcome` tells; the connection stays.
  CallStop stop = {};
  /// Where the caller resumes. It has to outlive the call.
  IExecutor* executor = nullptr;
};

namespace detail {
class AsyncCallAccess;
}

/// A call that has not begun. It begins, once, when it is consumed in one of four ways. A call that is destroyed
/// before that is never made. Until it begins it holds views of its arguments, so consume it in the expression
/// that makes it. The calls of a cache (see AsyncCacheCalls) give one:
///
///     auto found = co_await cache->async_get("user:42");
///     cache->async_get("user:42").start([](cachesite::Lookup found) { ... });
///     auto soon = cache->async_get("user:42").future();
///     const auto now = cache->async_get("user:42").wait();
///
/// A call that is consumed a second time ends with `bad_argument`. Destroying a coroutine that waits for a call
/// cancels the call, which then touches nothing of the coroutine. Destroy it on the thread that would resume
/// it, or while nothing can resume it. A result that is available at once does not suspend. One thread at a
/// time.
template <class R>
class [[nodiscard]] AsyncCall {
  class Consumption;
  class Awaiter;

 public:
  using result_type = R;

  /// For those who offer calls: one that has `Operation`, made of the other arguments, carried out. The
  /// patience is the operation's own affair.
  template <class Operation, class... Arguments>
  AsyncCall(std::in_place_type_t<Operation>, const CallOptions& options, Arguments&&... arguments)
      : executor_(options.executor), deferred_{nullptr, options.stop.token(), nullptr} {
    static_assert(std::is_base_of_v<detail::AsyncOperationOf<R>, Operation>);
    static_assert(sizeof(Operation) <= room && alignof(Operation) <= alignof(std::max_align_t));
    deferred_.operation = new (room_) Operation(std::forward<Arguments>(arguments)...);
  }
  /// The same for one that can also be made on the thread of its caller, without waiting: `immediate.call()`
  /// makes it, and `immediate.defer(place)` makes the operation that does the same.
  template <class Immediate>
  AsyncCall(const CallOptions& options, const Immediate& immediate) noexcept
      : executor_(options.executor), at_once_(&at_once_by<Immediate>) {
    static_assert(std::is_trivially_copyable_v<Immediate> && sizeof(Immediate) <= room);
    new (room_) Immediate(immediate);
    if (options.stop.token().stop_possible()) [[unlikely]]
      defer_with(options.stop.token());
  }
  AsyncCall(const AsyncCall&) = delete;
  AsyncCall& operator=(const AsyncCall&) = delete;
  ~AsyncCall() {
    if (at_once_ == nullptr) destroy_deferred();
  }

  /// Gives the result to a coroutine, of any type. It goes on at once, without being suspended, when the
  /// result is at hand; else by the executor of the options, and without one in a thread that runs the loop.
  [[nodiscard]] auto operator co_await() && noexcept { return Awaiter(*this); }

  /// Calls `then(result)` once, by the executor of the options. Without an executor it is called at once when
  /// the result is at hand, but never within another such function; and else by a thread that runs the loop.
  /// `then` is moved, need not be copyable, and must not throw. One allocation; without memory for it the
  /// result is `no_memory`, and `then` is called at once.
  template <class F>
  void start(F&& then) && {
    std::move(*this).begin_started(executor_, [then = std::decay_t<F>(std::forward<F>(then))](
                                                  auto&& take) mutable { std::invoke(then, take()); });
  }

  /// The result as a future, which also takes what the function of `map` throws. Set by a thread that runs the
  /// loop, so a thread that has to run it must not wait for the future: see `wait`. The executor of the
  /// options has no part in it. Throws std::bad_alloc.
  [[nodiscard]] std::future<R> future() && {
    std::promise<R> promise;
    auto future = promise.get_future();
    std::move(*this).begin_started(nullptr, [promise = std::move(promise)](auto&& take) mutable {
      try {
        promise.set_value(take());
      } catch (...) {
        promise.set_exception(std::current_exception());
      }
    });
    return future;
  }

  /// Waits for the result. This thread runs the loop meanwhile, so other calls may go on in it, and the loop
  /// makes progress even if this is called on its only thread. The executor of the options has no part in it.
  [[nodiscard]] R wait() && {
    Consumption consumption(*this);
    if (!consumption.begin()) consumption.wait();
    return consumption.take();
  }

  /// The same call with the result `function(result)`. What the function throws comes out of `co_await` and
  /// `wait`; with `start` it must not throw. It runs where the caller goes on. Throws std::bad_alloc.
  template <class F>
  [[nodiscard]] auto map(F&& function) && {
    using Mapped = std::decay_t<std::invoke_result_t<std::decay_t<F>&, R>>;
    static_assert(!std::is_void_v<Mapped>, "the function of map gives the result of the call");
    auto conversion = std::make_unique<detail::MappedResult<Mapped, R, std::decay_t<F>>>(
        std::move(defer().conversion), std::forward<F>(function));
    return AsyncCall<Mapped>(typename AsyncCall<Mapped>::Moved{}, *this, std::move(conversion));
  }

 private:
  template <class Other>
  friend class AsyncCall;
  friend class detail::AsyncCallAccess;
  struct Moved {};

  // Takes over a call that has not begun, and is deferred.
  template <class Other>
  AsyncCall(Moved, AsyncCall<Other>& from, std::unique_ptr<detail::ResultConversion<R>> conversion) noexcept
      : executor_(from.executor_), deferred_{nullptr, from.deferred_.stop, std::move(conversion)} {
    if (!std::exchange(from.deferred_.consumed, true))
      deferred_.operation = from.deferred_.operation->move_to(room_);
    else
      deferred_.consumed = true;
  }

  // False when there was no memory, and the function has been called.
  template <class F>
  bool begin_started(IExecutor* executor, F function) && {
    using Started = detail::StartedCall<StartedConsumption, F>;
    defer();
    if (auto* const started = new (std::nothrow) Started(std::move(*this), std::move(function))) {
      started->begin(executor);
      return true;
    }
    deferred_.consumed = true;
    function(
        [this] { return detail::failed_result<R>(Error(ErrorCode::no_memory), deferred_.conversion.get()); });
    return false;
  }

  // How a call is made that need not wait.
  struct AtOnce {
    R (*call)(const std::byte* place) noexcept;
    detail::AsyncOperation* (*defer)(std::byte* place) noexcept;
  };
  template <class Immediate>
  static R call_in(const std::byte* place) noexcept {
    return std::launder(reinterpret_cast<const Immediate*>(place))->call();
  }
  template <class Immediate>
  static detail::AsyncOperation* defer_in(std::byte* place) noexcept {
    const Immediate immediate = *std::launder(reinterpret_cast<const Immediate*>(place));
    return immediate.defer(place);
  }
  template <class Immediate>
  static constexpr AtOnce at_once_by{call_in<Immediate>, defer_in<Immediate>};

  // Of a call that is made by an operation.
  struct Deferred {
    detail::AsyncOperation* operation;  // in the room; null when another call has taken it over
    std::stop_token stop;
    std::unique_ptr<detail::ResultConversion<R>> conversion;  // null: the operation's own result
    bool consumed = false;
  };

  // That of a call that has been made.
  static R consumed_result(const std::byte*) noexcept {
    return detail::result_of_failure<R>(detail::consumed_error());
  }
  static constexpr AtOnce consumed_at_once{consumed_result, nullptr};

  [[nodiscard]] bool ends_at_once() const noexcept { return at_once_ != nullptr; }
  [[nodiscard]] R make_at_once() noexcept { return std::exchange(at_once_, &consumed_at_once)->call(room_); }
  Deferred& defer() noexcept {
    if (at_once_ != nullptr) defer_with({});
    return deferred_;
  }
  [[gnu::noinline]] void defer_with(const std::stop_token& stop) noexcept {
    const auto make = std::exchange(at_once_, nullptr)->defer;
    std::construct_at(&deferred_, Deferred{make != nullptr ? make(room_) : nullptr, stop, nullptr});
    deferred_.consumed = make == nullptr;
  }
  [[gnu::noinline]] void destroy_deferred() noexcept {
    if (deferred_.operation != nullptr) deferred_.operation->~AsyncOperation();
    deferred_.~Deferred();
  }

  static constexpr std::size_t room = 1152;

  alignas(std::max_align_t) std::byte room_[room];
  IExecutor* executor_;
  const AtOnce* at_once_ = nullptr;  // null: deferred
  union {
    Deferred deferred_;
  };

  class StartedConsumption;
};

// How a call is consumed, whichever way.
template <class R>
class AsyncCall<R>::Consumption {
 public:
  explicit Consumption(AsyncCall& call) noexcept : deferred_(&call.defer()) {}

  // True when the result is at hand.
  [[nodiscard]] bool begin() noexcept {
    if (std::exchange(deferred_->consumed, true))
      refusal_ = Refusal::consumed;
    else if (deferred_->stop.stop_requested())
      refusal_ = Refusal::stopped;
    return refusal_ != Refusal::none || progress_.begin(*deferred_->operation, deferred_->stop);
  }

  // False when the result is at hand after all.
  [[nodiscard]] bool suspend(IExecutor* executor, Work& work) noexcept {
    return progress_.suspend(executor != nullptr ? *executor : *deferred_->operation->loop(), work);
  }

  void wait() noexcept {
    try {
      detail::ThreadWait wait;
      if (progress_.suspend(wait, wait)) wait.wait(*deferred_->operation->loop());
    } catch (...) {
      give_up();
    }
  }

  // There is no memory for the wait.
  void give_up() noexcept {
    progress_.abandon();
    refusal_ = Refusal::no_memory;
  }
  // See AsyncProgress.
  bool abandon() noexcept { return progress_.abandon(); }

  [[nodiscard]] R take() {
    progress_.finish();
    auto* const conversion = deferred_->conversion.get();
    if (refusal_ != Refusal::none) return detail::failed_result<R>(error(), conversion);
    return detail::take_result<R>(*deferred_->operation, conversion);
  }

 private:
  enum class Refusal : std::uint8_t { none, consumed, stopped, no_memory };
  [[nodiscard]] Error error() const noexcept {
    if (refusal_ == Refusal::consumed) return detail::consumed_error();
    if (refusal_ == Refusal::stopped)
      return Error(ErrorCode::closed, "the caller has asked for the end of the call");
    return Error(ErrorCode::no_memory, "", Outcome::unknown);
  }

  Deferred* deferred_;
  detail::AsyncProgress progress_;
  Refusal refusal_ = Refusal::none;
};

// One that owns its call.
template <class R>
class AsyncCall<R>::StartedConsumption {
 public:
  explicit StartedConsumption(AsyncCall&& call) noexcept
      : call_(Moved{}, call, std::move(call.deferred_.conversion)), consumption_(call_) {}

  [[nodiscard]] bool begin() noexcept { return consumption_.begin(); }
  [[nodiscard]] bool suspend(IExecutor* executor, Work& work) noexcept {
    return consumption_.suspend(executor, work);
  }
  [[nodiscard]] R take() { return consumption_.take(); }

 private:
  AsyncCall call_;
  Consumption consumption_;
};

// One by a coroutine.
template <class R>
class AsyncCall<R>::Awaiter {
 public:
  explicit Awaiter(AsyncCall& call) noexcept : call_(call) {}
  Awaiter(const Awaiter&) = delete;
  Awaiter& operator=(const Awaiter&) = delete;
  ~Awaiter() {
    if (!call_.ends_at_once()) end();
  }

  [[nodiscard]] bool await_ready() noexcept { return call_.ends_at_once() || begin(); }

  // Nothing of the coroutine is touched once it may go on elsewhere (clang before 17 would otherwise keep locals
  // of an inlined call in the coroutine's frame).
  [[nodiscard, gnu::noinline]] bool await_suspend(std::coroutine_handle<> coroutine) noexcept {
    detail::Resumption* const resumption = detail::Resumption::make();
    if (resumption == nullptr) {
      consumption_.give_up();
      return false;
    }
    resumption->set(coroutine);
    resumption_ = resumption;
    if (consumption_.suspend(call_.executor_, *resumption)) return true;
    resumption_ = nullptr;
    resumption->recycle();
    return false;
  }

  [[nodiscard, gnu::always_inline]] R await_resume() {
    if (call_.ends_at_once()) return call_.make_at_once();
    resumption_ = nullptr;
    return consumption_.take();
  }

 private:
  [[nodiscard, gnu::noinline]] bool begin() noexcept {
    std::construct_at(&consumption_, call_);
    resumption_ = nullptr;
    return consumption_.begin();
  }
  [[gnu::noinline]] void end() noexcept {
    if (resumption_ != nullptr) {
      if (consumption_.abandon())
        resumption_->forget();
      else
        resumption_->recycle();
    }
    consumption_.~Consumption();
  }

  AsyncCall& call_;
  // Those of a call that does not end at once.
  detail::Resumption* resumption_;  // while suspended
  union {
    Consumption consumption_;
  };
};

}  // namespace cachesite
