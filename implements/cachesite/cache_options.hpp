#pragma once

#include <cachesite/cache.hpp>
#include <cachesite/cache_hook.hpp>
#include <cachesite/codec_cache.hpp>
#include <cachesite/expiry.hpp>
#include <cachesite/failover_cache.hpp>
#include <cachesite/memory_cache.hpp>
#include <cachesite/metrics_cache.hpp>
#include <cachesite/parameter.hpp>
#include <cachesite/reference.hpp>
#include <cachesite/remember_cache.hpp>
#include <cachesite/tagged_cache.hpp>

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cachesite {

/// The settings of a layer as a part of a logical cache: all of them but the cache below it, which the order of
/// the parts gives.
template <class LayerOptions>
struct CachePart : LayerOptions {
  CachePart() = default;
  CachePart(LayerOptions options) : LayerOptions(std::move(options)) {}

  static ParameterTable parameters() {
    return inherited_parameters<CachePart, LayerOptions>().remove("over");
  }
};

/// The copies that a logical cache keeps in memory: the settings of their MemoryCache, and how long they count.
struct NearOptions : MemoryCacheOptions {
  /// Longest time that a copy is used without asking the store, and so the longest time that a change made by
  /// another process goes unseen.
  std::chrono::milliseconds ttl{30'000};
  /// How long it is remembered that the store has no entry under a key; 0 to ask each time.
  std::chrono::milliseconds negative_ttl{5'000};

  static ParameterTable parameters();
};

/// Settings of a LogicalCache, in files `class: Cache`: one cache, whatever it is made of.
///
///     cachesite::CacheOptions options;
///     options.store = std::make_shared<cachesite::MemoryCache>();
///     options.ttl = 10min;
///     options.tags.emplace();
///     const auto products = cachesite::make_cache(options);
struct CacheOptions : Expiry {
  /// What messages, hooks and encryption call the cache; empty for its name in the file.
  std::string name;
  /// The cache that holds the entries. Nothing else has to be given.
  Reference<ICache> store;
  /// Put in front of every key in the store.
  std::string prefix;
  /// A second cache, or none, while the store cannot be reached: see FailoverCache.
  std::optional<CachePart<FailoverCacheOptions>> failover;
  /// Compression and encryption: see CodecCache. Without a `cache_name` values are bound to `name`.
  std::optional<CachePart<CodecCacheOptions>> codec;
  /// Copies in memory: see TieredCache.
  std::optional<NearOptions> near;
  /// Counters and times: see MetricsCache.
  std::optional<CachePart<MetricsCacheOptions>> metrics;
  /// Told about every call: see HookedCache.
  std::vector<Reference<ICacheHook>> hooks;
  /// Tags: see TaggedCache.
  std::optional<CachePart<TaggedCacheOptions>> tags;
  /// Computing what is missing, once: see RememberCache.
  std::optional<CachePart<RememberCacheOptions>> remember;

  static ParameterTable parameters();
  [[nodiscard]] std::vector<OptionComplaint> complaints() const;
  /// Whether a cache of these settings has the interface.
  [[nodiscard]] bool offers(std::string_view interface_name) const noexcept;
};

}  // namespace cachesite
