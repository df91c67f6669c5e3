#pragma once

#include <cachesite/cache.hpp>
#include <cachesite/computing_cache.hpp>
#include <cachesite/detail/argument_key.hpp>
#include <cachesite/detail/failure_report.hpp>
#include <cachesite/error.hpp>
#include <cachesite/i_tagged_cache.hpp>
#include <cachesite/remember.hpp>
#include <cachesite/result.hpp>
#include <cachesite/serializer.hpp>
#include <cachesite/time_to_live.hpp>
#include <cachesite/typed_cache.hpp>

#include <concepts>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace cachesite {

/// What a CachedFunction does when its cache fails.
enum class OnCacheError : std::uint8_t {
  /// It calls the function and returns its value, which is stored if the cache can.
  execute,
  /// It throws CacheError before the function runs. A computed value that cannot be stored is still returned.
  raise,
};

/// Settings of a CachedFunction with arguments of these types.
template <class... Arguments>
struct CachedOptions {
  /// Names of the arguments in the key template, in order; "" for an argument without a placeholder.
  std::vector<std::string> names = {};
  OnCacheError on_error = OnCacheError::execute;
  /// Forces a fresh value: when it returns true, the function is called without reading the cache, and its
  /// value is stored.
  std::function<bool(const Arguments&...)> bypass = {};
  /// Skips the cache: when it returns true, the function is called, and the cache is neither read nor
  /// written.
  std::function<bool(const Arguments&...)> skip = {};
  /// Tags of the entry; the cache then has to be an ITaggedCache.
  std::function<std::vector<std::string>(const Arguments&...)> tags = {};
  /// TTL of a cached null; without it that of the cache.
  std::optional<TimeToLive> null_time_to_live = {};
  NullForm null_form = NullForm::cached;
  /// Called for every failure that is not thrown, such as a value that could not be stored. Must not throw;
  /// called from any thread. Without it the cache's logger gets a warning, at most once in 10 s.
  std::function<void(const Error&)> report = {};
};

namespace detail {

template <class T>
struct OptionalOf {
  using Value = T;
  static constexpr bool is_optional = false;
};
template <class T>
struct OptionalOf<std::optional<T>> {
  using Value = T;
  static constexpr bool is_optional = true;
};

/// Something that is called in one way only, so that its arguments are known.
template <class F>
concept PlainFunction = requires(F function) {
  std::function{std::move(function)};
};

template <class F>
struct Signature;
template <PlainFunction F>
struct Signature<F> : Signature<decltype(std::function{std::declval<F>()})> {};
template <class R, class... A>
struct Signature<std::function<R(A...)>> {
  using Returned = std::remove_cvref_t<R>;
  using Options = CachedOptions<std::remove_cvref_t<A>...>;
  template <template <class, class, class...> class Made, class S>
  using Apply = Made<Returned, S, A...>;
};

}  // namespace detail

/// A function whose results are cached; made by `cached()`. A call returns the cached result for its key, or
/// calls the function. A copy is the same function over the same cache. Thread-safe if the function is.
///
/// An exception of the function reaches the caller that ran it; callers that waited for the same value get
/// CacheError with `not_computed` and the exception's text. Nothing is cached then. Over a cache that keeps
/// values beyond their TTL (see RememberCache), the last value is returned instead.
template <class R, class S, class... Arguments>
class CachedFunction {
 public:
  using Options = CachedOptions<std::remove_cvref_t<Arguments>...>;
  using T = typename detail::OptionalOf<R>::Value;

  static_assert(Serializer<S, T>, "the serialiser cannot write what the function returns");

  /// See `cached()`.
  template <class F, class Key, class Time>
  CachedFunction(std::shared_ptr<ICache> cache, Key&& key, Time&& time_to_live, F&& function, Options options,
                 S serializer)
      : cache_(std::move(cache)),
        function_(std::forward<F>(function)),
        options_(std::move(options)),
        serializer_(std::move(serializer)),
        key_(std::forward<Key>(key), options_.names, SharedKey::refused) {
    if (!cache_) throw std::invalid_argument("a cached function needs a cache");
    report_.emplace(options_.report, cache_->logger(),
                    "the cache of a function fails; calls continue without it");
    if (options_.null_time_to_live) check(*options_.null_time_to_live);
    if (options_.tags && !find_interface<ITaggedCache>(*cache_))
      throw std::invalid_argument("a function with tags needs a cache that has them");
    set_time_to_live(std::forward<Time>(time_to_live));
  }

  /// The function's result, from the cache or from the function.
  R operator()(Arguments... arguments) const {
    if (options_.skip && options_.skip(arguments...)) return function_(arguments...);
    const std::string key = key_(arguments...);
    const auto time_to_live = time_of_arguments_ ? checked_at_run_time(time_of_arguments_(arguments...))
                                                 : TimeToLive::never_expires();  // the result will say
    Computation how;
    how.report = std::cref(*report_);
    how.compute_without_cache = options_.on_error == OnCacheError::execute;
    if (options_.tags) how.tags = options_.tags(arguments...);
    how.refresh = options_.bypass && options_.bypass(arguments...);

    std::exception_ptr thrown;
    auto make = [&]() -> Result<Made> {
      try {
        return made(arguments...);
      } catch (...) {
        thrown = std::current_exception();
        return not_computed(thrown);
      }
    };
    for (;;) {
      Typed computation(serializer_, options_.null_form, time_to_live, is_optional);
      const Lookup lookup = computation.run(*cache_, key, how, make);
      if (thrown && !lookup.stale()) std::rethrow_exception(thrown);
      if (auto& own = computation.own()) return returned(std::move(own->value));

      auto answer = computation.answer(lookup);
      if (answer.hit()) return R(std::move(answer).value());
      if constexpr (is_optional)
        if (answer.null()) return std::nullopt;
      if (options_.on_error == OnCacheError::raise || answer.error().code() == ErrorCode::not_computed)
        throw CacheError(answer.error());
      (*report_)(answer.error());
      if (how.refresh) return function_(arguments...);
      how.refresh = true;  // computes and, when the cache is able to, stores
    }
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
  using Typed = detail::TypedComputation<T, S>;
  using Made = typename Typed::Made;

  // One that is left to the cache is right.
  static bool is_wrong(TimeToLive time_to_live) noexcept {
    return time_to_live.specified() && !time_to_live.valid();
  }
  static void check(TimeToLive time_to_live) {
    if (is_wrong(time_to_live)) throw std::invalid_argument("a TTL is 1 ms to 10 years");
  }
  static TimeToLive checked_at_run_time(TimeToLive time_to_live) {
    if (is_wrong(time_to_live)) throw CacheError(Error(ErrorCode::bad_argument, "a TTL is 1 ms to 10 years"));
    return time_to_live;
  }

  template <class Time>
  void set_time_to_live(Time&& time) {
    if constexpr (std::convertible_to<Time, TimeToLive>) {
      const TimeToLive fixed = time;
      check(fixed);
      time_of_arguments_ = [fixed](const std::remove_cvref_t<Arguments>&...) { return fixed; };
    } else if constexpr (std::is_invocable_r_v<TimeToLive, Time&, const std::remove_cvref_t<Arguments>&...>) {
      time_of_arguments_ = std::forward<Time>(time);
    } else if constexpr (std::is_invocable_r_v<TimeToLive, Time&, const R&,
                                               const std::remove_cvref_t<Arguments>&...>) {
      time_of_result_ = std::forward<Time>(time);
    } else {
      static_assert(std::is_invocable_r_v<TimeToLive, Time&, const R&>,
                    "a TTL is a duration, or a function of the arguments, of the result and the arguments, "
                    "or of the result");
      time_of_result_ = [own = std::function<TimeToLive(const R&)>(std::forward<Time>(time))](
                            const R& result, const std::remove_cvref_t<Arguments>&...) {
        return own(result);
      };
    }
  }

  /// Calls the function.
  template <class... Given>
  Made made(Given&... arguments) const {
    R result = function_(arguments...);
    Made outcome;
    if constexpr (is_optional)
      if (!result) outcome.time_to_live = options_.null_time_to_live;
    if (time_of_result_ && !outcome.time_to_live) {
      auto lasting = time_of_result_(std::as_const(result), arguments...);
      if constexpr (is_optional)
        if (!result && lasting.valid()) lasting = default_null_time_to_live(lasting);
      outcome.time_to_live = lasting;
    }
    if constexpr (is_optional)
      outcome.value = std::move(result);
    else
      outcome.value.emplace(std::move(result));
    return outcome;
  }

  static R returned(std::optional<T>&& value) {
    if constexpr (is_optional)
      return std::move(value);
    else
      return *std::move(value);
  }

  std::shared_ptr<ICache> cache_;
  std::function<R(Arguments...)> function_;
  Options options_;
  std::optional<detail::FailureReport> report_;
  S serializer_;
  ArgumentKey<std::remove_cvref_t<Arguments>...> key_;
  // One of the two.
  std::function<TimeToLive(const std::remove_cvref_t<Arguments>&...)> time_of_arguments_;
  std::function<TimeToLive(const R&, const std::remove_cvref_t<Arguments>&...)> time_of_result_;
};

/// The settings of a function made by `cached()` from an F.
template <class F>
using CachedOptionsOf = typename detail::Signature<F>::Options;

/// A function whose results are kept in `cache`:
///
///     const auto find_user = cachesite::cached<cachesite::JsonSerializer>(
///         users, "user:{id}", 5min, [&](int id) { return database.find(id); }, {.names = {"id"}});
///     const auto ada = find_user(42);        // from the cache, or from the database
///     (void)find_user.invalidate(42);
///
/// `function` returns what `S` can write, or a std::optional of it, whose std::nullopt is cached as a null.
/// The serialiser may be left out for functions that return text. Arguments may have any type.
///
/// `key` is a template (see KeyTemplate), whose placeholders are names in `options.names` or numbers of
/// arguments, or a function of the arguments that returns a std::string. Arguments that are not in the
/// template do not affect the key and may have any type. A template that names no argument is refused, unless
/// `options.names` has "" for one.
///
/// `time_to_live` is a duration, or a TimeToLive, or a function that returns one: of the arguments; of the
/// result and the arguments; or of the result alone. Without it the TTL of the cache applies.
///
/// Over an IComputingCache, such as a RememberCache, or a layer that passes it on (see CacheLayer), the
/// function runs once for all concurrent callers. Values are stored like those of a TypedCache with the same
/// serialiser and NullForm.
///
/// Throws std::invalid_argument for an invalid template or TTL, and when `cache` is null.
template <class S = TextSerializer, class Key, class Time, class F>
[[nodiscard]] auto cached(std::shared_ptr<ICache> cache, Key&& key, Time&& time_to_live, F function,
                          CachedOptionsOf<F> options = {}, S serializer = S()) {
  using Made = typename detail::Signature<F>::template Apply<CachedFunction, S>;
  return Made(std::move(cache), std::forward<Key>(key), std::forward<Time>(time_to_live), std::move(function),
              std::move(options), std::move(serializer));
}
template <class S = TextSerializer, class Key, class F>
[[nodiscard]] auto cached(std::shared_ptr<ICache> cache, Key&& key, F function,
                          CachedOptionsOf<F> options = {}, S serializer = S()) {
  return cached<S>(std::move(cache), std::forward<Key>(key), TimeToLive::unspecified(), std::move(function),
                   std::move(options), std::move(serializer));
}

}  // namespace cachesite
