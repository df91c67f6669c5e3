#pragma once

#include <cachesite/cache.hpp>
#include <cachesite/mutex_site.hpp>
#include <cachesite/parameter.hpp>
#include <cachesite/reference.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <vector>

namespace cachesite {

/// What becomes of a caller who has waited for another one's value in vain, or could not take the lock.
enum class OnLockFailure : std::uint8_t {
  compute,  ///< it computes the value itself: two may then compute at the same time
  error,    ///< it gets a failure: `timeout`, or whatever the lock failed with
};

/// Settings of a RememberCache.
struct RememberCacheOptions {
  /// The cache that holds the values.
  Reference<ICache> over;
  /// Keeps other processes from computing the same value: a mutex named by the key. Without it each process
  /// computes for itself.
  Reference<IMutexSite> locks;
  /// Longest time to wait for a value that somebody else computes; 0 does not wait at all.
  std::chrono::milliseconds wait{30'000};
  /// Length of the lease of a lock. It is renewed while the factory runs, so this is how long others wait
  /// after the crash of a process that was computing.
  std::chrono::milliseconds lease{10'000};
  /// How long it is remembered that there is no value, at most as long as a value would be; 0 does not
  /// remember it. When not given: a tenth of the TTL, 5 s at most.
  std::optional<std::chrono::milliseconds> negative_ttl;
  OnLockFailure on_lock_failure = OnLockFailure::compute;

  static ParameterTable parameters();
  [[nodiscard]] std::vector<OptionComplaint> complaints() const;
};

}  // namespace cachesite
