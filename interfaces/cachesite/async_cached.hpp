#pragma once

#include <cachesite/async_call.hpp>
#include <cachesite/async_remember.hpp>
#include <cachesite/cached_function.hpp>
#include <cachesite/computing_cache.hpp>
#include <cachesite/detail/argument_key.hpp>
#include <cachesite/error.hpp>
#include <cachesite/serializer.hpp>
#include <cachesite/time_to_live.hpp>

#include <atomic>
#include <concepts>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <tuple>
#include <type_traits>
#include <utility>

namespace cachesite {

namespace detail {

/// What a function returns, or what the awaitable gives that it returns.
template <class R>
auto result_behind() {
  if constexpr (Awaitable<R>)
    return std::type_identity<std::remove_cvref_t<Awaited<R>>>();
  else
    return std::type_identity<std::remove_cvref_t<R>>();
}
template <class R>
using ResultBehind = typename decltype(result_behind<R>())::type;

/// What a function has thrown, to a caller that may have left before: the first exception counts. Safe from any
/// thread.
class ThrownByFunction {
 public:
  void note(const std::exception_ptr& failure) noexcept {
    if (claimed_.exchange(true, std::memory_order_relaxed)) return;
    failure_ = failure;
    there_.store(true, std::memory_order_release);
  }
  void rethrow() const {
    if (there_.load(std::memory_order_acquire)) std::rethrow_exception(failure_);
  }

 private:
  std::atomic<bool> claimed_{false};
  std::atomic<bool> there_{false};
  std::exception_ptr failure_;
};

/// A function that returns an awaitable.
template <class F>
concept AwaitableFunction = PlainFunction<F> && Awaitable<typename Signature<F>::Returned>;

}  // namespace detail

/// A function whose results are cached and which holds no thread while it waits; made by `async_cached()`. A
/// call is an AsyncCall: the cached result for its key, or that of the function. A copy is the same function
/// over the same cache. Thread-safe if the function is.
///
/// Concurrent callers, also those of `remember` with the same key, share one call of the function. An
/// exception of the function, or of its awaitable, comes out of `co_await` and `wait()`; callers that waited for
/// the same value get CacheError with `not_computed` and the exception's text. With `start` nothing may be thrown,
/// so use it only for functions that do not fail.
template <class Awaitable, class S, class... Arguments>
class AsyncCachedFunction {
 public:
  using R = detail::ResultBehind<Awaitable>;
  using T = typename detail::OptionalOf<R>::Value;
  using Options = CachedOptions<std::remove_cvref_t<Arguments>...>;

  static_assert(Serializer<S, T>, "the serialiser cannot write what the function gives");

  /// See `async_cached()`.
  template <class F, class Key>
  AsyncCachedFunction(std::shared_ptr<ICache> cache, Key&& key, TimeToLive time_to_live, F&& function,
                      Options options, S serializer)
      : cache_(checked(std::move(cache), options, time_to_live)),
        state_(std::make_shared<State>(
            State{std::forward<F>(function), std::move(serializer), options.null_time_to_live})),
        time_to_live_(time_to_live),
        key_(std::forward<Key>(key), options.names, SharedKey::refused) {}

  /// The function's result, as an AsyncCall<R>. The arguments are copied.
  [[nodiscard]] auto operator()(Arguments... arguments) const { return call({}, std::move(arguments)...); }

  /// The same with a time limit, a stop token or an executor.
  [[nodiscard]] auto call(const CallOptions& options, Arguments... arguments) const {
    auto held = std::make_unique<Held>(
        Held{key_(arguments...), Factory{state_, std::make_shared<detail::ThrownByFunction>(),
                                         std::tuple<std::decay_t<Arguments>...>(std::move(arguments)...)}});
    Held& asked = *held;
    const auto thrown = asked.factory.thrown;
    return cachesite::async_remember(*cache_, asked.key, time_to_live_, std::move(asked.factory), options)
        .map([held = std::move(held), thrown, state = state_](const Lookup& found) -> R {
          if (!found.stale()) thrown->rethrow();
          return result_of(detail::typed_lookup<T>(state->serializer, found));
        });
  }

  /// Removes the cached result for these arguments; true when there was one.
  Result<bool> invalidate(const std::remove_cvref_t<Arguments>&... arguments) const {
    return cache_->remove(key_(arguments...));
  }
  /// The key for these arguments.
  [[nodiscard]] std::string key(const std::remove_cvref_t<Arguments>&... arguments) const {
    return key_(arguments...);
  }
  /// The cache of bytes; never null.
  [[nodiscard]] const std::shared_ptr<ICache>& cache() const noexcept { return cache_; }

 private:
  static constexpr bool is_optional = detail::OptionalOf<R>::is_optional;

  struct State {
    std::function<Awaitable(Arguments...)> function;
    S serializer;
    std::optional<TimeToLive> null_time_to_live;
  };

  // One call of the function.
  struct Factory {
    std::shared_ptr<State> state;
    std::shared_ptr<detail::ThrownByFunction> thrown;
    std::tuple<std::decay_t<Arguments>...> arguments;

    Awaitable operator()() { return std::apply(state->function, arguments); }
    Result<Computed> convert(const R& result) {
      Computed computed;
      const T* value = nullptr;
      if constexpr (is_optional)
        value = result ? &*result : nullptr;
      else
        value = &result;
      if (value == nullptr) return Computed{std::nullopt, state->null_time_to_live};
      const Status written = state->serializer.write(*value, computed.value.emplace());
      if (!written.ok()) return written.error();
      return computed;
    }
    void note(const std::exception_ptr& failure) { thrown->note(failure); }
  };
  struct Held {
    std::string key;
    Factory factory;
  };

  static R result_of(TypedLookup<T> found) {
    if (found.hit()) return R(std::move(found).value());
    if constexpr (is_optional)
      if (found.null()) return std::nullopt;
    throw CacheError(found.failed()
                         ? found.error()
                         : Error(ErrorCode::corrupt, "the entry is a null, and the function gives none"));
  }

  static std::shared_ptr<ICache> checked(std::shared_ptr<ICache> cache, const Options& options,
                                         TimeToLive time_to_live) {
    if (!cache || !find_interface<IComputingCache>(*cache))
      throw std::invalid_argument(
          "an asynchronous cached function needs a cache that computes: see RememberCache");
    if (options.bypass || options.skip || options.tags || options.on_error == OnCacheError::raise ||
        options.null_form != NullForm::cached)
      throw std::invalid_argument("bypass, skip, tags, on_error and null_form are for blocking functions");
    if (time_to_live.specified() && !time_to_live.valid())
      throw std::invalid_argument("a TTL is 1 ms to 10 years");
    return cache;
  }

  std::shared_ptr<ICache> cache_;
  std::shared_ptr<State> state_;
  TimeToLive time_to_live_;
  ArgumentKey<std::remove_cvref_t<Arguments>...> key_;
};

/// A function whose results are kept in `cache`, and whose calls are AsyncCalls:
///
///     const auto find_user = cachesite::async_cached<cachesite::JsonSerializer>(
///         users, "user:{id}", 5min, [db](int id) { return db->async_find(id); }, {.names = {"id"}});
///     const User ada = co_await find_user(42);
///
/// `function` returns an awaitable, such as an AsyncCall or a task of the program's own; or a plain result, and then it
/// runs on a thread of a bounded pool. It owns all that it uses. Key, TTL and serialiser are as for `cached`, which
/// gives this form too when its function returns an awaitable. Of the options `names` and `null_time_to_live` count;
/// the others are refused.
///
/// Throws std::invalid_argument for an invalid template, TTL or option, and when `cache` does not compute.
template <class S = TextSerializer, class Key, class F>
[[nodiscard]] auto async_cached(std::shared_ptr<ICache> cache, Key&& key, TimeToLive time_to_live, F function,
                                CachedOptionsOf<F> options = {}, S serializer = S()) {
  using Made = typename detail::Signature<F>::template Apply<AsyncCachedFunction, S>;
  return Made(std::move(cache), std::forward<Key>(key), time_to_live, std::move(function), std::move(options),
              std::move(serializer));
}

/// `cached` chooses the asynchronous form by itself when its function returns an awaitable.
template <class S = TextSerializer, class Key, class Time, class F>
requires detail::AwaitableFunction<F>
[[nodiscard]] auto cached(std::shared_ptr<ICache> cache, Key&& key, Time&& time_to_live, F function,
                          CachedOptionsOf<F> options = {}, S serializer = S()) {
  return async_cached<S>(std::move(cache), std::forward<Key>(key),
                         TimeToLive(std::forward<Time>(time_to_live)), std::move(function),
                         std::move(options), std::move(serializer));
}

}  // namespace cachesite
