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
#include <exception>
#include <functional>
#include <new>
#include <optional>
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

  const S& serializer_;
  const NullForm null_form_;
  TimeToLive time_to_live_;
  const bool takes_null_;
  std::optional<Made> own_;
  std::optional<TypedLookup<T>> decoded_;
};

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

}  // namespace cachesite
