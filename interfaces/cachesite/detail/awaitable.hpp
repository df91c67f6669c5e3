#pragma once

#include <concepts>
#include <type_traits>
#include <utility>

namespace cachesite::detail {

template <class A>
auto awaiter_of(A&& awaitable) {
  if constexpr (requires { std::forward<A>(awaitable).operator co_await(); })
    return std::type_identity<decltype(std::forward<A>(awaitable).operator co_await())>();
  else if constexpr (requires { operator co_await(std::forward<A>(awaitable)); })
    return std::type_identity<decltype(operator co_await(std::forward<A>(awaitable)))>();
  else
    return std::type_identity<A>();
}

/// Something that a coroutine of any type can await.
template <class A>
concept Awaitable = requires(typename decltype(awaiter_of(std::declval<A>()))::type& awaiter) {
  { awaiter.await_ready() } -> std::convertible_to<bool>;
  awaiter.await_resume();
};

template <Awaitable A>
using Awaited =
    decltype(std::declval<typename decltype(awaiter_of(std::declval<A>()))::type&>().await_resume());

}  // namespace cachesite::detail
