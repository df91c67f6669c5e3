#pragma once

#include <cachesite/cache.hpp>
#include <cachesite/parameter.hpp>
#include <cachesite/redis.hpp>
#include <cachesite/reference.hpp>

#include <cstdint>
#include <string>
#include <vector>

namespace cachesite {

/// How a TaggedCache keeps which entries a tag has.
enum class TagForm : std::uint8_t {
  /// A marker for each tag in the cache below; works over every cache.
  markers,
  /// A Redis set for each tag with the full keys of its entries, as spakky-redis has them.
  spakky,
};

/// Settings of a TaggedCache.
struct TaggedCacheOptions {
  /// The cache that holds the entries. For the form spakky it has to be a RedisCache on the server of
  /// `connection` with the same `prefix`.
  Reference<ICache> over;
  TagForm form = TagForm::markers;
  /// The server of the sets; of the form spakky alone, which needs it.
  Reference<IRedis> connection;
  /// What stands in front of every key at the server; of the form spakky alone. On a Redis Cluster it has to
  /// hold a hash tag, such as `{shop}:`, so that an entry and its sets lie in one slot.
  std::string prefix;

  static ParameterTable parameters();
  [[nodiscard]] std::vector<OptionComplaint> complaints() const;
};

}  // namespace cachesite
