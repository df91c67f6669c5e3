#pragma once

#include <cachesite/cache.hpp>

namespace cachesite::async {

/// What asynchronous calls need of a cache beyond its public calls.
class CacheAccess {
 public:
  [[nodiscard]] static bool may_wait(const ICache& cache) noexcept { return !cache.never_waits(); }
  /// As `ICache::read`, made for hits.
  static Result<Found> read_at_once(ICache& cache, std::string_view key, Value& destination) noexcept {
    if (key.size() - 1 >= ICache::longest_key) [[unlikely]]
      return cache.read(key, destination);
    try {
      return cache.do_read(key, destination);
    } catch (...) {
      return thrown_failure();
    }
  }
  /// Makes a call on this thread. The arguments follow the rules.
  static void perform(ICache& cache, CacheRequest& request);
  /// Counts a call that the rules refuse.
  static Error refuse(ICache& cache, const Error& reason) noexcept { return cache.refuse(reason); }
  /// Makes the call of a cache that never waits, or refuses it. False for one that may have to wait; its TTL is
  /// complete then.
  [[nodiscard]] static bool ends_at_once(ICache& cache, CacheRequest& request) noexcept;
};

}  // namespace cachesite::async
