#pragma once

#include <cachesite/async_call.hpp>
#include <cachesite/detail/async_operation.hpp>
#include <cachesite/detail/guarded_call.hpp>
#include <cachesite/detail/late_operation.hpp>

#include <memory>
#include <optional>
#include <utility>

namespace cachesite::detail {

/// An operation whose result is there before it begins, such as a refusal.
template <class R>
class ResultAtHand final : public AsyncOperationOf<R> {
 public:
  explicit ResultAtHand(R result) : result_(std::move(result)) {}

  // It is made where it stays.
  AsyncOperation* move_to(void*) noexcept override { return nullptr; }
  bool begin(OperationCaller&) noexcept override { return true; }
  void cancel() noexcept override {}
  void abandon() noexcept override {}
  [[nodiscard]] IEventLoop* loop() const noexcept override { return nullptr; }
  R take_result() noexcept override { return std::move(result_); }

 private:
  R result_;
};

template <class R>
[[nodiscard]] std::unique_ptr<AsyncOperationOf<R>> result_at_hand(R result) {
  return std::make_unique<ResultAtHand<R>>(std::move(result));
}

/// An operation that never waits: a call, made on the thread that begins it.
template <class R, class Call>
class CallAtOnce final : public AsyncOperationOf<R> {
 public:
  explicit CallAtOnce(Call call) : call_(std::move(call)) {}

  // It is made where it stays.
  AsyncOperation* move_to(void*) noexcept override { return nullptr; }
  bool begin(OperationCaller&) noexcept override {
    try {
      result_.emplace(call_());
    } catch (...) {
      result_.emplace(thrown_failure());
    }
    return true;
  }
  void cancel() noexcept override {}
  void abandon() noexcept override {}
  [[nodiscard]] IEventLoop* loop() const noexcept override { return nullptr; }
  R take_result() noexcept override { return std::move(*result_); }

 private:
  Call call_;
  std::optional<R> result_;
};

template <class R, class Call>
[[nodiscard]] std::unique_ptr<AsyncOperationOf<R>> call_at_once(Call call) {
  return std::make_unique<CallAtOnce<R, Call>>(std::move(call));
}

/// A call whose operation is made when it begins: see LateOperation.
template <class R, class Make>
[[nodiscard]] AsyncCall<R> late_call(const CallOptions& options, Make make) {
  return AsyncCall<R>(std::in_place_type<LateOperation<R, Make>>, options, std::move(make));
}

}  // namespace cachesite::detail
