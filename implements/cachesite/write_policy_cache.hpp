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

/// What a write behind does when the queue is full.
enum class OnFull : std::uint8_t {
  wait,           ///< waits for room, for `wait_limit` at most; then it is refused with `timeout`
  refuse,         ///< is refused at once
  write_through,  ///< is a write through
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
  /// Told about each value that is given up, and why, on the thread that gives it up. In code only. An
  /// exception is ignored.
  std::function<void(std::string_view key, std::optional<ByteView> value, const Error& reason)> on_lost;

  static ParameterTable parameters();
};

/// Writes the origin of the values together with another cache: through it, or behind it by threads of its
/// own. All other calls go to the cache below unchanged.
///
/// Nothing that was accepted is lost silently. A write behind that fails is tried again, `retries` times with
/// growing pauses, except for `bad_argument`, `too_large` and `unsupported`, which no repetition cures. A
/// value that is given up is counted, named to `on_lost`, and removed from the cache, which would otherwise
/// be ahead of the origin; an error message tells the number once a minute at most, without the key. While a
/// write of one key pauses, those of other keys go on.
///
/// `stop()` accepts nothing more, waits up to `flush_within` for the queue to be written, gives up the rest,
/// and ends the threads. It cannot end a writer that is running, so it waits for that one to return.
///
/// The origin is written in the order in which the calls stored the value of a key in the cache. A caller who
/// removes or overwrites an entry by other calls does not change what waits to be written.
///
/// In a child that the process forks these calls end with `closed`, and what waits is written by the parent.
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

 private:
  class Inner;

  std::optional<Error> refusal(std::string_view key, const std::optional<ByteView>& value,
                               TimeToLive time_to_live, const Writer& writer,
                               std::span<const std::string_view> tags) noexcept;

  std::shared_ptr<Inner> inner_;
};

}  // namespace cachesite
