#pragma once

#include <cachesite/cache.hpp>
#include <cachesite/computing_cache.hpp>
#include <cachesite/detail/guarded_call.hpp>
#include <cachesite/error.hpp>
#include <cachesite/i_tagged_cache.hpp>
#include <cachesite/lookup.hpp>
#include <cachesite/result.hpp>
#include <cachesite/serializer.hpp>
#include <cachesite/time_to_live.hpp>
#include <cachesite/typed_cache.hpp>
#include <cachesite/value.hpp>

#include <concepts>
#include <cstddef>
#include <exception>
#include <functional>
#include <new>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace cachesite {

/// The result of a typed factory that says more than the value, as Computed does for bytes.
template <class T>
struct ComputedValue {
  /// std::nullopt when there is no value.
  std::optional<T> value = {};
  std::optional<TimeToLive> time_to_live = {};
  bool store = true;
};

namespace detail {

/// Read, compute, write: `remember` over a cache that does not compute.
[[nodiscard]] Lookup remember_plainly(ICache& cache, std::string_view key, TimeToLive time_to_live,
                                      const Computation& computation);

/// By the cache itself when it computes.
[[nodiscard]] Lookup remember_somehow(ICache& cache, std::string_view key, TimeToLive time_to_live,
                                      const Computation& computation) noexcept;

/// The typed side of a call of `remember` with values of a C++ type.
template <class T, class S>
class TypedComputation {
 public:
  /// The result of a factory: a value, or none.
  using Made = ComputedValue<T>;

  /// `takes_null`: a null that is found will do.
  TypedComputation(const S& serializer, NullForm null_form, TimeToLive time_to_live, bool takes_null = true)
      : serializer_(serializer),
        null_form_(null_form),
        time_to_live_(time_to_live),
        takes_null_(takes_null) {}

  /// `make` returns a Result<Made>.
  template <class Make>
  [[nodiscard]] Lookup run(ICache& cache, std::string_view key, Computation computation, Make& make) {
    auto factory = [&]() -> Result<Computed> {
      Result<Made> made = make();
      if (!made.ok()) return made.error();
      own_.emplace(std::move(made).value());
      return serialized(serializer_, *own_, null_form_, time_to_live_);
    };
    auto accepts = [&](Found found, const Value& value) { return decode(found, value); };
    computation.factory = std::ref(factory);
    computation.accepts = std::ref(accepts);
    if (!time_to_live_.specified()) time_to_live_ = cache.effective_time_to_live(key, time_to_live_);
    return remember_somehow(cache, key, time_to_live_, computation);
  }

  /// The same with a factory that may outlive the call, and so keeps nothing of it.
  template <class Make>
  [[nodiscard]] Lookup run_in_background(ICache& cache, std::string_view key, Make make) {
    if (!time_to_live_.specified()) time_to_live_ = cache.effective_time_to_live(key, time_to_live_);
    Computation computation;
    computation.may_outlive_call = true;
    computation.factory = [serializer = serializer_, null_form = null_form_, time_to_live = time_to_live_,
                           make]() -> Result<Computed> {
      Result<Made> made = make();
      if (!made.ok()) return made.error();
      return serialized(serializer, made.value(), null_form, time_to_live);
    };
    computation.accepts = [serializer = serializer_](Found found, const Value& value) {
      return found == Found::null || is_one(serializer, value);
    };
    return remember_somehow(cache, key, time_to_live_, computation);
  }

  /// What this call computed itself, even when it could not be stored.
  [[nodiscard]] std::optional<Made>& own() noexcept { return own_; }

  /// What a call found that computed nothing itself.
  [[nodiscard]] TypedLookup<T> answer(const Lookup& lookup) {
    if (lookup.failed()) return TypedLookup<T>(lookup.error());
    if (!decoded_ && !decode(lookup.hit() ? Found::hit : Found::null, lookup.value()))
      return TypedLookup<T>(Error(ErrorCode::corrupt, "the value that another caller computed is no such"));
    if (lookup.stale()) decoded_->mark_stale();
    return std::move(*decoded_);
  }

  /// What a factory has made, as bytes.
  static Result<Computed> serialized(const S& serializer, const Made& made, NullForm null_form,
                                     TimeToLive time_to_live) {
    Computed computed;
    computed.time_to_live = made.time_to_live;
    computed.store = made.store;
    if (made.value) {
      const auto status = serializer.write(*made.value, computed.value.emplace());
      if (!status.ok()) return status.error();
    } else if constexpr (requires(std::string & bytes) { serializer.write_null(bytes); }) {
      if (null_form == NullForm::serialized) {
        const auto status = serializer.write_null(computed.value.emplace());
        if (!status.ok()) return status.error();
        if (!computed.time_to_live) computed.time_to_live = default_null_time_to_live(time_to_live);
      }
    }
    return computed;
  }

 private:
  bool decode(Found found, const Value& bytes) noexcept {
    if (found == Found::null) {
      if (takes_null_) decoded_.emplace(Found::null);
      return takes_null_;
    }
    try {
      T value{};
      const auto read = serializer_.read(ByteView(bytes.text()), value);
      if (!read.ok() || (read.value() != Found::hit && !takes_null_)) return false;
      if (read.value() == Found::hit)
        decoded_.emplace(std::move(value));
      else
        decoded_.emplace(Found::null);
      return true;
    } catch (...) {
      return false;
    }
  }

  static bool is_one(const S& serializer, const Value& bytes) noexcept {
    try {
      T value{};
      return serializer.read(ByteView(bytes.text()), value).ok();
    } catch (...) {
      return false;
    }
  }

  const S& serializer_;
  const NullForm null_form_;
  TimeToLive time_to_live_;
  const bool takes_null_;
  std::optional<Made> own_;
  std::optional<TypedLookup<T>> decoded_;
};

/// A found value as a T. An exception of the serialiser becomes a failure.
template <class T, class S>
[[nodiscard]] TypedLookup<T> typed_lookup(const S& serializer, const Lookup& found) noexcept {
  if (found.failed()) return TypedLookup<T>(found.error());
  try {
    T value{};
    auto read =
        found.hit() ? serializer.read(ByteView(found.value().text()), value) : Result<Found>(Found::null);
    if (!read.ok()) return TypedLookup<T>(read.error());
    auto typed = read.value() == Found::hit ? TypedLookup<T>(std::move(value)) : TypedLookup<T>(Found::null);
    if (found.stale()) typed.mark_stale();
    return typed;
  } catch (const std::bad_alloc&) {
    return TypedLookup<T>(Error(ErrorCode::no_memory));
  } catch (...) {
    return TypedLookup<T>(Error(ErrorCode::corrupt, "the serialiser threw an exception"));
  }
}

/// Has `ask` fill as many results, and gives them as T.
template <class T, class S, class Ask>
void typed_batch(const TypedCache<T, S>& cache, std::span<TypedLookup<T>> results, Ask ask) noexcept {
  try {
    auto* const computing = find_interface<IComputingCache>(*cache.cache());
    const Error no_cache(ErrorCode::unsupported, "this cache does not compute: see RememberCache");
    std::vector<Lookup> found(results.size(), Lookup(no_cache));
    if (computing != nullptr) ask(*computing, std::span<Lookup>(found));
    for (std::size_t item = 0; item < results.size(); ++item)
      results[item] = typed_lookup<T>(cache.serializer(), found[item]);
  } catch (...) {
    const Error error = thrown_failure();
    for (auto& result : results)
      result = TypedLookup<T>(error);
  }
}

/// Anything that a typed factory may return.
template <class Made, class T, class R>
[[nodiscard]] Result<Made> to_made(R&& returned) {
  using Plain = std::remove_cvref_t<R>;
  if constexpr (std::same_as<Plain, Error> || std::same_as<Plain, Made> ||
                std::same_as<Plain, Result<Made>>) {
    return std::forward<R>(returned);
  } else if constexpr (std::same_as<Plain, Result<T>> || std::same_as<Plain, Result<std::optional<T>>>) {
    if (!returned.ok()) return returned.error();
    return Made{std::forward<R>(returned).value(), {}};
  } else {
    return Made{std::forward<R>(returned), {}};
  }
}

}  // namespace detail

/// The value under `key` from any cache: by its own `remember` if it is an IComputingCache, such as a
/// RememberCache; otherwise by reading, computing and writing, so that two callers may compute at the same
/// time. IComputingCache describes the result and the factories.
template <ValueFactory F>
[[nodiscard]] Lookup remember(ICache& cache, std::string_view key, TimeToLive time_to_live,
                              F&& factory) noexcept {
  if constexpr (detail::may_outlive_call<F>) {
    const auto computation = guarded_call<Computation>([&] { return detail::computation_of(factory); });
    return computation.ok() ? detail::remember_somehow(cache, key, time_to_live, computation.value())
                            : Lookup(computation.error());
  } else {
    auto run = [&factory]() -> Result<Computed> { return detail::to_computed(factory()); };
    return detail::remember_somehow(cache, key, time_to_live, Computation{std::ref(run)});
  }
}

/// The same with the TTL of the cache; fails when the cache has none.
template <ValueFactory F>
[[nodiscard]] Lookup remember(ICache& cache, std::string_view key, F&& factory) noexcept {
  return remember(cache, key, TimeToLive::unspecified(), std::forward<F>(factory));
}

/// The same with values of a C++ type. The factory returns a T; or a std::optional<T>, whose std::nullopt
/// means that there is no value; or a ComputedValue<T>, which also has a TTL; or a Result of one of these, or an
/// Error:
///
///     const auto user = cachesite::remember(users, "user:42", 30min, [&] { return database.find(42); });
///     if (user.hit()) greet(user.value());
///
/// An entry that is not a T is computed again. A T that cannot be serialised is returned to the caller that
/// computed it; callers that waited for it get the failure.
template <class T, class S, std::invocable F>
[[nodiscard]] TypedLookup<T> remember(const TypedCache<T, S>& cache, std::string_view key,
                                      TimeToLive time_to_live, F&& factory) noexcept {
  try {
    using Typed = detail::TypedComputation<T, S>;
    Typed computation(cache.serializer(), cache.null_form(), time_to_live);
    if constexpr (detail::may_outlive_call<F>) {
      const std::remove_cvref_t<F> own = factory;
      return computation.answer(computation.run_in_background(
          *cache.cache(), key, [own] { return detail::to_made<typename Typed::Made, T>(own()); }));
    }
    auto make = [&factory] { return detail::to_made<typename Typed::Made, T>(factory()); };
    const Lookup lookup = computation.run(*cache.cache(), key, {}, make);
    if (auto& own = computation.own())
      return own->value ? TypedLookup<T>(std::move(*own->value)) : TypedLookup<T>(Found::null);
    return computation.answer(lookup);
  } catch (const std::bad_alloc&) {
    return TypedLookup<T>(Error(ErrorCode::no_memory));
  } catch (...) {
    return TypedLookup<T>(Error(ErrorCode::corrupt, "the serialiser threw an exception"));
  }
}

/// The same with the TTL of the cache; fails when the cache has none.
template <class T, class S, std::invocable F>
[[nodiscard]] TypedLookup<T> remember(const TypedCache<T, S>& cache, std::string_view key,
                                      F&& factory) noexcept {
  return remember(cache, key, TimeToLive::unspecified(), std::forward<F>(factory));
}

/// Many values of a C++ type, as IComputingCache::remember_many. The factory gets the missing keys, and assigns a
/// Result<ComputedValue<T>> for each. Every result is `unsupported` when the cache does not compute.
///
///     cachesite::remember_many(users, keys, 30min, [&](auto missing, auto made) {
///       for (std::size_t item = 0; item < missing.size(); ++item)
///         made[item] = cachesite::ComputedValue<User>{database.find(missing[item])};
///     }, results);
template <class T, class S, class F>
requires std::invocable<F&, std::span<const std::string_view>, std::span<Result<ComputedValue<T>>>>
void remember_many(const TypedCache<T, S>& cache, std::span<const std::string_view> keys,
                   TimeToLive time_to_live, F&& factory, std::span<TypedLookup<T>> results) noexcept {
  const auto serialized = [&cache](const ComputedValue<T>& value, TimeToLive life) -> Result<Computed> {
    try {
      return detail::TypedComputation<T, S>::serialized(cache.serializer(), value, cache.null_form(), life);
    } catch (...) {
      return not_computed(std::current_exception());
    }
  };
  const auto make = [&](std::span<const std::string_view> missing, std::span<Result<Computed>> made) {
    std::vector<Result<ComputedValue<T>>> values(
        missing.size(), Error(ErrorCode::not_computed, "the factory has not assigned a result to the key"));
    const auto hand_over = [&](bool failures_too) {
      for (std::size_t item = 0; item < values.size(); ++item) {
        const auto life = cache.cache()->effective_time_to_live(missing[item], time_to_live);
        if (values[item].ok())
          made[item] = serialized(values[item].value(), life);
        else if (failures_too)
          made[item] = values[item].error();
      }
    };
    try {
      factory(missing, std::span<Result<ComputedValue<T>>>(values));
    } catch (...) {
      hand_over(false);
      throw;
    }
    hand_over(true);
  };
  detail::typed_batch<T>(cache, results, [&](IComputingCache& computing, std::span<Lookup> found) {
    computing.remember_many(keys, time_to_live, make, found);
  });
}

/// The value under `key` as a T, from the cache or from its loader, as IComputingCache::get_or_load.
template <class T, class S>
[[nodiscard]] TypedLookup<T> get_or_load(const TypedCache<T, S>& cache, std::string_view key) noexcept {
  TypedLookup<T> result(Found::miss);
  detail::typed_batch<T>(
      cache, std::span<TypedLookup<T>>(&result, 1),
      [&](IComputingCache& computing, std::span<Lookup> found) { found[0] = computing.get_or_load(key); });
  return result;
}

}  // namespace cachesite
