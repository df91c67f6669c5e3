#pragma once

#include <cachesite/detail/async_operation.hpp>

#include <new>
#include <utility>

namespace cachesite::detail {

/// An operation whose result is known before it begins.
template <class R>
class ReadyResult final : public AsyncOperationOf<R> {
 public:
  explicit ReadyResult(R result) noexcept : result_(std::move(result)) {}

  AsyncOperation* move_to(void* place) noexcept override {
    return new (place) ReadyResult(std::move(result_));
  }
  bool begin(OperationCaller&) noexcept override { return true; }
  void cancel() noexcept override {}
  void abandon() noexcept override {}
  [[nodiscard]] IEventLoop* loop() const noexcept override { return nullptr; }
  R take_result() noexcept override { return std::move(result_); }

 private:
  R result_;
};

}  // namespace cachesite::detail
