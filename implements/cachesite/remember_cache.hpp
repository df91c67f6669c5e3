#pragma once

#include <cachesite/cache.hpp>
#include <cachesite/cache_layer.hpp>
#include <cachesite/component_context.hpp>
#include <cachesite/computing_cache.hpp>
#include <cachesite/detail/implementation_pointer.hpp>
#include <cachesite/i_tagged_cache.hpp>
#include <cachesite/mutex_site.hpp>
#include <cachesite/parameter.hpp>
#include <cachesite/reference.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace cachesite {

/// What becomes of a caller who has waited for another one's value in vain, or could not take the lock.
enum class OnLockFailure : std::uint8_t {
  compute,  ///< it computes the value itself: two may then compute at the same time
  error,    ///< it gets a failure: `timeout`, or whatever the lock failed with
};

/// Settings of a RememberCache.
struct RememberCacheOptions {
  /// The cache that holds the values.
  Reference<ICache> over;
  /// Keeps other processes from computing the same value: a mutex named by the key. Without it each process
  /// computes for itself.
  Reference<IMutexSite> locks;
  /// Longest time to wait for a value that somebody else computes; 0 does not wait at all.
  std::chrono::milliseconds wait{30'000};
  /// Length of the lease of a lock. It is renewed while the factory runs, so this is how long others wait
  /// after the crash of a process that was computing.
  std::chrono::milliseconds lease{10'000};
  /// How long it is remembered that there is no value, at most as long as a value would be; 0 does not
  /// remember it. When not given: a tenth of the TTL, 5 s at most.
  std::optional<std::chrono::milliseconds> negative_ttl;
  OnLockFailure on_lock_failure = OnLockFailure::compute;

  static ParameterTable parameters();
  [[nodiscard]] std::vector<OptionComplaint> complaints() const;
};

/// Computes what another cache does not have, once for all who ask: `remember` of IComputingCache over any
/// cache. All other calls go to that cache unchanged.
///
/// **Within the process** callers for the same key share one computation. They are found by the whole key, so
/// different keys never wait for each other. A write or removal of the key through this object while its
/// value is computed wins: what is then computed is returned but not stored, and whoever asks after the write
/// or removal does not get it.
///
/// **Across processes**, with `locks`, the one who computes takes the mutex named by the key, looks once more
/// for the value, computes, stores and releases; all others wait at the mutex. Its lease is renewed while the
/// factory runs. When its owner dies, another one takes over as soon as the lease ends. When a lease is lost
/// while its factory runs (the process stood still for too long), the value is returned but not stored, since
/// somebody else is computing a newer one. Keys longer than a mutex name may be are locked by their beginning
/// and a hash.
///
/// After `wait`, or without the lock, `on_lock_failure` decides. A cache that cannot be read is no reason to
/// fail: the factory runs, once in the process, and its value is returned. The
/// lock is then not asked for, unless `on_lock_failure` is error.
///
/// With a RedisCache of the prefix `spakky:cache:` and a RedisMutexSite of the prefix
/// `spakky:cache:__lock__:` this is the protocol of spakky-redis: its programs and these ones keep each other
/// from computing twice. (They release without looking whose lock it is, so let them not be slower than their
/// 30 s.)
///
/// **Tags** (`Computation::tags`) and the calls of ITaggedCache go to the cache below, when that has them;
/// otherwise they fail with `unsupported`. An eviction through this object counts as a removal for the values
/// that are being computed.
///
/// Statistics are those of the cache below, with each `remember` counted as one read, however often it
/// looked, and `stampede_waits` for those who waited.
class RememberCache final : public CacheLayer, public IComputingCache, public ITaggedCache {
 public:
  using provides = Provides<ICache, IComputingCache, ITaggedCache>;

  using Options = RememberCacheOptions;

  /// Throws std::invalid_argument with the first of `options.complaints()`, and when `over` is not set.
  explicit RememberCache(Options options, const ComponentContext& context = {});
  ~RememberCache() override;

  /// Those who wait get `closed`; who computes gets its value.
  void stop() noexcept override;
  [[nodiscard]] CacheStatistics statistics() const override;
  /// While the cache below is down, it is degraded: `remember` computes. With `on_lock_failure: error` that
  /// takes `locks` that are not down.
  [[nodiscard]] Health health() const override;
  [[nodiscard]] TimeToLive effective_time_to_live(std::string_view key,
                                                  TimeToLive time_to_live) const noexcept override;

 protected:
  Status do_write_tagged(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live,
                         std::span<const std::string_view> tags) override;
  Result<std::uint64_t> do_evict_tags(std::span<const std::string_view> tags) override;
  Lookup do_remember(std::string_view key, TimeToLive time_to_live, const Computation& computation) override;
  Result<Found> do_read(std::string_view key, Value& destination) override;
  void do_begin(CacheRequest& request) override;
  void on_refused() noexcept override;

 private:
  void outdate_computations(const CacheRequest& request);

  class Inner;
  class RememberCall;
  const detail::ImplementationPointer<Inner> inner_;
};

}  // namespace cachesite
