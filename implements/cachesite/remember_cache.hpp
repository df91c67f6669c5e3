#pragma once

#include <cachesite/cache.hpp>
#include <cachesite/cache_layer.hpp>
#include <cachesite/component_context.hpp>
#include <cachesite/computing_cache.hpp>
#include <cachesite/i_tagged_cache.hpp>
#include <cachesite/mutex.hpp>
#include <cachesite/parameter.hpp>
#include <cachesite/reference.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace cachesite {

/// What a caller does after `wait`, or when the lock cannot be taken.
enum class OnLockFailure : std::uint8_t {
  compute,  ///< it computes the value itself: two callers may then compute at the same time
  error,    ///< it fails with `timeout`, or with the failure of the lock
};

/// Settings of a RememberCache, explained by `cachesite describe RememberCache` and configs/reference.md.
struct RememberCacheOptions {
  Reference<ICache> over;
  Reference<IMutexSite> locks;
  std::chrono::milliseconds wait{30'000};
  std::chrono::milliseconds lease{10'000};
  std::optional<std::chrono::milliseconds> negative_ttl;
  OnLockFailure on_lock_failure = OnLockFailure::compute;

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
class RememberCache final : public CacheLayer, public IComputingCache, public ITaggedCache {
 public:
  using provides = Provides<ICache, IComputingCache>;
  using passes_on = Provides<ITaggedCache>;
  using Options = RememberCacheOptions;

  /// Throws std::invalid_argument with the first of `options.complaints()`, and when `over` is not set.
  explicit RememberCache(Options options, const ComponentContext& context = {});
  ~RememberCache() override;

  /// Waiting callers get `closed`; computing callers get their value.
  void stop() noexcept override;
  [[nodiscard]] CacheStatistics statistics() const override;
  /// Degraded while the cache below is down, since `remember` computes; with `on_lock_failure: error` only
  /// while `locks` are not down.
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
  const std::unique_ptr<Inner> inner_;
};

}  // namespace cachesite
