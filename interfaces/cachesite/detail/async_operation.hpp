#pragma once

#include <cachesite/i_event_loop.hpp>

namespace cachesite::detail {

/// Who waits for the end of an operation.
class OperationCaller {
 public:
  virtual void ended() noexcept = 0;

 protected:
  ~OperationCaller() = default;
};

/// One operation, as an AsyncCall has it made.
///
///     made        moved, or destroyed           begin() -> under way, or ended
///     under way   it waits for something        it ends -> ended; abandon() -> abandoned
///     ended       its result is there
///     abandoned   nobody wants to know
///
/// While it is made it may hold views of what its caller has; once `begin` returns it owns all that it needs.
class AsyncOperation {
 public:
  AsyncOperation() noexcept = default;
  AsyncOperation(const AsyncOperation&) = delete;
  AsyncOperation& operator=(const AsyncOperation&) = delete;
  virtual ~AsyncOperation() = default;

  /// Makes an operation in place of this one, which is only made and is destroyed next.
  virtual AsyncOperation* move_to(void* place) noexcept = 0;

  /// Begins. True when it has ended already. Else `caller.ended()` is called once, from any thread, perhaps
  /// before this returns; whoever calls it touches nothing of the operation afterwards.
  virtual bool begin(OperationCaller& caller) noexcept = 0;

  /// Has an operation end soon that is under way, as one that was cancelled; it may end within this call. No
  /// effect on one that has ended. From any thread, but not beside `abandon`.
  virtual void cancel() noexcept = 0;

  /// Ends an operation whose caller is gone: once this returns, the caller is not told, nothing of the
  /// operation is touched, and no thread is within `caller.ended()` any more. No effect on one that has ended
  /// and told so.
  virtual void abandon() noexcept = 0;

  /// The loop that its end depends on, where its caller goes on unless it has another executor. Null only if
  /// it always ends in `begin`.
  [[nodiscard]] virtual IEventLoop* loop() const noexcept = 0;
};

template <class R>
class AsyncOperationOf : public AsyncOperation {
 public:
  /// Precondition: it has ended. Called once.
  virtual R take_result() noexcept = 0;
};

}  // namespace cachesite::detail
