#pragma once

#include <cachesite/cache.hpp>
#include <cachesite/parameter.hpp>
#include <cachesite/reference.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string_view>
#include <vector>

namespace cachesite {

/// How to answer when every cache fails.
enum class OnError : std::uint8_t {
  degrade,   ///< it is answered as by a cache that has nothing and keeps nothing
  error,     ///< it fails, as without this layer
  callback,  ///< as degrade; besides, a function of the program is told
};

/// Settings of a FailoverCache.
struct FailoverCacheOptions {
  /// Told about a failure: the name of the call (`get`, `write`, `remove_many` ...), the key as the caller
  /// gave it (the pattern for `scan` and `remove_matching`, empty for `clear` and `size`), and the failure.
  using Callback = std::function<void(std::string_view call, std::string_view key, const Error& error)>;

  /// The first cache, which is used as long as it works.
  Reference<ICache> over;
  /// The second cache, which is used while the first one fails.
  Reference<ICache> failover;
  OnError on_error = OnError::degrade;
  /// For `on_error: callback`; in code only.
  Callback on_error_callback;
  /// Longest life of an entry in the second cache; no limit when empty. It should be short: see
  /// FailoverCache.
  std::optional<std::chrono::milliseconds> failover_ttl = std::chrono::milliseconds(60'000);
  /// After a failure the first cache is left alone for so long; then one call tries it. 0: every call tries.
  std::chrono::milliseconds retry_after{250};
  /// Most keys that are remembered during an outage, to be removed from the first cache after it.
  std::uint32_t remembered_keys = 10'000;

  static ParameterTable parameters();
  [[nodiscard]] std::vector<OptionComplaint> complaints() const;
};

}  // namespace cachesite
