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

/// What a factory has made of a key.
struct Computed {
  /// The value; std::nullopt when there is none, which is cached as a null.
  std::optional<std::string> value = {};
  /// How long the entry lives; without it what the call says, and for a null what the cache is set to.
  std::optional<TimeToLive> time_to_live = {};
};

/// Everything that a computing cache may be told about one value. Programs usually give just the factory.
struct Computation {
  /// Makes the value. It runs on the calling thread, at most once, and not at all when the value comes from
  /// the cache or from another caller.
  std::function<Result<Computed>()> factory;
  /// Whether an entry that was found will do; one that will not is computed anew, as after a miss. Empty: all
  /// will do. Called for values and cached nulls.
  std::function<bool(Found, const Value&)> accepts = {};
  /// Told of each failure of the cache that the call gets over, such as a value that could not be stored.
  /// Must not throw.
  std::function<void(const Error&)> report = {};
  /// Without it a cache that cannot be read is a failure, and the factory does not run.
  bool compute_without_cache = true;
  /// Tags of the entry. The cache has to be an ITaggedCache then, or the call fails with `unsupported` before
  /// anything else happens.
  std::vector<std::string> tags = {};
  /// Computes and stores without a look at what is there, and without waiting for anybody.
  bool refresh = false;
};

/// How long a null is cached unless somebody says otherwise: the smaller of a tenth of the TTL and 5 s, and 1
/// ms at least. Precondition: `time_to_live` is valid.
[[nodiscard]] constexpr TimeToLive default_null_time_to_live(TimeToLive time_to_live) noexcept {
  constexpr TimeToLive::Milliseconds longest{5'000};
  if (!time_to_live.expires()) return longest;
  return std::clamp(time_to_live.milliseconds() / 10, TimeToLive::Milliseconds(1), longest);
}

/// The failure that an exception of a factory becomes: `not_computed` with its text.
[[nodiscard]] Error not_computed(std::exception_ptr thrown) noexcept;

namespace detail {

/// Anything that a factory may return, as the one thing that caches deal with.
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

/// Something that makes the bytes of a value. It returns a std::string or what converts to one; or a
/// std::optional<std::string>, whose std::nullopt says that there is no value; or a Computed, which also has
/// a TTL of its own; or a Result of one of these, or an Error.
template <class F>
concept ValueFactory = std::invocable<F&> && requires(std::invoke_result_t<F&> returned) {
  detail::to_computed(std::forward<std::invoke_result_t<F&>>(returned));
};

/// A cache that computes what it does not have, and never twice at the same time:
///
///     const auto pages = site->get_component<cachesite::IComputingCache>("pages");
///     const auto page = pages->remember("page:home", 10min, [&] { return render("home"); });
///     if (page.hit()) send(page.value().text());
///
/// Of all who ask for a key that is not there, one runs its factory; the others wait and get what came of it,
/// be it a value, a null or a failure. The value is in the cache before the next caller can miss it.
///
/// Nothing throws. An exception of a factory is a failure with the code `not_computed` and the exception's
/// text, for the caller who ran it and for those who waited; so is an Error that a factory returns, with its
/// own code. After a failure nothing is cached, and the next caller computes. A value that was computed is
/// returned even when it cannot be stored.
///
/// A factory may ask for other keys. One that asks for a key which cannot be had before the factory itself is
/// done, its own or one that another thread computes and that needs this one, gets a failure with
/// `not_computed` that names the key.
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

  /// The same for as long as the cache is set to; a failure when it is set to nothing.
  template <ValueFactory F>
  [[nodiscard]] Lookup remember(std::string_view key, F&& factory) noexcept {
    return remember(key, TimeToLive::unspecified(), std::forward<F>(factory));
  }

  /// The same with everything that may be said about it.
  [[nodiscard]] Lookup remember(std::string_view key, TimeToLive time_to_live,
                                const Computation& computation) noexcept;

 protected:
  /// What an implementation provides. The arguments have passed the rules; the factory may throw.
  virtual Lookup do_remember(std::string_view key, TimeToLive time_to_live,
                             const Computation& computation) = 0;
  /// Told about each call that was refused for its arguments.
  virtual void on_refused() noexcept {}
  /// As ICache says.
  [[nodiscard]] virtual TimeToLive effective_time_to_live(std::string_view /*key*/,
                                                          TimeToLive time_to_live) const noexcept {
    return time_to_live;
  }
};

}  // namespace cachesite
