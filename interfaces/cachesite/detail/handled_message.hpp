#pragma once

#include <cachesite/detail/awaitable.hpp>
#include <cachesite/detail/guarded_call.hpp>
#include <cachesite/error.hpp>

#include <concepts>
#include <functional>
#include <optional>
#include <type_traits>

namespace cachesite {

class QueueMessage;

namespace detail {

/// The failure in what a handler returned, or in what its awaitable gave.
template <class R>
[[nodiscard]] std::optional<Error> failure_in(const R& result) {
  if constexpr (requires {
                  result.ok();
                  { result.error() } -> std::convertible_to<Error>;
                }) {
    if (!result.ok()) return result.error();
  } else if constexpr (requires {
                         result.failed();
                         { result.error() } -> std::convertible_to<Error>;
                       }) {
    if (result.failed()) return result.error();
  }
  return std::nullopt;
}

/// Calls a plain handler. What it throws is its failure.
template <class H>
[[nodiscard]] std::optional<Error> handle_at_once(H& handle, QueueMessage& message) noexcept {
  static_assert(!Awaitable<std::invoke_result_t<H&, QueueMessage&>>,
                "a handler that gives an awaitable is one for async_consume");
  try {
    if constexpr (std::is_void_v<std::invoke_result_t<H&, QueueMessage&>>) {
      std::invoke(handle, message);
      return std::nullopt;
    } else {
      return failure_in(std::invoke(handle, message));
    }
  } catch (...) {
    return thrown_failure();
  }
}

}  // namespace detail

}  // namespace cachesite
