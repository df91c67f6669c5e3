#pragma once

#include <cachesite/cache.hpp>
#include <cachesite/cache_hook.hpp>
#include <cachesite/cache_layer.hpp>
#include <cachesite/codec_cache.hpp>
#include <cachesite/component_context.hpp>
#include <cachesite/computing_cache.hpp>
#include <cachesite/detail/cache_metrics.hpp>
#include <cachesite/detail/cache_statistics.hpp>
#include <cachesite/detail/implementation_pointer.hpp>
#include <cachesite/expiry_cache.hpp>
#include <cachesite/failover_cache.hpp>
#include <cachesite/memory_cache.hpp>
#include <cachesite/metrics_cache.hpp>
#include <cachesite/parameter.hpp>
#include <cachesite/reference.hpp>
#include <cachesite/remember_cache.hpp>
#include <cachesite/tagged_cache.hpp>
#include <cachesite/tiered_cache.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cachesite {

/// The settings of a layer as a part of a logical cache: all except the cache below, which follows from the
/// order of the parts.
template <class LayerOptions>
struct CachePart : LayerOptions {
  CachePart() = default;
  CachePart(LayerOptions options) : LayerOptions(std::move(options)) {}

  static ParameterTable parameters() {
    return inherited_parameters<CachePart, LayerOptions>().remove("over");
  }
};

/// In a Cache the limits of factories are called `soft` and `hard`.
template <>
ParameterTable CachePart<RememberCacheOptions>::parameters();

/// The copies of a logical cache in memory: the settings of their MemoryCache, and some of TieredCache.
struct NearOptions : MemoryCacheOptions {
  std::optional<std::chrono::milliseconds> ttl;
  std::chrono::milliseconds negative_ttl{5'000};
  std::chrono::milliseconds keep_stale{0};
  CoherenceOptions coherence;
  std::vector<TierRule> rules;
  double audit_sample = 0;
  std::vector<Reference<ITierListener>> listeners;
  /// For those who give `coherence` as a word.
  Reference<IBackplane> backplane;

  static ParameterTable parameters();
  /// `coherence` with the backplane, wherever it was given.
  [[nodiscard]] CoherenceOptions whole_coherence() const;
};

/// Settings of a LogicalCache, in files `class: Cache`: one cache with all of its parts. configs/reference.md
/// explains them.
///
///     cachesite::CacheOptions options;
///     options.store = std::make_shared<cachesite::MemoryCache>();
///     options.ttl = 10min;
///     options.tags.emplace();
///     const auto products = cachesite::make_cache(options);
struct CacheOptions : Expiry {
  /// Name of the cache for messages, hooks and encryption; empty for its name in the file.
  std::string name;
  Reference<ICache> store;
  std::string prefix;
  std::optional<CachePart<FailoverCacheOptions>> failover;
  std::optional<CachePart<CodecCacheOptions>> codec;
  std::optional<NearOptions> near;
  std::optional<CachePart<MetricsCacheOptions>> metrics;
  std::vector<Reference<ICacheHook>> hooks;
  std::optional<CachePart<TaggedCacheOptions>> tags;
  std::optional<CachePart<RememberCacheOptions>> remember;
  Reference<IValueLoader> loader;

  static ParameterTable parameters();
  [[nodiscard]] std::vector<OptionComplaint> complaints() const;
  /// Whether a cache with these settings offers the interface.
  [[nodiscard]] bool offers(std::string_view interface_name) const noexcept;
};

/// One cache with its declared parts, each a layer over the next. They always have this order, whatever the
/// order in the file:
///
///     remember    outermost, so that a value is computed once whatever the other parts do
///     tags        above the copies, so that an eviction invalidates them too
///     hooks       see the reads of tag markers too
///     metrics     count reads of copies
///     near        copies of plain values, so that a hit decodes nothing
///     ttl         (with max_ttl and rules) below the copies, whose hits need no TTL
///     codec       encodes the values in every store, also in the second one
///     prefix      only for the store and the second cache
///     failover    next to the store that may fail
///     store
///
/// It is one component: `health()` and `statistics()` are those of the whole cache. While the store is
/// unreachable, a cache with copies, or one that computes, is degraded, not down. The interfaces of its
/// parts, such as ITaggedCache of `tags`, are found by `find_interface`, and in a site under the name of the
/// cache.
///
/// A store that computes or has tags itself, such as another LogicalCache, offers that through this one as
/// long as none of `tags`, `near`, `codec` and `failover` stands between: `find_interface` finds it. Over one of
/// these it is hidden, and a load warns of it; give this cache `remember` or `tags` then.
///
/// `stop()` stops the parts; the store is stopped by its owner.
class LogicalCache final : public CacheLayer {
 public:
  using provides = Provides<ICache, IComputingCache, IComputingStatistics, ITaggedCache, ITieredCache,
                            ICacheMetrics, ICodecStatistics, IFailoverStatistics>;
  using Options = CacheOptions;

  /// A part, with its name in files.
  struct Part {
    std::string_view name;
    std::string_view class_name;
    std::shared_ptr<ICache> cache;
  };

  /// Throws std::invalid_argument with the first of `options.complaints()`, when `store` is not set, and when
  /// a part refuses its settings.
  explicit LogicalCache(CacheOptions options, const ComponentContext& context = {});
  ~LogicalCache() override;

  void stop() noexcept override;
  [[nodiscard]] Health health() const override;
  [[nodiscard]] void* interface_of_part(const InterfaceId& interface_id) const noexcept override;

  /// The parts from the outermost to the one next to the store; the cache with the near copies follows the
  /// part `near`.
  [[nodiscard]] const std::vector<Part>& parts() const noexcept;

 protected:
  Result<Found> do_read(std::string_view key, Value& destination) override;
  Status do_write(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live) override;
  [[nodiscard]] bool may_wait() const noexcept override { return below_may_wait(); }
  bool do_begin_async(AsyncRequest& request) override { return forward_async(request); }

 private:
  class Inner;
  explicit LogicalCache(std::unique_ptr<Inner> inner);

  const detail::ImplementationPointer<Inner> inner_;
};

/// A logical cache without a file. Throws like the constructor of LogicalCache.
[[nodiscard]] std::shared_ptr<LogicalCache> make_cache(CacheOptions options,
                                                       const ComponentContext& context = {});

}  // namespace cachesite
