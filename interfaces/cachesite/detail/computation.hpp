#pragma once

#include <cachesite/error.hpp>
#include <cachesite/lookup.hpp>
#include <cachesite/result.hpp>
#include <cachesite/time_to_live.hpp>
#include <cachesite/value.hpp>

#include <algorithm>
#include <chrono>
#include <concepts>
#include <cstdint>
#include <exception>
#include <functional>
#include <memory>
#include <optional>
#include <span>
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
  /// The value is still the one that the factory was given in ComputeContext::stale: it gets a new TTL.
  /// `value` has no meaning then. Without such a value it is a failure with `not_computed`.
  bool not_modified = false;
  /// False: the value is returned, to those that wait for it too, but not stored.
  bool store = true;
  /// What the source calls this state of the value, such as the ETag of HTTP, at most 255 bytes; a longer one is not
  /// kept. The next factory gets it in ComputeContext::etag. Kept only by a cache with `form: envelope`.
  std::string etag = {};
  /// How long after the end of its TTL the value is of use, when that is shorter than `stale.keep`. Kept only as the
  /// etag is.
  std::optional<std::chrono::milliseconds> stale_for = {};
};

/// What a factory returns when the last known value is still right: see `Computed::not_modified`.
///
///     cache->remember("news", 1min, [&](const cachesite::ComputeContext& context) {
///       return context.stale != nullptr && feed.unchanged() ? cachesite::Computed(cachesite::NotModified{})
///                                                           : cachesite::Computed{feed.read()};
///     })
struct NotModified {
  /// The new TTL; without it as for `Computed::time_to_live`.
  std::optional<TimeToLive> time_to_live = {};

  operator Computed() const {
    Computed computed;
    computed.time_to_live = time_to_live;
    computed.not_modified = true;
    return computed;
  }
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
  /// The last known value, when its TTL has ended and the cache has kept it, or when it ends soon (`eager`); else
  /// null. Valid while the factory runs.
  const Value* stale = nullptr;
  /// Its Computed::etag, if that is known; else empty. Valid as long.
  std::string_view etag = {};
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
  /// Longest time of the call, its read of the cache included, in place of longer limits of the cache. A factory on the calling thread is not
  /// interrupted.
  std::optional<std::chrono::milliseconds> deadline = {};
  /// Whether a value whose TTL has ended is acceptable when no newer one can be had.
  bool accept_stale = true;

  /// Runs `contextual` or `factory`. What they throw escapes.
  [[nodiscard]] Result<Computed> make(const ComputeContext& context) const {
    return contextual ? contextual(context) : factory();
  }
};

/// Makes values: `made` has the length and the order of `missing`, and each element that is not assigned is a
/// failure with `not_computed`.
using ManyFactory =
    std::function<void(std::span<const std::string_view> missing, std::span<Result<Computed>> made)>;

/// All settings of a computation of many values. Programs usually give only the factory.
struct ManyComputation {
  /// Makes the values that are missing, each key once. It runs on the calling thread. What it throws is the
  /// failure of the keys that it has not assigned.
  ManyFactory factory;
  /// As for Computation.
  std::function<void(const Error&)> report = {};
  /// As for Computation.
  bool compute_without_cache = true;
  /// Tags of the entries, as for Computation.
  std::vector<std::string> tags = {};
  /// Longest wait for values that others compute, in place of longer limits of the cache.
  std::optional<std::chrono::milliseconds> deadline = {};
  /// As for Computation.
  bool accept_stale = true;
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
  } else if constexpr (std::same_as<Plain, NotModified>) {
    return Computed(returned);
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
/// a TTL, or NotModified; or a Result of one of these, or an Error.
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

}  // namespace cachesite
