#pragma once

#include <cachesite/cache.hpp>
#include <cachesite/cache_layer.hpp>
#include <cachesite/component_context.hpp>
#include <cachesite/detail/cache_statistics.hpp>
#include <cachesite/parameter.hpp>
#include <cachesite/reference.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cachesite {

/// How to answer when every cache fails.
enum class OnError : std::uint8_t {
  degrade,   ///< it is answered as by an empty cache that stores nothing
  error,     ///< it fails, as without this layer
  callback,  ///< as degrade, and a function of the program is called
};

/// Settings of a FailoverCache, explained by `cachesite describe FailoverCache` and configs/reference.md.
struct FailoverCacheOptions {
  /// Called for a failure: with the name of the call (`get`, `write`, `remove_many` ...), the key as the
  /// caller gave it (the pattern for `scan` and `remove_matching`, empty for `clear` and `size`), and the
  /// failure.
  using Callback = std::function<void(std::string_view call, std::string_view key, const Error& error)>;

  Reference<ICache> over;
  Reference<ICache> failover;
  OnError on_error = OnError::degrade;
  /// For `on_error: callback`; only in code.
  Callback on_error_callback;
  std::optional<std::chrono::milliseconds> failover_ttl = std::chrono::milliseconds(60'000);
  std::chrono::milliseconds retry_after{250};
  std::uint32_t remembered_keys = 10'000;

  static ParameterTable parameters();
  [[nodiscard]] std::vector<OptionComplaint> complaints() const;
};

/// Keeps a program working while a cache fails: with a second cache, or as if the cache were empty.
///
/// Only an outage counts: `timeout`, `unreachable`, `protocol`, and the refusals of a server that is
/// starting, electing or busy. Failures that a retry does not cure are passed on: refused arguments, a
/// refused login, damaged values, `unsupported`, `closed`, `no_memory`.
///
/// When the first cache fails, the layer uses the second for `retry_after`, then lets one call try the first
/// again, and so on until it works. The failed call itself goes to the second cache at once. The log has one
/// warning when the first cache fails, and one message when it is back.
///
/// When both caches fail, `on_error` decides. `degrade`: reads are misses, writes succeed without storing
/// anything, `add`, `replace`, `remove`, `expire`, `persist` and `contains` return false, there is no TTL, no
/// key and no size; `increment` fails, since it has no correct answer. Batches always have one result for
/// each key. The cache below still returns precise failures.
///
/// **What may be stale.** The second cache holds values of outages, for at most `failover_ttl`. The layer
/// remembers keys that change while the first cache is unreachable (at most `remembered_keys`), patterns, and
/// `clear`. When the first cache is back, it is used at once, and the remembered keys are removed from both
/// caches: a key by the first call with it, before anything else; the rest in batches, one with each call. So
/// the first cache does not serve values that were overwritten or removed meanwhile. A pattern, or
/// everything, is removed within one call; until that is done, every call with a matching key removes the key
/// first. Forgotten keys, and keys that another process changed in its own second cache, may be served until
/// their TTL ends. With `on_error: error` and without a second cache, callers see the failures, and nothing
/// is remembered.
///
/// Asynchronous calls do the same without a thread. They do not wait for what is removed in batches. A call whose
/// `patience` ends, or that is cancelled, says nothing about the first cache. With `on_error: callback` they are made
/// by a thread of the pool, since the function may block.
///
/// Counts that `increment` made in the second cache are lost afterwards. Of the statistics, `hits`, `misses`,
/// `writes`, `removals` and `clears` are the sums of both caches; the others are those of the first.
class FailoverCache final : public CacheLayer, public IFailoverStatistics {
 public:
  using provides = Provides<ICache, IFailoverStatistics>;

  using Options = FailoverCacheOptions;

  /// Throws std::invalid_argument with the first of `options.complaints()`, and when `over` is not set.
  explicit FailoverCache(FailoverCacheOptions options, const ComponentContext& context = {});
  ~FailoverCache() override;

  void stop() noexcept override;
  /// That of the first cache, but at worst degraded while the layer can work without it.
  [[nodiscard]] Health health() const override;
  [[nodiscard]] CacheStatistics statistics() const override;
  [[nodiscard]] FailoverStatistics failover_statistics() const override;

 protected:
  void do_begin(CacheRequest& request) override;
  bool do_begin_async(AsyncRequest& call) override;
  [[nodiscard]] bool may_wait() const noexcept override;

 private:
  class Inner;
  class Course;
  class AsyncFirst;
  class AsyncCourse;

  std::shared_ptr<Inner> inner_;  // also of removals under way
};

}  // namespace cachesite
