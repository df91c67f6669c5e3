#include "layers/tiered/feed_below.hpp"

#include <cachesite/cache_layer.hpp>
#include <cachesite/detail/i_key_prefix.hpp>
#include <cachesite/failover_cache.hpp>
#include <cachesite/i_tiered_cache.hpp>
#include <cachesite/remember_cache.hpp>
#include <cachesite/tagged_cache.hpp>
#include <cachesite/write_policy_cache.hpp>

#include <stdexcept>
#include <string>
#include <string_view>

namespace cachesite::tiered {

namespace {

[[noreturn]] void refuse(std::string_view why) {
  throw std::invalid_argument("TieredCache: coherence: " + std::string(why));
}

// Layers whose changes no server tells of.
void check(ICache& cache) {
  if (dynamic_cast<const TaggedCache*>(&cache) != nullptr)
    refuse("copies would not see that tags below are evicted: put the TaggedCache (in a Cache, tags) above");
  if (dynamic_cast<const FailoverCache*>(&cache) != nullptr)
    refuse("a FailoverCache below may answer from a store that tells of no changes: leave it out");
  if (dynamic_cast<const ITieredCache*>(&cache) != nullptr)
    refuse("another TieredCache below may answer with its own copies: leave one of the two out");
}

// Layers that change entries by themselves, of which a server tells, and no process.
void check_writer(ICache& cache) {
  if (dynamic_cast<const WritePolicyCache*>(&cache) != nullptr)
    refuse("a WritePolicyCache below changes entries, and no process tells of it: put it above");
  if (dynamic_cast<const RememberCache*>(&cache) != nullptr)
    refuse("a RememberCache below stores what it computes, and no process tells of it: put it above");
}

}  // namespace

void check_layers_below(ICache& cache) {
  for (auto* next = &cache; next != nullptr;) {
    check(*next);
    check_writer(*next);
    const auto* const layer = dynamic_cast<const CacheLayer*>(next);
    next = layer == nullptr ? nullptr : layer->below().get();
  }
}

FeedBelow find_feed_below(ICache& cache) {
  FeedBelow found{nullptr, {}};
  for (auto* next = &cache; next != nullptr;) {
    check(*next);
    if (const auto* const prefixed = dynamic_cast<const detail::IKeyPrefix*>(next))
      found.prefix.insert(0, prefixed->key_prefix());
    found.feed = find_interface<IChangeFeed>(*next);
    if (found.feed != nullptr) {
      if (const auto obstacle = found.feed->obstacle(); !obstacle.empty()) refuse(obstacle);
      return found;
    }
    const auto* const layer = dynamic_cast<const CacheLayer*>(next);
    next = layer == nullptr ? nullptr : layer->below().get();
  }
  refuse("no cache below tells of changes: tracking needs a RedisCache as the far tier");
}

}  // namespace cachesite::tiered
