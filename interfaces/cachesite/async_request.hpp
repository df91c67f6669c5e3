#pragma once

#include <cachesite/cache_request.hpp>
#include <cachesite/clock.hpp>
#include <cachesite/detail/async_operation.hpp>
#include <cachesite/detail/request_memory.hpp>
#include <cachesite/detail/time_span.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string_view>
#include <utility>

namespace cachesite {

class AsyncRequest;
class ICache;

/// What a layer does with a request that has been answered below.
class AsyncStep {
 public:
  /// The answer is in `request.request()`, and may be changed. True when the request has its answer; false
  /// when the step has sent it down once more, and it waits. What is thrown becomes a failure. Runs on the
  /// thread that ends the request, with no lock held.
  virtual bool after(AsyncRequest& request) = 0;

 protected:
  AsyncStep() noexcept = default;
  AsyncStep(const AsyncStep&) = delete;
  AsyncStep& operator=(const AsyncStep&) = delete;
  ~AsyncStep() = default;

 private:
  friend class AsyncRequest;
  AsyncStep* next_ = nullptr;
};

/// With whom a request waits: it calls `resume` once the request has its answer. It has to live until then.
class AsyncHolder {
 public:
  /// The caller has asked for the end. Ends the request soon, or within this call: with `closed`, and
  /// `Outcome::unknown` if it may be carried out. False when this holder does not have the request, since it
  /// is not yet there or has already its answer.
  virtual bool cancel(AsyncRequest& request) noexcept = 0;
  /// The caller is gone. After true nothing of the request is touched any more, and it is not resumed. False
  /// as for `cancel`.
  virtual bool abandon(AsyncRequest& request) noexcept = 0;

 protected:
  ~AsyncHolder() = default;
};

/// One operation on its way down the layers of a cache whose caller does not wait on its thread. Caches get it
/// in `do_begin_async`.
///
///     passing    on its way down, or up      suspend() -> held; the last step is done -> ended
///     held       waits with its holder       resume() -> passing (up); abandoned by its caller -> gone
///     ended      the caller has been told
///
/// A cache that has the answer at hand puts it into `request()` and returns true. One that has to wait calls
/// `suspend`, passes the request to whoever will have the answer, and returns false; nothing of the request is
/// touched then, until its holder puts in the answer and calls `resume`. A layer adds a step for what it does
/// with the answer, changes `request()` if it has to, and passes the request on (CacheLayer::forward_async).
///
/// Until it is suspended for the first time, the request holds views of what its caller has. Afterwards its
/// key, values and items are valid only if somebody has called `keep_arguments` before; so whoever changes
/// them puts what they become into `memory()`. Its buffers for answers (`destination`, `results`, `position`, `found`) belong to it and are always valid. While it is
/// suspended it keeps its cache alive, if a std::shared_ptr owns that.
///
/// Used by one thread at a time, except `cancel` and `abandon`, which only its caller's side calls.
class AsyncRequest {
 public:
  using TimePoint = IClock::TimePoint;

  /// The patience, and what the CacheRequest is made of.
  template <class... Arguments>
  explicit AsyncRequest(std::optional<std::chrono::milliseconds> patience, Arguments&&... request) noexcept
      : request_(std::forward<Arguments>(request)...), patience_(patience) {}
  AsyncRequest(const AsyncRequest&) = delete;
  AsyncRequest& operator=(const AsyncRequest&) = delete;
  ~AsyncRequest() = default;

  /// The operation and its answer.
  [[nodiscard]] CacheRequest& request() noexcept { return request_; }

  /// Adds a step for the way back; the last one added runs first. Throws std::bad_alloc.
  template <class Step, class... Arguments>
  Step& add_step(Arguments&&... arguments) {
    Step& step = memory_.make<Step>(std::forward<Arguments>(arguments)...);
    repeat(step);
    return step;
  }
  /// Adds a step once more that has run: it calls this before it sends the request down again.
  void repeat(AsyncStep& step) noexcept { step.next_ = std::exchange(steps_, &step); }

  /// Memory that lives as long as the request. The first 384 bytes need no allocation.
  [[nodiscard]] detail::RequestMemory& memory() noexcept { return memory_; }

  /// Copies key, values and items, unless that has been done: they are valid until the request ends. To be
  /// called before it is suspended. Throws std::bad_alloc.
  void keep_arguments() {
    if (!std::exchange(keeps_arguments_, true)) copy_arguments();
  }

  /// When the call is to end, if its caller has limited its time; the time begins with the first question.
  [[nodiscard]] std::optional<TimePoint> deadline(TimePoint now) noexcept {
    if (patience_) deadline_ = now + std::min(*std::exchange(patience_, std::nullopt), TimeSpan::longest);
    return deadline_;
  }

  /// Whether the caller has asked for the end: whoever waits next is refused.
  [[nodiscard]] bool cancelled() const noexcept { return cancelled_.load(); }

  /// Called by whoever will have to wait, before it passes the request on. `loop` is where the caller goes on if
  /// it has no executor. True: the holder may have the request, and `resume` comes from any thread, perhaps
  /// at once; or if the holder does not get it after all, put in the answer and return true. False: the
  /// caller has cancelled the request meanwhile, which is its answer.
  [[nodiscard]] bool suspend(AsyncHolder& holder, IEventLoop& loop) noexcept;

  /// Goes on with a request that has its answer: runs the steps, and tells the caller. The request may be gone
  /// when it returns. Precondition: it is held, and its holder does not have it any more.
  void resume() noexcept;

  // For the caller's side.

  /// Sends the request to a cache. True when it has its answer; else `caller` will be told.
  [[nodiscard]] bool begin(ICache& cache, detail::OperationCaller& caller) noexcept;
  /// As in detail::AsyncOperation.
  void cancel() noexcept;
  void abandon() noexcept;
  /// The loop of the first that it has waited for; null before.
  [[nodiscard]] IEventLoop* loop() const noexcept { return loop_; }

 private:
  enum class State : std::uint8_t { passing, held, ended };

  [[nodiscard]] bool unwind() noexcept;
  void copy_arguments();
  [[nodiscard]] bool forked() const noexcept;

  CacheRequest request_;
  AsyncStep* steps_ = nullptr;
  detail::OperationCaller* caller_ = nullptr;
  ICache* cache_ = nullptr;
  std::shared_ptr<ICache> owner_;  // once it is suspended
  IEventLoop* loop_ = nullptr;
  std::optional<std::chrono::milliseconds> patience_;
  std::optional<TimePoint> deadline_;
  std::atomic<AsyncHolder*> holder_{nullptr};
  std::uint32_t process_ = 0;  // that it was suspended in
  std::atomic<State> state_{State::passing};
  std::atomic<bool> cancelled_{false};
  bool keeps_arguments_ = false;
  detail::RequestMemory memory_;
};

}  // namespace cachesite
