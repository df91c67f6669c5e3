#pragma once

#include <cachesite/cache.hpp>
#include <cachesite/component.hpp>
#include <cachesite/detail/computation.hpp>
#include <cachesite/detail/guarded_call.hpp>
#include <cachesite/error.hpp>
#include <cachesite/lookup.hpp>
#include <cachesite/result.hpp>
#include <cachesite/time_to_live.hpp>

#include <concepts>
#include <cstdint>
#include <functional>
#include <memory>
#include <span>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace cachesite {

namespace async {
class RememberOperation;
}
namespace detail {
class FactoryView;
class PendingComputation;
}  // namespace detail

/// Makes the values of a cache that has it as its `loader`, whoever asks: a component of the program's own.
///
///     class Products final : public cachesite::IValueLoader {
///      public:
///       using provides = cachesite::Provides<cachesite::IValueLoader>;
///       cachesite::Result<cachesite::Computed> load(const cachesite::ComputeContext& context) override;
///     };
///
/// Values are then computed again, and late values stored, on threads of the cache: a loader lives as long as
/// its cache. It is called from several threads at once, for different keys.
class IValueLoader : public Interface<IValueLoader, "IValueLoader"> {
 public:
  /// Makes the value under `context.key`. An exception becomes a failure with `not_computed`.
  virtual Result<Computed> load(const ComputeContext& context) = 0;
  /// Makes many values; see ManyFactory. By default each by `load`.
  virtual void load_many(std::span<const std::string_view> keys, std::span<Result<Computed>> made);
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

  /// The values under `keys`, as `remember` gives each of them: those in the cache by one batch of reads, the
  /// missing ones by one call of the factory, which are stored by one batch. Values that others compute are
  /// waited for after that. A key may occur more than once; it is computed once. `results` has the length and
  /// the order of `keys`. The failure of one key leaves the others alone.
  ///
  ///     shop->remember_many(keys, 10min, [&](auto missing, auto made) {
  ///       for (std::size_t item = 0; item < missing.size(); ++item)
  ///         made[item] = cachesite::Computed{find_product(missing[item])};
  ///     }, results);
  void remember_many(std::span<const std::string_view> keys, TimeToLive time_to_live,
                     const ManyComputation& computation, std::span<Lookup> results) noexcept;
  template <class F>
  requires std::invocable<F&, std::span<const std::string_view>, std::span<Result<Computed>>>
  void remember_many(std::span<const std::string_view> keys, TimeToLive time_to_live, F&& factory,
                     std::span<Lookup> results) noexcept {
    remember_many(keys, time_to_live, ManyComputation{std::ref(factory)}, results);
  }

  /// The value under `key`, from the cache or from its loader, as `remember` gives it. Its TTL is that of the
  /// loader's result, else that of the cache for the key. Fails with `unsupported` without a loader.
  [[nodiscard]] Lookup get_or_load(std::string_view key) noexcept;
  /// The same for many keys, as `remember_many`.
  void get_or_load_many(std::span<const std::string_view> keys, std::span<Lookup> results) noexcept;

  // Asynchronous forms; include <cachesite/async_remember.hpp> to use them. Callers of both forms share
  // computations. A call is made and consumed as those of AsyncCacheCalls.

  /// As `remember`. The factory is copied or moved, owns all that it uses, and may go on when its caller is gone.
  /// A plain one runs on a thread of a bounded pool. One that gives an awaitable, such as an AsyncCall or a
  /// task of the program's own, holds no thread while that waits; its result is what a plain factory returns.
  template <class F>
  [[nodiscard]] AsyncCall<Lookup> async_remember(std::string_view key, TimeToLive time_to_live, F&& factory,
                                                 const CallOptions& options = detail::usual_call_options);
  /// As `get_or_load`.
  [[nodiscard]] AsyncCall<Lookup> async_get_or_load(std::string_view key,
                                                    const CallOptions& options = detail::usual_call_options);

 protected:
  /// What an implementation provides. The arguments have passed the rules; the factory may throw.
  virtual Lookup do_remember(std::string_view key, TimeToLive time_to_live,
                             const Computation& computation) = 0;
  /// Many keys that have passed the rules, with their TTLs. By default each by `do_remember`.
  virtual void do_remember_many(std::span<const std::string_view> keys,
                                std::span<const TimeToLive> times_to_live, const ManyComputation& computation,
                                std::span<Lookup> results);
  /// With the TTL of the cache, which may be unspecified. By default `unsupported`: there is no loader.
  virtual Lookup do_get_or_load(std::string_view key, TimeToLive time_to_live);
  virtual void do_get_or_load_many(std::span<const std::string_view> keys,
                                   std::span<const TimeToLive> times_to_live, std::span<Lookup> results);

  /// Whose lifetime an asynchronous call prolongs; null when it is the program's affair.
  [[nodiscard]] virtual ICache* async_owner() noexcept { return nullptr; }
  /// Whether asynchronous calls begin with a read of `async_owner()`, and what `do_begin_remember` wants to know of
  /// the time before it.
  [[nodiscard]] virtual bool reads_first(std::uint64_t& /*reads_begun*/) noexcept { return false; }
  /// Whether a hit goes through `do_begin_remember` too.
  [[nodiscard]] virtual bool is_due(std::string_view /*key*/) noexcept { return false; }
  /// Begins an asynchronous call that the read has not answered, and has it answered. By default a thread of a
  /// pool makes it by `do_remember` or `do_get_or_load`.
  virtual void do_begin_remember(const std::shared_ptr<detail::PendingComputation>& call);

  /// How a layer passes on what it has been asked to another cache.
  static void pass_on(IComputingCache& below, std::span<const std::string_view> keys,
                      std::span<const TimeToLive> times_to_live, const ManyComputation& computation,
                      std::span<Lookup> results) {
    below.do_remember_many(keys, times_to_live, computation, results);
  }
  static Lookup pass_on(IComputingCache& below, std::string_view key, TimeToLive time_to_live) {
    return below.do_get_or_load(key, time_to_live);
  }
  static void pass_on(IComputingCache& below, std::span<const std::string_view> keys,
                      std::span<const TimeToLive> times_to_live, std::span<Lookup> results) {
    below.do_get_or_load_many(keys, times_to_live, results);
  }

  /// Called for each call with refused arguments.
  virtual void on_refused() noexcept {}
  /// As ICache says.
  [[nodiscard]] virtual TimeToLive effective_time_to_live(std::string_view /*key*/,
                                                          TimeToLive time_to_live) const noexcept {
    return time_to_live;
  }

 private:
  friend class async::RememberOperation;
  friend class detail::PendingComputation;

  [[nodiscard]] AsyncCall<Lookup> begin_async(std::string_view key, TimeToLive time_to_live,
                                              const detail::FactoryView& factory, const CallOptions& options);
  void answer_by_worker(detail::PendingComputation& call) noexcept;
  [[nodiscard]] std::vector<TimeToLive> lives_of(std::span<const std::string_view> keys,
                                                 TimeToLive time_to_live) const;
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
  std::uint64_t not_modified = 0;              ///< values that a factory found to be still right
  std::uint64_t bad_envelopes = 0;  ///< reads that found damaged, or foreign, bytes in place of a value
};

/// The counters of a cache that computes values; a RememberCache has it beside IComputingCache.
class IComputingStatistics : public Interface<IComputingStatistics, "IComputingStatistics"> {
 public:
  /// Safe from any thread. The counters are read one by one, so they may be slightly inconsistent.
  [[nodiscard]] virtual ComputingStatistics computing_statistics() const = 0;
};

}  // namespace cachesite
