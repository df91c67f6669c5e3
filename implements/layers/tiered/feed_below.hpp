#pragma once

#include <cachesite/cache.hpp>
#include <cachesite/change_feed.hpp>

#include <string>

namespace cachesite::tiered {

/// What tells of changes of the entries of a cache, and how their keys begin there.
struct FeedBelow {
  IChangeFeed* feed;
  std::string prefix;
};

/// Looks for it through the layers below. Throws std::invalid_argument, which says why, when there is none.
[[nodiscard]] FeedBelow find_feed_below(ICache& cache);
/// The same for copies that only processes vouch for: throws when a layer below answers what none of them tells.
void check_layers_below(ICache& cache);

}  // namespace cachesite::tiered
