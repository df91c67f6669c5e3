#pragma once

#include <cachesite/detail/async_operation.hpp>
#include <cachesite/error.hpp>

#include <functional>
#include <memory>
#include <type_traits>
#include <utility>

namespace cachesite::detail {

/// The result of a call that was not made: the error where a result can be one, and else the result that says
/// no.
template <class R>
[[nodiscard]] R result_of_failure(Error error) {
  if constexpr (std::is_constructible_v<R, Error>)
    return R(std::move(error));
  else
    return R{};
}

/// The failure of a call that is consumed a second time.
[[nodiscard]] inline Error consumed_error() {
  return Error(ErrorCode::bad_argument, "the call has been consumed before");
}

/// Makes the result of an operation into another.
template <class R>
class ResultConversion {
 public:
  virtual ~ResultConversion() = default;
  [[nodiscard]] virtual R take_from(AsyncOperation& operation) = 0;
  [[nodiscard]] virtual R failed(Error error) = 0;
};

template <class R>
[[nodiscard]] R take_result(AsyncOperation& operation, ResultConversion<R>* conversion) {
  return conversion != nullptr ? conversion->take_from(operation)
                               : static_cast<AsyncOperationOf<R>&>(operation).take_result();
}
template <class R>
[[nodiscard]] R failed_result(Error error, ResultConversion<R>* conversion) {
  return conversion != nullptr ? conversion->failed(std::move(error))
                               : result_of_failure<R>(std::move(error));
}

/// The result of `function`, called with that of an operation.
template <class R, class Inner, class Function>
class MappedResult final : public ResultConversion<R> {
 public:
  MappedResult(std::unique_ptr<ResultConversion<Inner>> inner, Function function)
      : inner_(std::move(inner)), function_(std::move(function)) {}

  [[nodiscard]] R take_from(AsyncOperation& operation) override {
    return std::invoke(function_, take_result<Inner>(operation, inner_.get()));
  }
  [[nodiscard]] R failed(Error error) override {
    return std::invoke(function_, failed_result<Inner>(std::move(error), inner_.get()));
  }

 private:
  std::unique_ptr<ResultConversion<Inner>> inner_;
  Function function_;
};

}  // namespace cachesite::detail
