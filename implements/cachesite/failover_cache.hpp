#pragma once

#include <cachesite/cache.hpp>
#include <cachesite/cache_layer.hpp>
#include <cachesite/component_context.hpp>
#include <cachesite/detail/implementation_pointer.hpp>
#include <cachesite/failover_statistics.hpp>
#include <cachesite/parameter.hpp>
#include <cachesite/reference.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>
#include <string>
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

/// Keeps a program going while a cache fails: with a second cache, without any, or by telling a function.
///
/// Only an outage counts: `timeout`, `unreachable`, `protocol`, and the refusals of a server that is
/// starting, electing or busy. What repetition does not cure is passed on as it is: refused arguments, a
/// refused login, damaged values, `unsupported`, `closed`, `no_memory`.
///
/// When the first cache fails, the layer turns to the second for `retry_after`, then lets one call try the
/// first again, and so on until it works. A call that fails is done again by the second cache at once. One
/// warning tells when the first cache is lost, and one message when it is back.
///
/// A call that neither cache can do is answered as `on_error` says. `degrade`: reads are misses, writes
/// succeed without storing anything, `add`, `replace`, `remove`, `expire`, `persist` and `contains` are
/// false, there is no TTL, no key and no size; `increment` has no true answer and stays a failure. Batches
/// have one result for each key in any case. The precise failures remain available from the cache below.
///
/// **What may be stale.** The second cache holds what was written to it during outages, for `failover_ttl`
/// at most. Keys that were changed while the first cache could not be reached (and the patterns, or that
/// everything was cleared) are remembered, `remembered_keys` of them. When the first cache is back, it is
/// used at once, and what is remembered is removed from both caches: a key by the first call that is about
/// it, before anything else; the rest in batches, one with each call. So the first cache does not serve what
/// was overwritten or removed meanwhile, however much is written. A pattern, or everything, is removed within
/// one call, which takes as long as that; until it is done, every call about a key that matches removes the
/// key first. Keys that did not fit, and those that another process changed in its own second cache, may be
/// served until their TTL ends. With `on_error: error` and without a second cache the caller knows, and
/// nothing is remembered.
///
/// What `increment` counted in the second cache is lost afterwards. Of the statistics, `hits`, `misses`,
/// `writes`, `removals` and `clears` are those of both caches together, the others those of the first.
class FailoverCache final : public CacheLayer, public IFailoverStatistics {
 public:
  using provides = Provides<ICache, IFailoverStatistics>;

  using Options = FailoverCacheOptions;

  /// Throws std::invalid_argument with the first of `options.complaints()`, and when `over` is not set.
  explicit FailoverCache(FailoverCacheOptions options, const ComponentContext& context = {});
  ~FailoverCache() override;

  void stop() noexcept override;
  /// That of the first cache; not worse than degraded while a second one, or none, may stand in.
  [[nodiscard]] Health health() const override;
  [[nodiscard]] CacheStatistics statistics() const override;
  [[nodiscard]] FailoverStatistics failover_statistics() const override;

 protected:
  void do_begin(CacheRequest& request) override;

 private:
  class Inner;

  std::optional<Error> try_first(CacheRequest& request);
  void ask_first(CacheRequest& request);
  void ask_second(CacheRequest& request);
  void walk_on(CacheRequest& request);
  void begin_batch(CacheRequest& batch);
  std::vector<std::size_t> try_first_batch(CacheRequest& batch);
  void ask_second_batch(CacheRequest& batch, std::span<const std::size_t> failed);
  void answer_without(CacheRequest& batch, std::span<const std::size_t> failed);

  detail::ImplementationPointer<Inner> inner_;
};

}  // namespace cachesite
