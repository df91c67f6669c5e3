#pragma once

#include <cachesite/detail/flat_turn.hpp>
#include <cachesite/executor.hpp>

#include <utility>

namespace cachesite::detail {

/// A call that has been started, with the function that is told of its result. It belongs to itself, and goes
/// when the function has been told. `Consumption` is how a call is consumed, `Function` takes what gives its
/// result.
template <class Consumption, class Function>
class StartedCall final : public Work {
 public:
  template <class Call>
  StartedCall(Call&& call, Function function)
      : consumption_(std::forward<Call>(call)), function_(std::move(function)) {}

  /// Ends at once, goes to `given` if the caller has given an executor, and else to that of the operation.
  void begin(IExecutor* given) noexcept {
    const bool at_hand = consumption_.begin();
    if (!at_hand && consumption_.suspend(given, *this)) return;
    if (given != nullptr)
      given->execute(*this);
    else
      FlatTurn::run(*this);
  }

  void run() noexcept override {
    function_([this] { return consumption_.take(); });
    delete this;
  }

 private:
  ~StartedCall() = default;

  Consumption consumption_;
  Function function_;
};

}  // namespace cachesite::detail
