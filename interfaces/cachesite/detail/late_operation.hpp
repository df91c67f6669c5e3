#pragma once

#include <cachesite/detail/async_operation.hpp>
#include <cachesite/detail/result_conversion.hpp>
#include <cachesite/error.hpp>

#include <exception>
#include <memory>
#include <new>
#include <utility>

namespace cachesite::detail {

/// An operation that is made when it begins: `Make` gives a pointer to it, or throws. A null pointer is an
/// operation that is not offered.
template <class R, class Make>
class LateOperation final : public AsyncOperationOf<R> {
 public:
  explicit LateOperation(Make make) : make_(std::move(make)) {}

  AsyncOperation* move_to(void* place) noexcept override {
    return new (place) LateOperation(std::move(make_));
  }
  bool begin(OperationCaller& caller) noexcept override {
    try {
      operation_ = make_();
    } catch (const std::bad_alloc&) {
      why_none_ = Error(ErrorCode::no_memory);
    } catch (const std::exception& failure) {
      why_none_ = Error(ErrorCode::unreachable, failure.what());
    }
    return operation_ == nullptr || operation_->begin(caller);
  }
  void cancel() noexcept override { operation_->cancel(); }
  void abandon() noexcept override {
    if (operation_ != nullptr) operation_->abandon();
  }
  [[nodiscard]] IEventLoop* loop() const noexcept override {
    return operation_ != nullptr ? operation_->loop() : nullptr;
  }
  R take_result() noexcept override {
    return operation_ != nullptr ? operation_->take_result() : result_of_failure<R>(std::move(why_none_));
  }

 private:
  Make make_;
  std::unique_ptr<AsyncOperationOf<R>> operation_;
  Error why_none_{ErrorCode::unsupported};
};

}  // namespace cachesite::detail
