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
  std::chrono::milliseconds ttl{30'000};
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
  Reference<ICache> store;
  std::string prefix;
  std::optional<CachePart<FailoverCacheOptions>> failover;
  std::optional<CachePart<CodecCacheOptions>> codec;
  std::optional<NearOptions> near;
  std::optional<CachePart<MetricsCacheOptions>> metrics;
  std::vector<Reference<ICacheHook>> hooks;
  std::optional<CachePart<TaggedCacheOptions>> tags;
  std::optional<CachePart<RememberCacheOptions>> remember;

  static ParameterTable parameters();
  [[nodiscard]] std::vector<OptionComplaint> complaints() const;
  /// Whether a cache of these settings has the interface.
  [[nodiscard]] bool offers(std::string_view interface_name) const noexcept;
};

}  // namespace cachesite
