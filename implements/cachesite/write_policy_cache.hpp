#pragma once

#include <cachesite/bytes.hpp>
#include <cachesite/cache.hpp>
#include <cachesite/cache_layer.hpp>
#include <cachesite/component_context.hpp>
#include <cachesite/i_write_policy_cache.hpp>
#include <cachesite/parameter.hpp>
#include <cachesite/reference.hpp>

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

namespace cachesite {

/// What write-behind does when the queue is full.
enum class OnFull : std::uint8_t {
  wait,           ///< waits for room, at most `wait_limit`; then it fails with `timeout`
  refuse,         ///< is refused at once
  write_through,  ///< writes through
};

/// Settings of a WritePolicyCache, explained by `cachesite describe WritePolicyCache` and
/// configs/reference.md.
struct WritePolicyCacheOptions {
  Reference<ICache> over;
  std::uint32_t queue_size = 10'000;
  ByteSize queue_bytes{std::uint64_t{64} * 1024 * 1024};
  OnFull on_full = OnFull::wait;
  std::chrono::milliseconds wait_limit{5000};
  bool newest_only = true;
  std::uint32_t retries = 5;
  std::chrono::milliseconds retry_pause{100};
  std::chrono::milliseconds longest_retry_pause{10'000};
  std::uint32_t threads = 1;
  std::chrono::milliseconds flush_within{5000};
  /// Called for each value that is given up, with the reason, on the thread that gives it up. Only in code.
  /// Exceptions are ignored.
  std::function<void(std::string_view key, std::optional<ByteView> value, const Error& reason)> on_lost;

  static ParameterTable parameters();
};

/// Writes the origin of the values together with another cache: through it, or behind it on its own threads.
/// All other calls go to the cache below unchanged.
///
/// No accepted value is lost silently. A failed write-behind is repeated `retries` times with growing pauses,
/// except for `bad_argument`, `too_large` and `unsupported`, which a retry does not cure. A value that is
/// given up is counted, passed to `on_lost`, and removed from the cache, which would otherwise be ahead of
/// the origin; an error message has the number at most once a minute, without the key. A pause of one key
/// does not delay other keys.
///
/// `stop()` refuses new values, waits up to `flush_within` for the queue to be written, gives up the rest,
/// and ends the threads. It waits for a running writer to return.
///
/// The values of a key are written to the origin in the order in which they were cached. Removing or
/// overwriting an entry by other calls does not change the queued values.
///
/// In a forked child these calls fail with `closed`, and the parent writes the queued values.
class WritePolicyCache final : public CacheLayer, public IWritePolicyCache {
 public:
  using provides = Provides<ICache, IWritePolicyCache>;

  using Options = WritePolicyCacheOptions;

  /// Throws std::invalid_argument when `over` is not set.
  explicit WritePolicyCache(WritePolicyCacheOptions options, const ComponentContext& context = {});
  ~WritePolicyCache() override;

  void stop() noexcept override;
  [[nodiscard]] Health health() const override { return CacheLayer::health(); }
  [[nodiscard]] WritePolicyStatistics write_policy_statistics() const override;

 protected:
  Result<OriginWrite> do_write_through(std::string_view key, std::optional<ByteView> value,
                                       TimeToLive time_to_live, const Writer& writer,
                                       std::span<const std::string_view> tags) override;
  Result<OriginWrite> do_write_behind(std::string_view key, std::optional<ByteView> value,
                                      TimeToLive time_to_live, Writer writer,
                                      std::span<const std::string_view> tags) override;
  Status do_flush(std::chrono::milliseconds limit) override;
  [[nodiscard]] bool may_wait() const noexcept override { return below_may_wait(); }
  bool do_begin_async(AsyncRequest& call) override { return forward_async(call); }

 private:
  class Inner;

  std::optional<Error> refusal(std::string_view key, const std::optional<ByteView>& value,
                               TimeToLive time_to_live, const Writer& writer,
                               std::span<const std::string_view> tags) noexcept;

  std::shared_ptr<Inner> inner_;
};

}  // namespace cachesite
