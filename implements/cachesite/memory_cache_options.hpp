#pragma once

#include <cachesite/byte_size.hpp>
#include <cachesite/eviction_policy.hpp>
#include <cachesite/huge_pages.hpp>
#include <cachesite/parameter.hpp>

#include <chrono>
#include <cstdint>
#include <optional>

namespace cachesite {

/// Settings of a MemoryCache.
struct MemoryCacheOptions {
  /// Most entries held; none for no limit. The default keeps a forgotten cache harmless.
  std::optional<std::uint64_t> max_size = 10000;
  /// Most bytes held, keys, entry headers and the cache's own tables included; none for no limit. An entry
  /// larger than one shard's part of it is refused.
  std::optional<ByteSize> max_bytes;
  /// Which entry of a full cache goes.
  EvictionPolicy policy = EvictionPolicy::tinylfu;
  /// An entry that is not used for so long ends before its TTL; none to let the TTL alone decide. Costs a
  /// word for each entry, and makes reads take a lock.
  std::optional<std::chrono::milliseconds> time_to_idle;
  /// Each TTL is changed by up to this share of itself, up or down, depending on the key, so that entries
  /// stored together do not all end together (see `jittered`). Not used by `increment` and `expire`.
  double ttl_jitter = 0.0;
  /// Whether a large cache of the policy `tinylfu` lies in huge pages.
  HugePages huge_pages = HugePages::automatic;
  /// Read from files written for other systems and not used: expired entries are swept a few at a time by
  /// writes.
  std::uint64_t cleanup_interval = 100;

  static ParameterTable parameters();
};

}  // namespace cachesite
