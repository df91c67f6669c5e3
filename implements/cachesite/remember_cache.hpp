#pragma once

#include <cachesite/cache.hpp>
#include <cachesite/cache_layer.hpp>
#include <cachesite/component_context.hpp>
#include <cachesite/computing_cache.hpp>
#include <cachesite/detail/i_key_explanation.hpp>
#include <cachesite/detail/implementation_pointer.hpp>
#include <cachesite/i_tagged_cache.hpp>
#include <cachesite/mutex.hpp>
#include <cachesite/parameter.hpp>
#include <cachesite/reference.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cachesite {

namespace remembering {
class Flight;
}

/// What a caller does after `wait`, or when the lock cannot be taken.
enum class OnLockFailure : std::uint8_t {
  compute,  ///< it computes the value itself: two callers may then compute at the same time
  error,    ///< it fails with `timeout`, or with the failure of the lock
};

/// What stands in the cache below for a value.
enum class ValueForm : std::uint8_t {
  plain,     ///< the value itself, for every program
  envelope,  ///< with what is known of it; for programs of this library alone
};

/// What becomes of values whose TTL has ended.
struct StaleOptions {
  std::chrono::milliseconds keep{0};
  std::chrono::milliseconds throttle{1'000};
  std::chrono::milliseconds longest_throttle{30'000};

  static ParameterTable parameters();
};

/// When values are computed again before they are missing.
enum class RefreshMode : std::uint8_t {
  off,
  eager,   ///< at a fixed part of the TTL
  xfetch,  ///< at random, the earlier the longer the factory takes
  swr,     ///< as eager; past the end the stale value is returned at once
};

/// Settings of the refresh ahead of the end of the TTL.
struct RefreshOptions {
  RefreshMode mode = RefreshMode::off;
  double from = 0.8;
  double beta = 1.0;
  std::uint64_t workers = 2;
  std::uint64_t queue = 1'000;

  static ParameterTable parameters();
};

/// Settings for some keys, in place of those of the cache.
struct RememberRule {
  /// See `matches_key_pattern`.
  std::string match;
  std::optional<std::chrono::milliseconds> ttl;
  std::optional<std::chrono::milliseconds> negative_ttl;
  std::optional<std::chrono::milliseconds> stale;
  std::optional<double> refresh_from;
  std::optional<std::chrono::milliseconds> error_ttl;

  static ParameterTable parameters();
};

/// Settings of a RememberCache, explained by `cachesite describe RememberCache` and configs/reference.md.
struct RememberCacheOptions {
  Reference<ICache> over;
  Reference<IMutexSite> locks;
  std::chrono::milliseconds wait{30'000};
  std::chrono::milliseconds lease{10'000};
  std::optional<std::chrono::milliseconds> negative_ttl;
  OnLockFailure on_lock_failure = OnLockFailure::compute;
  ValueForm form = ValueForm::plain;
  std::chrono::milliseconds factory_soft{0};
  std::chrono::milliseconds factory_hard{30'000};
  std::chrono::milliseconds far_soft{0};
  std::uint64_t most_abandoned = 16;
  std::uint64_t most_waiting = 10'000;
  std::chrono::milliseconds error_ttl{0};
  StaleOptions stale;
  RefreshOptions refresh;
  std::vector<RememberRule> rules;
  Reference<IValueLoader> loader;

  static ParameterTable parameters();
  [[nodiscard]] std::vector<OptionComplaint> complaints() const;
};

/// Computes the missing values of another cache, once for all concurrent callers: `remember` of
/// IComputingCache over any cache. All other calls go to that cache unchanged.
///
/// **Within the process**, callers for the same key share one computation; different keys never wait for each
/// other. A write or removal of the key through this object during its computation wins: the computed value
/// is returned but not stored, and later callers do not get it.
///
/// **Across processes**, with `locks`, the computing caller takes the mutex named by the key, reads the value
/// again, computes, stores and releases; the others wait for the mutex. Its lease is renewed while the
/// factory runs. When its owner dies, another caller takes over at the end of the lease. When a lease is lost
/// while the factory runs (the process was paused for too long), the value is returned but not stored, since
/// another process computes a newer one. A key longer than the name of a mutex is locked by its beginning and
/// a hash.
///
/// After `wait`, or without the lock, `on_lock_failure` decides. When the cache cannot be read, the factory
/// runs once in the process, and its value is returned; the lock is then not taken, unless `on_lock_failure`
/// is error.
///
/// **Limits.** At `factory_hard` a computation counts as failed: who waits gets `timeout`, its `stop` is
/// requested, and the next caller may start another one. The caller that runs the factory on its own thread
/// stays until it ends; one that gave `background(factory)` leaves with the others, and the factory goes on on
/// a thread of the cache. Its late value is stored unless the key has changed, or was computed again,
/// meanwhile. At most `most_abandoned` such factories run, and `most_waiting` callers wait for one key; more
/// callers get `refused`.
///
/// **Stale values**, with `stale.keep`: a value stays for so long after the end of its TTL in the memory below,
/// that is in a TieredCache's near tier, or in a MemoryCache that holds the entries. When no newer value can
/// be had, because the factory fails or passes a limit, or the cache cannot be read, callers get that value,
/// with `stale()` true. With `factory_soft` they get it as soon as the factory takes longer than this. A
/// removal of the key ends it at once; the end of the TTL does not. A factory that returns a null has
/// answered: it has not failed. After a failure the factory is not called again for `throttle`, twice as long
/// after each further failure up to `longest_throttle`, as long as there is such a value.
/// With `far_soft` and a near tier that has such a value, nobody waits longer than this for the cache below.
///
/// **The form `envelope`** keeps stale values in the cache below itself, so that they outlive this process and serve
/// others. What is stored is a header of 32 bytes (version, etag, cost, `stale.keep`; docs/surviving.md has the layout),
/// the etag and the value, and its TTL is longer by `stale.keep`. The remaining TTL in the store decides what is
/// fresh, and no clock of a machine. Plain values, and with form plain intact envelopes, are read too. Bytes that
/// begin as an envelope and are none are a miss, which is reported with `corrupt` and counted; with form plain they are the
/// value, as before. As an ICache it looks as if there were no envelopes: a stale entry is a miss, `read_with_life` finds
/// it with `accept_stale`, TTLs are those of the values, and `increment` is `unsupported`; but `add`, `replace`,
/// `remove`, `size` and `keys` count it as an entry. A computed value is stored only if the store still has what the
/// computation began with: after a miss atomically (`add`), else, and in a batch, by a look just before.
///
/// **Refresh**, with `refresh.mode`: a read of a value that this cache has computed computes it again shortly
/// before its TTL ends, once, and returns the present value. A factory of `background` runs on one of
/// `refresh.workers` threads; when `refresh.queue` of them wait, further ones are dropped, and the value ends
/// as it would have. Any other factory runs on the thread of the reader that comes first. Before that the
/// cache below is asked: if another process has stored a newer value, that one is taken. With `locks`, nothing
/// waits for another process that computes the value.
///
/// **Batches** (`remember_many`): the reads are one batch, and so are the writes, except for nulls and entries
/// with tags. What the batch computes itself is stored before it waits for what others compute. Keys that do not
/// come within `wait` are computed by one further call of the factory. A batch does not refresh values ahead
/// of their end, unless there is a loader.
///
/// **A loader** (`loader`) makes the values of `get_or_load`, on threads of the cache, so that all limits hold. Values
/// without tags are then refreshed by it, whatever factory has made them.
///
/// **Failures** without such a value reach all that wait, and are remembered for `error_ttl`.
///
/// With a RedisCache of the prefix `spakky:cache:` and a RedisMutexSite of the prefix
/// `spakky:cache:__lock__:` this is the protocol of spakky-redis: its programs and these do not compute a
/// value twice. (They release without checking the owner, so they must not need longer than their 30 s.)
///
/// **Tags** (`Computation::tags`) and the calls of ITaggedCache go to the cache below if it is an
/// ITaggedCache; otherwise they fail with `unsupported`. For running computations, an eviction through this
/// object counts as a removal.
///
/// Statistics are those of the cache below; each `remember` counts as one read, and `stampede_waits` counts
/// callers that waited.
class RememberCache final : public CacheLayer,
                            public IComputingCache,
                            public IComputingStatistics,
                            public ITaggedCache,
                            public detail::IKeyExplanation {
 public:
  using provides = Provides<ICache, IComputingCache, IComputingStatistics>;
  using passes_on = Provides<ITaggedCache>;
  using Options = RememberCacheOptions;

  /// Throws std::invalid_argument with the first of `options.complaints()`, when `over` is not set, when nothing
  /// below can keep values for `stale` with form plain, and when another RememberCache below would open envelopes.
  explicit RememberCache(Options options, const ComponentContext& context = {});
  /// Waits for factories that still run on threads of this cache.
  ~RememberCache() override;

  /// Waiting callers get `closed`; computing callers get their value.
  void stop() noexcept override;
  [[nodiscard]] CacheStatistics statistics() const override;
  [[nodiscard]] ComputingStatistics computing_statistics() const override;
  /// Puts other rules in force, for calls that begin from now on; computations that are under way go on with theirs, and
  /// TTLs of entries stay. `bad_argument` for rules that a file may not have either, `unsupported` when nothing below
  /// can keep values for `stale`, `refused` after 1,000 different ones. Safe from any thread. In a site the component that
  /// offers IComputingCache is this class, also as a part of a `class: Cache`: use dynamic_cast.
  Status set_rules(std::vector<RememberRule> rules) noexcept;
  /// Whether values stand in envelopes in the cache below.
  [[nodiscard]] bool keeps_envelopes() const noexcept;
  /// Degraded while the cache below is down, since `remember` computes; with `on_lock_failure: error` only
  /// while `locks` are not down.
  [[nodiscard]] Health health() const override;
  /// That of the first rule with a `ttl` for the key, when the call gives none.
  [[nodiscard]] TimeToLive effective_time_to_live(std::string_view key,
                                                  TimeToLive time_to_live) const noexcept override;
  void explain_key(std::string_view key, Node& facts) override;
  void explain_stored(std::string_view key, Node& facts) override;

 protected:
  Status do_write_tagged(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live,
                         std::span<const std::string_view> tags) override;
  Result<std::uint64_t> do_evict_tags(std::span<const std::string_view> tags) override;
  Lookup do_remember(std::string_view key, TimeToLive time_to_live, const Computation& computation) override;
  void do_remember_many(std::span<const std::string_view> keys, std::span<const TimeToLive> times_to_live,
                        const ManyComputation& computation, std::span<Lookup> results) override;
  Lookup do_get_or_load(std::string_view key, TimeToLive time_to_live) override;
  void do_get_or_load_many(std::span<const std::string_view> keys, std::span<const TimeToLive> times_to_live,
                           std::span<Lookup> results) override;
  Result<Found> do_read(std::string_view key, Value& destination) override;
  void do_begin(CacheRequest& request) override;
  [[nodiscard]] bool may_wait() const noexcept override { return below_may_wait(); }
  bool do_begin_async(AsyncRequest& call) override;
  [[nodiscard]] ICache* async_owner() noexcept override { return this; }
  [[nodiscard]] bool reads_first(std::uint64_t& reads_begun) noexcept override;
  [[nodiscard]] bool is_due(std::string_view key) noexcept override;
  void do_begin_remember(const std::shared_ptr<detail::PendingComputation>& call) override;
  void on_refused() noexcept override;

 private:
  bool keep_ended_below(std::chrono::milliseconds time) noexcept;
  [[nodiscard]] bool outdates_computations(const CacheRequest& request) const noexcept;
  [[nodiscard]] std::vector<std::shared_ptr<remembering::Flight>> begin_outdating(
      const CacheRequest& request);
  void forget_points(const CacheRequest& request) noexcept;
  bool change_async(AsyncRequest& call);

  class Inner;
  class StoredEntries;
  class AsyncChange;
  class AsyncComputation;
  class AsyncLead;
  class RememberBatch;
  class RememberCall;
  const detail::ImplementationPointer<Inner> inner_;
};

}  // namespace cachesite
