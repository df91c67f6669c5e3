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
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <stop_token>
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
  /// TTL of the entry; without it that of the cache's rule for the key, else that of the call, and for a null
  /// that of the cache.
  std::optional<TimeToLive> time_to_live = {};
  /// False: the value is returned, to those that wait for it too, but not stored.
  bool store = true;
};

/// Why a value is computed.
enum class Trigger : std::uint8_t {
  miss,    ///< there is none
  stale,   ///< there is one whose TTL has ended
  eager,   ///< there is one whose TTL ends soon
  forced,  ///< `Computation::refresh`
};

/// What a factory may want to know.
struct ComputeContext {
  std::string_view key;
  /// The last known value, when its TTL has ended and the cache has kept it; else null.
  const Value* stale = nullptr;
  /// How long ago its TTL ended.
  std::chrono::milliseconds age{0};
  Trigger trigger = Trigger::miss;
  /// Requested when nobody waits for the result any more: after the hard limit, and when the cache stops.
  std::stop_token stop = {};
};

/// All settings of one computation. Programs usually give only the factory.
struct Computation {
  /// Makes the value. It runs on the calling thread (but see `may_outlive_call`), at most once, and not at all
  /// when the value comes from the cache or from another caller.
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
  /// Used in place of `factory` if it is set.
  std::function<Result<Computed>(const ComputeContext&)> contextual = {};
  /// The factory may run on another thread, and go on after the call has returned: then the limits of the
  /// cache and `deadline` hold for the caller that started it, too. `factory`, `contextual` and `accepts` must
  /// own all that they use.
  bool may_outlive_call = false;
  /// Longest time of the call, in place of longer limits of the cache. A factory on the calling thread is not
  /// interrupted.
  std::optional<std::chrono::milliseconds> deadline = {};
  /// Whether a value whose TTL has ended is acceptable when no newer one can be had.
  bool accept_stale = true;

  /// Runs `contextual` or `factory`. What they throw escapes.
  [[nodiscard]] Result<Computed> make(const ComputeContext& context) const {
    return contextual ? contextual(context) : factory();
  }
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

/// A factory that also wants to know why and for which key it is called.
template <class F>
concept ContextualFactory = !ValueFactory<F> && std::invocable<F&, const ComputeContext&> &&
                            requires(std::invoke_result_t<F&, const ComputeContext&> returned) {
  detail::to_computed(std::forward<std::invoke_result_t<F&, const ComputeContext&>>(returned));
};

namespace detail {

struct MayOutliveCall {};

template <class F>
inline constexpr bool may_outlive_call = std::derived_from<std::remove_cvref_t<F>, MayOutliveCall>;

}  // namespace detail

/// A factory that owns all that it uses; made by `background`. Copies share it.
template <class F>
class BackgroundFactory : public detail::MayOutliveCall {
 public:
  explicit BackgroundFactory(F factory) : factory_(std::make_shared<F>(std::move(factory))) {}

  template <class... Context>
  requires std::invocable<F&, Context...>
  decltype(auto) operator()(Context&&... context) const {
    return (*factory_)(std::forward<Context>(context)...);
  }

 private:
  std::shared_ptr<F> factory_;
};

/// Lets a factory run on another thread, and go on after its caller has left at a limit: it captures all that
/// it uses by value. Throws std::bad_alloc.
///
///     cache->remember("user:42", 10min, cachesite::background([id = 42] { return find_user(id); }))
template <class F>
[[nodiscard]] BackgroundFactory<std::decay_t<F>> background(F&& factory) {
  return BackgroundFactory<std::decay_t<F>>(std::forward<F>(factory));
}

namespace detail {

/// The computation of a factory, of which it holds a copy when that may outlive the call.
template <class F>
[[nodiscard]] Computation computation_of(F& factory) {
  Computation computation;
  computation.may_outlive_call = may_outlive_call<F>;
  const auto set = [&computation](auto run) {
    if constexpr (ContextualFactory<F>)
      computation.contextual = std::move(run);
    else
      computation.factory = std::move(run);
  };
  if constexpr (may_outlive_call<F>)
    set([own = factory](auto&&... context) -> Result<Computed> { return to_computed(own(context...)); });
  else
    set([&factory](auto&&... context) -> Result<Computed> { return to_computed(factory(context...)); });
  return computation;
}

}  // namespace detail

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
/// A cache that keeps values beyond their TTL returns such a value when no newer one can be had: the result is
/// then `stale()`. RememberCache says when.
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
    if constexpr (detail::may_outlive_call<F>) {
      return remember_as(key, time_to_live, factory);
    } else {
      auto run = [&factory]() -> Result<Computed> { return detail::to_computed(factory()); };
      return remember(key, time_to_live, Computation{std::ref(run)});
    }
  }

  /// The same with a factory that takes a ComputeContext.
  template <ContextualFactory F>
  [[nodiscard]] Lookup remember(std::string_view key, TimeToLive time_to_live, F&& factory) noexcept {
    return remember_as(key, time_to_live, factory);
  }

  /// The same with the TTL of the cache; fails when the cache has none.
  template <class F>
  requires(ValueFactory<F> || ContextualFactory<F>) [[nodiscard]] Lookup
      remember(std::string_view key, F&& factory) noexcept {
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

 private:
  template <class F>
  Lookup remember_as(std::string_view key, TimeToLive time_to_live, F& factory) noexcept {
    const auto computation = guarded_call<Computation>([&] { return detail::computation_of(factory); });
    return computation.ok() ? remember(key, time_to_live, computation.value()) : Lookup(computation.error());
  }
};

/// Counters of a cache that computes values, since it was created.
struct ComputingStatistics {
  std::uint64_t factories = 0;      ///< factories that were called
  std::uint64_t failures = 0;       ///< of them those that failed or threw
  std::uint64_t soft_timeouts = 0;  ///< callers that got a stale value since the factory took too long
  std::uint64_t hard_timeouts = 0;  ///< computations given up at the hard limit
  std::uint64_t abandoned_now = 0;  ///< of them those that still run
  std::uint64_t late_stored = 0;    ///< their results that were stored after all
  std::uint64_t late_dropped = 0;   ///< and those that were not: the key had changed meanwhile
  std::uint64_t stale_served = 0;   ///< calls that got a value whose TTL had ended
  std::uint64_t throttled = 0;  ///< of them those that called no factory, since the last one failed lately
  std::uint64_t errors_remembered = 0;  ///< calls that got the remembered failure of an earlier factory
  std::uint64_t joined = 0;             ///< calls that waited for the computation of another
  std::uint64_t shed = 0;               ///< calls refused because too many waited or were abandoned
  std::uint64_t refreshes = 0;          ///< values computed again ahead of their end, or behind a stale value
  std::uint64_t refreshes_taken_from_far = 0;  ///< and those that another process had computed
  std::uint64_t refreshes_dropped = 0;         ///< and those that there was no thread or lock for
};

/// The counters of a cache that computes values; a RememberCache has it beside IComputingCache.
class IComputingStatistics : public Interface<IComputingStatistics, "IComputingStatistics"> {
 public:
  /// Safe from any thread. The counters are read one by one, so they may be slightly inconsistent.
  [[nodiscard]] virtual ComputingStatistics computing_statistics() const = 0;
};

}  // namespace cachesite
