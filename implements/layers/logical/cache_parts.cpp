#include "layers/logical/cache_parts.hpp"

#include <cachesite/codec_cache.hpp>
#include <cachesite/detail/redis_statistics.hpp>
#include <cachesite/expiry_cache.hpp>
#include <cachesite/failover_cache.hpp>
#include <cachesite/hooked_cache.hpp>
#include <cachesite/memory_cache.hpp>
#include <cachesite/prefix_cache.hpp>
#include <cachesite/remember_cache.hpp>
#include <cachesite/tagged_cache.hpp>
#include <cachesite/tiered_cache.hpp>

#include <algorithm>

namespace cachesite::logical {

CacheParts::CacheParts(const CacheOptions& options, const ComponentContext& context)
    : context_(context), top_(options.store.component()) {
  if (options.failover)
    offer<IFailoverStatistics>(
        *put_on<FailoverCache>("failover", "FailoverCache", FailoverCacheOptions(*options.failover)));
  if (!options.prefix.empty()) {
    PrefixCacheOptions prefix;
    prefix.prefix = options.prefix;
    put_on<PrefixCache>("prefix", "PrefixCache", std::move(prefix));
  }
  if (options.codec) add_codec(options);
  if (options.says_something()) {
    ExpiryCacheOptions expiry;
    static_cast<Expiry&>(expiry) = options;
    put_on<ExpiryCache>("ttl", "ExpiryCache", std::move(expiry));
  }
  if (options.near) add_near(*options.near);
  if (options.metrics) put_on<MetricsCache>("metrics", "MetricsCache", MetricsCacheOptions(*options.metrics));
  if (!options.hooks.empty()) {
    HookedCacheOptions hooked;
    hooked.hooks = options.hooks;
    put_on<HookedCache>("hooks", "HookedCache", std::move(hooked));
  }
  if (options.tags)
    offer<ITaggedCache>(*put_on<TaggedCache>("tags", "TaggedCache", TaggedCacheOptions(*options.tags)));
  if (options.remember || options.loader.component()) add_remember(options);
  if (auto* const servers = find_interface<IRedisStatistics>(*options.store.component())) offer(*servers);
}

void CacheParts::add(std::string_view name, std::string_view class_name, std::shared_ptr<ICache> part) {
  list_.insert(list_.begin(), {name, class_name, std::move(part)});
}

template <class Layer, class Options>
std::shared_ptr<Layer> CacheParts::put_on(std::string_view name, std::string_view class_name,
                                          Options options) {
  options.over = top_;
  const auto layer = std::make_shared<Layer>(std::move(options), context_);
  top_ = layer;
  add(name, class_name, layer);
  return layer;
}

void CacheParts::add_codec(const CacheOptions& options) {
  CodecCacheOptions codec = *options.codec;
  if (codec.cache_name.empty()) codec.cache_name = options.name;
  offer<ICodecStatistics>(*put_on<CodecCache>("codec", "CodecCache", std::move(codec)));
}

void CacheParts::add_near(const NearOptions& options) {
  const auto copies = std::make_shared<MemoryCache>(options, context_);
  add("near", "MemoryCache", copies);
  TieredCacheOptions tiers;
  tiers.near = Reference<ICache>(copies);
  tiers.near_ttl = options.ttl;
  tiers.negative_ttl = options.negative_ttl;
  tiers.keep_stale = options.keep_stale;
  tiers.coherence = options.whole_coherence();
  tiers.rules = options.rules;
  tiers.audit_sample = options.audit_sample;
  tiers.listeners = options.listeners;
  offer<ITieredCache>(*put_on<TieredCache>("near", "TieredCache", std::move(tiers)));
  works_without_store_ = true;
}

void CacheParts::add_remember(const CacheOptions& options) {
  const bool tags_below = find_interface<ITaggedCache>(*top_) != nullptr;
  RememberCacheOptions remember;
  if (options.remember) remember = *options.remember;
  if (options.loader.component()) remember.loader = options.loader;
  const auto computing = put_on<RememberCache>("remember", "RememberCache", std::move(remember));
  offer<IComputingCache>(*computing);
  offer<IComputingStatistics>(*computing);
  // Evictions and writes with tags are told to the computations that are under way.
  if (tags_below)
    interfaces_.insert(interfaces_.begin(),
                       {ITaggedCache::interface_id, static_cast<ITaggedCache*>(computing.get())});
  works_without_store_ = true;
}

void* CacheParts::find(const InterfaceId& interface_id) const noexcept {
  const auto found = std::find_if(interfaces_.begin(), interfaces_.end(), [&](const auto& each) {
    return each.first.hash == interface_id.hash && each.first.name == interface_id.name;
  });
  return found == interfaces_.end() ? nullptr : found->second;
}

void CacheParts::stop() noexcept {
  for (const auto& part : list_)
    part.cache->stop();
}

}  // namespace cachesite::logical
