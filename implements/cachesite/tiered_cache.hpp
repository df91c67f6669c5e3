#pragma once

#include <cachesite/cache.hpp>
#include <cachesite/cache_layer.hpp>
#include <cachesite/component_context.hpp>
#include <cachesite/detail/i_stale_store.hpp>
#include <cachesite/detail/implementation_pointer.hpp>
#include <cachesite/i_tiered_cache.hpp>
#include <cachesite/parameter.hpp>
#include <cachesite/reference.hpp>

#include <chrono>
#include <vector>

namespace cachesite {

/// Settings of a TieredCache, explained by `cachesite describe TieredCache` and configs/reference.md.
struct TieredCacheOptions {
  Reference<ICache> over;
  Reference<ICache> near;
  std::chrono::milliseconds near_ttl{30'000};
  std::chrono::milliseconds negative_ttl{5'000};
  std::chrono::milliseconds keep_stale{0};

  static constexpr std::chrono::hours longest_keep{30 * 24};

  static ParameterTable parameters();
  [[nodiscard]] std::vector<OptionComplaint> complaints() const;
};

/// A cache of two tiers: a near one with copies, in front of a far one that holds every entry.
///
/// A read asks the near tier, then the far one, and keeps a copy of the found value or null, or remembers a
/// miss for `negative_ttl`. A copy lives for `near_ttl`, but not longer than the TTL of its entry, which
/// costs a second request to the far tier for each copy. With `ttl_jitter` the far tier may end an entry
/// earlier than its TTL; a copy that was made by a write then stays longer. Writes go to the far tier first;
/// only stored values are copied. A failed or uncertain write drops the copy, so the near tier never holds a
/// refused value; a failed read is not remembered as a miss. While the far tier is unreachable, copies are
/// served until they expire.
///
/// A copy of an old value never replaces a new one: a read that began before a change of the same key by this
/// object keeps no copy. Changes by other processes, and changes of the far tier that bypass this object
/// (such as `evict_tags` of a TaggedCache below), are seen when the copy expires, or after `forget_near` or
/// `clear_near`.
///
/// With `keep_stale`, an ended copy stays in the near tier for so long, and a RememberCache above may return
/// it; ordinary reads do not. A change of the key by this object removes it at once.
///
/// `contains`, `time_to_live`, `keys` and `size` ask the far tier. `expire`, `persist`, `increment` and
/// `remove_matching` change the far tier and drop the copies. Failures of the near tier are ignored.
class TieredCache final : public CacheLayer, public ITieredCache, public detail::IStaleStore {
 public:
  using provides = Provides<ICache, ITieredCache>;

  using Options = TieredCacheOptions;

  /// Throws std::invalid_argument with the first of `options.complaints()`, and when a tier is not set.
  explicit TieredCache(TieredCacheOptions options, const ComponentContext& context = {});
  ~TieredCache() override;

  void stop() noexcept override { CacheLayer::stop(); }
  /// Degraded while only the far tier is down, since copies are served.
  [[nodiscard]] Health health() const override;
  /// Hits, misses, failures, writes and removals count the calls of this layer; the rest are those of the far
  /// tier.
  [[nodiscard]] CacheStatistics statistics() const override;

  bool forget_near(std::string_view key) noexcept override;
  void clear_near() noexcept override;
  [[nodiscard]] std::uint64_t near_size() noexcept override;
  [[nodiscard]] TierStatistics tier_statistics() const noexcept override;

  bool keep_ended(std::chrono::milliseconds time) noexcept override;
  void forget_ended() noexcept override;

 protected:
  Result<Found> do_read(std::string_view key, Value& destination) override;
  void do_begin(CacheRequest& request) override;
  [[nodiscard]] bool may_wait() const noexcept override;
  bool do_begin_async(AsyncRequest& request) override;

 private:
  class AsyncChange;
  class AsyncFill;
  class AsyncLook;
  class Inner;

  void read_copy(CacheRequest& request);
  void forget_copies(const CacheRequest& request);
  void store(CacheRequest& request);
  void note_store(const CacheRequest& request, std::uint64_t ticket);
  bool read_async(AsyncRequest& call);
  void read_many(CacheRequest& batch);
  void read_far(CacheRequest& batch);
  void store_many(CacheRequest& batch);
  std::vector<Result<Remaining>> lives_of(std::span<const std::string_view> keys,
                                          std::span<const Lookup> found);

  const detail::ImplementationPointer<Inner> inner_;
};

}  // namespace cachesite
