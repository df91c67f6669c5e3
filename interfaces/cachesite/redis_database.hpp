#pragma once

#include <cachesite/component.hpp>
#include <cachesite/result.hpp>

namespace cachesite {

/// The whole database behind a component that talks to Redis. RedisCache offers it beside ICache:
///
///     - class: RedisCache
///       entries:
///         - {interface: ICache, name: sessions}
///         - {interface: IRedisDatabase, name: sessions}
///
/// A program that only uses caches has no need of it: `ICache::clear` removes the entries of one cache.
class IRedisDatabase : public Interface<IRedisDatabase, "IRedisDatabase"> {
 public:
  /// **Destroys everything in the database**: the keys of every prefix, of every cache, and of every other
  /// program that uses the same database of the same server; on a cluster, everything on all its masters.
  /// There is no way back. The server frees the memory in the background (`FLUSHDB ASYNC`). A failure on one
  /// master of a cluster leaves those empty that came first.
  virtual Status flush_database() noexcept = 0;
};

}  // namespace cachesite
