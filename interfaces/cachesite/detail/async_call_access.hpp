#pragma once

#include <cachesite/async_call.hpp>
#include <cachesite/executor.hpp>

#include <stop_token>
#include <utility>

namespace cachesite::detail {

/// How other libraries' ways to wait consume calls.
class AsyncCallAccess {
 public:
  /// Calls `function(take)` by the executor, also when the result is at hand; `take()` gives the result. False
  /// when there was no memory, and the function has been called at once.
  template <class R, class Function>
  static bool begin(AsyncCall<R>&& call, IExecutor& executor, Function function) {
    return std::move(call).begin_started(&executor, std::move(function));
  }
  template <class R>
  [[nodiscard]] static std::stop_token& stop_of(AsyncCall<R>& call) noexcept {
    return call.defer().stop;
  }
};

}  // namespace cachesite::detail
