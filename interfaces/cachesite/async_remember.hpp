#pragma once

#include <cachesite/async_call.hpp>
#include <cachesite/cache.hpp>
#include <cachesite/computing_cache.hpp>
#include <cachesite/detail/async_factory.hpp>
#include <cachesite/detail/ready_result.hpp>
#include <cachesite/error.hpp>
#include <cachesite/lookup.hpp>
#include <cachesite/remember.hpp>
#include <cachesite/result.hpp>
#include <cachesite/time_to_live.hpp>
#include <cachesite/typed_cache.hpp>

#include <concepts>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>

namespace cachesite {

/// A factory of `async_remember`: a plain one, or one that gives an awaitable, such as an AsyncCall or a task of the
/// program's own, whose result is what a plain one returns. Both may take a ComputeContext.
template <class F>
concept AsyncValueFactory = ValueFactory<F> || ContextualFactory<F> || detail::AwaitableFactory<F>;

template <class F>
AsyncCall<Lookup> IComputingCache::async_remember(std::string_view key, TimeToLive time_to_live, F&& factory,
                                                  const CallOptions& options) {
  static_assert(AsyncValueFactory<std::decay_t<F>>,
                "a factory returns a value, or an awaitable whose result is one");
  return begin_async(key, time_to_live, detail::FactoryView(std::forward<F>(factory)), options);
}

/// `async_remember` of a cache that computes, such as a RememberCache; otherwise the call ends with
/// `unsupported`.
///
///     const auto make = [source] { return source->fetch("/"); };
///     auto page = co_await cachesite::async_remember(*pages, "home", 10min, make);
template <AsyncValueFactory F>
[[nodiscard]] AsyncCall<Lookup> async_remember(ICache& cache, std::string_view key, TimeToLive time_to_live,
                                               F&& factory, const CallOptions& options = {}) {
  if (auto* const computing = find_interface<IComputingCache>(cache))
    return computing->async_remember(key, time_to_live, std::forward<F>(factory), options);
  return {std::in_place_type<detail::ReadyResult<Lookup>>, options,
          Lookup(Error(ErrorCode::unsupported, "this cache does not compute: see RememberCache"))};
}

namespace detail {

/// A factory of values of a C++ type, which writes them.
template <class T, class S, class F>
class TypedAsyncFactory {
 public:
  TypedAsyncFactory(const TypedCache<T, S>& values, TimeToLive time_to_live, F factory)
      : values_(values), time_to_live_(time_to_live), factory_(std::move(factory)) {}

  decltype(auto) operator()() { return factory_(); }
  template <class Made>
  Result<Computed> convert(Made&& made) {
    const auto typed = to_made<ComputedValue<T>, T>(std::forward<Made>(made));
    if (!typed.ok()) return typed.error();
    return TypedComputation<T, S>::serialized(values_.serializer(), typed.value(), values_.null_form(),
                                              time_to_live_);
  }

 private:
  TypedCache<T, S> values_;
  TimeToLive time_to_live_;
  F factory_;
};

}  // namespace detail

/// `async_remember` with values of a C++ type; an AsyncCall<TypedLookup<T>>. The factory returns what one of
/// `remember` with such values does, or an awaitable whose result is that. Throws std::bad_alloc.
///
///     const auto make = [db] { return db->find(42); };
///     auto user = co_await cachesite::async_remember(users, "user:42", 30min, make);
template <class T, class S, std::invocable F>
[[nodiscard]] auto async_remember(const TypedCache<T, S>& cache, std::string_view key,
                                  TimeToLive time_to_live, F factory, const CallOptions& options = {}) {
  struct Held {
    std::string key;
    detail::TypedAsyncFactory<T, S, F> factory;
  };
  const auto lasting = cache.cache()->effective_time_to_live(key, time_to_live);
  auto held = std::make_unique<Held>(
      Held{std::string(key), detail::TypedAsyncFactory<T, S, F>(cache, lasting, std::move(factory))});
  Held& arguments = *held;
  return async_remember(*cache.cache(), arguments.key, time_to_live, std::move(arguments.factory), options)
      .map([held = std::move(held), cache](const Lookup& found) {
        return detail::typed_lookup<T>(cache.serializer(), found);
      });
}

}  // namespace cachesite
