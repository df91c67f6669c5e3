#pragma once

#include <cachesite/cache.hpp>
#include <cachesite/component.hpp>
#include <cachesite/detail/guarded_call.hpp>
#include <cachesite/error.hpp>
#include <cachesite/lookup.hpp>
#include <cachesite/result.hpp>
#include <cachesite/time_to_live.hpp>

#include <algorithm>
#include <chrono>
#include <concepts>
#include <exception>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace cachesite {

/// The result of a factory.
struct Computed {
  /// The value; std::nullopt when there is none, which is cached as a null.
  std::optional<std::string> value = {};
  /// TTL of the entry; without it that of the call, and for a null that of the cache.
  std::optional<TimeToLive> time_to_live = {};
};

/// All settings of one computation. Programs usually give only the factory.
struct Computation {
  /// Makes the value. It runs on the calling thread, at most once, and not at all when the value comes from
  /// the cache or from another caller.
  std::function<Result<Computed>()> factory;
  /// Whether a found entry is acceptable; otherwise the value is computed again, as after a miss. Empty:
  /// every entry is. Called for values and cached nulls.
  std::function<bool(Found, const Value&)> accepts = {};
  /// Called for each failure of the cache that does not fail the call, such as a value that could not be
  /// stored. Must not throw.
  std::function<void(const Error&)> report = {};
  /// When false, a failed read fails the call, and the factory does not run.
  bool compute_without_cache = true;
  /// Tags of the entry. The cache then has to be an ITaggedCache; otherwise the call fails with `unsupported`
  /// before anything else happens.
  std::vector<std::string> tags = {};
  /// Computes and stores without reading the cache, and without waiting for other callers.
  bool refresh = false;
};

/// Default TTL of a cached null: a tenth of the TTL, at least 1 ms and at most 5 s. Precondition:
/// `time_to_live` is valid.
[[nodiscard]] constexpr TimeToLive default_null_time_to_live(TimeToLive time_to_live) noexcept {
  constexpr TimeToLive::Milliseconds longest{5'000};
  if (!time_to_live.expires()) return longest;
  return std::clamp(time_to_live.milliseconds() / 10, TimeToLive::Milliseconds(1), longest);
}

/// The failure that an exception of a factory becomes: `not_computed` with its text.
[[nodiscard]] Error not_computed(std::exception_ptr thrown) noexcept;

namespace detail {

/// Converts anything that a factory may return.
template <class R>
[[nodiscard]] Result<Computed> to_computed(R&& returned) {
  using Plain = std::remove_cvref_t<R>;
  if constexpr (std::same_as<Plain, Result<Computed>> || std::same_as<Plain, Computed> ||
                std::same_as<Plain, Error>) {
    return std::forward<R>(returned);
  } else if constexpr (std::same_as<Plain, Result<std::optional<std::string>>> ||
                       std::same_as<Plain, Result<std::string>>) {
    if (!returned.ok()) return returned.error();
    return Computed{std::forward<R>(returned).value(), {}};
  } else if constexpr (std::same_as<Plain, std::optional<std::string>> ||
                       std::same_as<Plain, std::nullopt_t>) {
    return Computed{std::forward<R>(returned), {}};
  } else {
    return Computed{std::string(std::forward<R>(returned)), {}};
  }
}

}  // namespace detail

/// A function that makes the bytes of a value. It returns a std::string or a type that converts to one; or a
/// std::optional<std::string>, whose std::nullopt means that there is no value; or a Computed, which also has
/// a TTL; or a Result of one of these, or an Error.
template <class F>
concept ValueFactory = std::invocable<F&> && requires(std::invoke_result_t<F&> returned) {
  detail::to_computed(std::forward<std::invoke_result_t<F&>>(returned));
};

/// A cache that computes missing values, and never one value twice at the same time:
///
///     const auto pages = site->get_component<cachesite::IComputingCache>("pages");
///     const auto page = pages->remember("page:home", 10min, [&] { return render("home"); });
///     if (page.hit()) send(page.value().text());
///
/// Of all concurrent callers of a missing key, one runs its factory; the others wait and get the result: a
/// value, a null or a failure. The value is in the cache before the next caller can miss it.
///
/// Nothing throws. An exception of a factory becomes a failure with the code `not_computed` and the
/// exception's text, for the caller that ran it and for those that waited. An Error that a factory returns
/// keeps its code. After a failure nothing is cached, and the next caller computes. A computed value is
/// returned even if it cannot be stored.
///
/// A factory may ask for other keys. If a key depends on the factory's own result, directly or through
/// another thread, the factory gets a failure with `not_computed` that names the key.
///
/// All calls are safe from any thread.
class IComputingCache : public Interface<IComputingCache, "IComputingCache"> {
 public:
  /// The value under `key`, from the cache or from `factory`: hit(), null() or failed(), never miss(). Key
  /// and TTL are checked before anything else happens.
  template <ValueFactory F>
  [[nodiscard]] Lookup remember(std::string_view key, TimeToLive time_to_live, F&& factory) noexcept {
    auto run = [&factory]() -> Result<Computed> { return detail::to_computed(factory()); };
    return remember(key, time_to_live, Computation{std::ref(run)});
  }

  /// The same with the TTL of the cache; fails when the cache has none.
  template <ValueFactory F>
  [[nodiscard]] Lookup remember(std::string_view key, F&& factory) noexcept {
    return remember(key, TimeToLive::unspecified(), std::forward<F>(factory));
  }

  /// The same with all settings.
  [[nodiscard]] Lookup remember(std::string_view key, TimeToLive time_to_live,
                                const Computation& computation) noexcept;

 protected:
  /// What an implementation provides. The arguments have passed the rules; the factory may throw.
  virtual Lookup do_remember(std::string_view key, TimeToLive time_to_live,
                             const Computation& computation) = 0;
  /// Called for each call with refused arguments.
  virtual void on_refused() noexcept {}
  /// As ICache says.
  [[nodiscard]] virtual TimeToLive effective_time_to_live(std::string_view /*key*/,
                                                          TimeToLive time_to_live) const noexcept {
    return time_to_live;
  }
};

}  // namespace cachesite
