#include "contract/layer_pairs_contract.hpp"

#include "support/sanitized.hpp"

#include <cachesite/aead_codec.hpp>
#include <cachesite/codec_cache.hpp>
#include <cachesite/expiry_cache.hpp>
#include <cachesite/failover_cache.hpp>
#include <cachesite/hooked_cache.hpp>
#include <cachesite/memory_cache.hpp>
#include <cachesite/metrics_cache.hpp>
#include <cachesite/prefix_cache.hpp>
#include <cachesite/remember_cache.hpp>
#include <cachesite/tagged_cache.hpp>
#include <cachesite/tiered_cache.hpp>
#include <cachesite/write_policy_cache.hpp>

#include <chrono>
#include <cstddef>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cachesite::test {

namespace {

using Cache = std::shared_ptr<ICache>;
using MakeLayer = Cache (*)(Cache below, const ComponentContext& context);

struct Layer {
  std::string name;
  MakeLayer make;
  bool counts = true;
  std::size_t longer_keys = 0;
  bool gives_ttl = false;
};

constexpr std::chrono::hours usual_ttl{2};

constexpr std::string_view prefix_of_layer = "app[1]*";

class QuietHook final : public ICacheHook {
 public:
  void before(const CacheCall&) override {}
  void after(const CacheCall&, const CacheCallResult&, std::chrono::nanoseconds) override {}
  void on_error(const CacheCall&, const Error&, std::chrono::nanoseconds) override {}
};

Cache prefix(Cache below, const ComponentContext& context) {
  PrefixCacheOptions options;
  options.over = std::move(below);
  options.prefix = prefix_of_layer;
  options.separator = ":";
  return std::make_shared<PrefixCache>(options, context);
}

Cache codec(Cache below, const ComponentContext& context) {
  CodecCacheOptions options;
  options.over = std::move(below);
  options.compression = Compression::zstd;
  options.level = 1;
  options.encryption = Encryption::aes_256_gcm;
  options.keys = {AeadCodec::generate_key()};
  options.cache_name = "contract";
  options.on_undecodable = OnUndecodable::error;
  return std::make_shared<CodecCache>(options, context);
}

Cache metrics(Cache below, const ComponentContext& context) {
  MetricsCacheOptions options;
  options.over = std::move(below);
  return std::make_shared<MetricsCache>(options, context);
}

Cache hooked(Cache below, const ComponentContext& context) {
  HookedCacheOptions options;
  options.over = std::move(below);
  options.hooks.emplace_back(std::make_shared<QuietHook>());
  return std::make_shared<HookedCache>(options, context);
}

Cache remember(Cache below, const ComponentContext& context) {
  RememberCacheOptions options;
  options.over = std::move(below);
  return std::make_shared<RememberCache>(options, context);
}

Cache tagged(Cache below, const ComponentContext& context) {
  TaggedCacheOptions options;
  options.over = std::move(below);
  return std::make_shared<TaggedCache>(options, context);
}

Cache write_policy(Cache below, const ComponentContext& context) {
  WritePolicyCacheOptions options;
  options.over = std::move(below);
  return std::make_shared<WritePolicyCache>(options, context);
}

Cache failover(Cache below, const ComponentContext& context) {
  FailoverCacheOptions options;
  options.over = std::move(below);
  options.failover = Cache(std::make_shared<MemoryCache>(MemoryCacheOptions{}, context));
  return std::make_shared<FailoverCache>(options, context);
}

Cache expiry(Cache below, const ComponentContext& context) {
  ExpiryCacheOptions options;
  options.over = std::move(below);
  options.ttl = usual_ttl;
  options.rules = {{"price:*", std::chrono::minutes(1)}};
  return std::make_shared<ExpiryCache>(options, context);
}

Cache tiered(Cache below, const ComponentContext& context) {
  TieredCacheOptions options;
  options.over = std::move(below);
  options.near = Cache(std::make_shared<MemoryCache>(MemoryCacheOptions{}, context));
  return std::make_shared<TieredCache>(options, context);
}

const std::vector<Layer>& layers() {
  static const std::vector<Layer> all{
      {"prefix", prefix, true, prefix_of_layer.size() + 1},
      {"codec", codec, false},
      {"metrics", metrics},
      {"hooked", hooked},
      {"remember", remember},
      {"tagged", tagged},
      {"tiered", tiered},
      {"write_policy", write_policy},
      {"failover", failover},
      {"expiry", expiry, true, 0, true},
  };
  return all;
}

/// Layers in the order in which they are put on.
void register_stack(const std::string& ground, const MakeGround& make_ground, std::vector<Layer> stack) {
  std::string name = ground;
  for (const auto& layer : stack)
    name = layer.name + "_over_" + name;
  register_cache_contract(name, [make_ground, stack = std::move(stack)] {
    ComponentContext context;
    auto subject = make_ground(context);
    subject.environment =
        std::make_shared<std::pair<Cache, std::shared_ptr<void>>>(subject.cache, subject.environment);
    for (const auto& layer : stack) {
      subject.cache = layer.make(subject.cache, context);
      subject.counts = subject.counts && layer.counts;
      subject.longest_key -= layer.longer_keys;
      if (layer.gives_ttl) subject.ttl = usual_ttl;
    }
    return subject;
  });
}

}  // namespace

bool register_layer_contracts(const std::string& ground, const MakeGround& make_ground, Pairs pairs) {
  const auto& all = layers();
  for (std::size_t first = 0; first < all.size(); ++first) {
    register_stack(ground, make_ground, {all[first]});
    if (sanitized || pairs == Pairs::none) continue;
    for (std::size_t second = 0; second < all.size(); ++second)
      if (pairs == Pairs::all || second == (first + 1) % all.size())
        register_stack(ground, make_ground, {all[first], all[second]});
  }
  return true;
}

}  // namespace cachesite::test
