#pragma once

#include <cachesite/cache.hpp>
#include <cachesite/cache_layer.hpp>
#include <cachesite/component_context.hpp>
#include <cachesite/detail/implementation_pointer.hpp>
#include <cachesite/i_tiered_cache.hpp>
#include <cachesite/parameter.hpp>
#include <cachesite/reference.hpp>

#include <chrono>
#include <vector>

namespace cachesite {

/// Settings of a TieredCache.
struct TieredCacheOptions {
  /// The far tier: the cache that holds every entry, such as a RedisCache.
  Reference<ICache> over;
  /// The near tier: a cache that holds copies, such as a MemoryCache, and that nothing else uses.
  Reference<ICache> near;
  /// Longest time that a copy is used without asking the far tier, and so the longest time that a change made
  /// by another process goes unseen.
  std::chrono::milliseconds near_ttl{30'000};
  /// How long it is remembered that the far tier has no entry under a key; 0 to ask each time.
  std::chrono::milliseconds negative_ttl{5'000};

  static ParameterTable parameters();
  [[nodiscard]] std::vector<OptionComplaint> complaints() const;
};

/// A cache of two tiers: a near one with copies, in front of a far one that holds every entry.
///
/// A read asks the near tier, then the far one, and keeps a copy of what it finds there, a cached null
/// included, or remembers for `negative_ttl` that there is nothing. A copy lives for `near_ttl`, but not
/// longer than its entry was written for: that costs a second question to the far tier with each copy that is
/// read. With `ttl_jitter` the far tier may end an entry sooner than it was written for, and its copy, when
/// it was made by a write, stays that much longer. Writes go to the far tier first; only what is stored there
/// is copied. A failed or uncertain write drops the copy, so the near tier never holds what the far one
/// refused, and a failed read is no reason to remember that there is nothing. While the far tier is away,
/// copies are still served until they end.
///
/// A copy of an old value never replaces a new one: a read that began before a change of the same key by this
/// object gives up its copy. Changes by other processes, and changes that
/// this one makes at the far tier past this object (`evict_tags` of a TaggedCache below it, say), are seen
/// when the copy ends, or after `forget_near` or `clear_near`.
///
/// `contains`, `time_to_live`, `keys` and `size` ask the far tier. `expire`, `persist`, `increment` and
/// `remove_matching` change the far tier and drop the copies. A near tier that fails is passed over.
class TieredCache final : public CacheLayer, public ITieredCache {
 public:
  using provides = Provides<ICache, ITieredCache>;

  using Options = TieredCacheOptions;

  /// Throws std::invalid_argument with the first of `options.complaints()`, and when a tier is not set.
  explicit TieredCache(TieredCacheOptions options, const ComponentContext& context = {});
  ~TieredCache() override;

  void stop() noexcept override { CacheLayer::stop(); }
  /// While the far tier is down and the near one is not, it is degraded: copies are served.
  [[nodiscard]] Health health() const override;
  /// Hits, misses, failures, writes and removals are the layer's own, the rest those of the far tier.
  [[nodiscard]] CacheStatistics statistics() const override;

  bool forget_near(std::string_view key) noexcept override;
  void clear_near() noexcept override;
  [[nodiscard]] std::uint64_t near_size() noexcept override;
  [[nodiscard]] TierStatistics tier_statistics() const noexcept override;

 protected:
  Result<Found> do_read(std::string_view key, Value& destination) override;
  void do_begin(CacheRequest& request) override;

 private:
  class Inner;

  void forget_copies(const CacheRequest& request);
  void store(CacheRequest& request);
  void read_many(CacheRequest& batch);
  void read_far(CacheRequest& batch);
  void store_many(CacheRequest& batch);
  std::vector<Result<Remaining>> lives_of(std::span<const std::string_view> keys,
                                          std::span<const Lookup> found);

  const detail::ImplementationPointer<Inner> inner_;
};

}  // namespace cachesite
