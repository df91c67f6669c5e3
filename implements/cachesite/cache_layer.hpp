#pragma once

#include <cachesite/cache.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cachesite {

/// The base of caches that do something of their own around another cache. By itself it passes every call on
/// unchanged, so a layer overrides just those calls that it is about, and in them uses `forward_...` for the
/// cache below:
///
///     class Doubled final : public cachesite::CacheLayer {
///      public:
///       explicit Doubled(std::shared_ptr<cachesite::ICache> below) : CacheLayer(std::move(below)) {}
///
///      protected:
///       cachesite::Status do_write(std::string_view key, std::optional<cachesite::ByteView> value,
///                                  cachesite::TimeToLive time_to_live) override {
///         return forward_write(key, value, time_to_live);
///       }
///     };
///
/// The forwarding calls do not check the rules for keys, values and TTLs once more: a layer that makes keys
/// or values longer checks them, or uses the public calls of `below()`.
///
/// After `stop()` every call fails with `closed`. The cache below is stopped by its own owner. Statistics,
/// health and logger are those of the cache below, refused calls excepted.
class CacheLayer : public ICache {
 public:
  /// Throws std::invalid_argument when `below` is null.
  explicit CacheLayer(std::shared_ptr<ICache> below);
  ~CacheLayer() override;

  void stop() noexcept override;
  [[nodiscard]] Health health() const override;
  [[nodiscard]] CacheStatistics statistics() const override;
  [[nodiscard]] std::shared_ptr<ILogger> logger() const noexcept override { return below_->logger(); }

  /// The cache below; never null.
  [[nodiscard]] const std::shared_ptr<ICache>& below() const noexcept { return below_; }

 protected:
  Result<Found> do_read(std::string_view key, Value& destination) override;
  Status do_write(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live) override;
  Result<bool> do_add(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live) override;
  Result<bool> do_replace(std::string_view key, std::optional<ByteView> value,
                          TimeToLive time_to_live) override;
  Result<std::int64_t> do_increment(std::string_view key, std::int64_t by, TimeToLive time_to_live) override;
  Result<bool> do_remove(std::string_view key) override;
  Result<bool> do_contains(std::string_view key) override;
  Result<Remaining> do_time_to_live(std::string_view key) override;
  Result<bool> do_expire(std::string_view key, TimeToLive time_to_live) override;
  Result<bool> do_persist(std::string_view key) override;
  void do_read_many(std::span<const std::string_view> keys, std::span<Lookup> results) override;
  void do_write_many(std::span<const CacheEntry> entries, std::span<Status> results) override;
  void do_remove_many(std::span<const std::string_view> keys, std::span<Result<bool>> results) override;
  void do_time_to_live_many(std::span<const std::string_view> keys,
                            std::span<Result<Remaining>> results) override;
  Status do_scan(std::string_view pattern, ScanPosition& position, std::vector<std::string>& keys) override;
  Result<std::uint64_t> do_remove_matching(std::string_view pattern) override;
  Status do_clear() override;
  Result<std::uint64_t> do_size() override;
  void on_refused() noexcept override;

  // The same calls of the cache below.
  Result<Found> forward_read(std::string_view key, Value& destination) {
    if (stopped()) return closed();
    return forward_read_unasked(key, destination);
  }
  // The same for a layer that has found out in another way that it is not stopped.
  Result<Found> forward_read_unasked(std::string_view key, Value& destination) {
    return below_->do_read(key, destination);
  }
  Status forward_write(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live);
  Result<bool> forward_add(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live);
  Result<bool> forward_replace(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live);
  Result<std::int64_t> forward_increment(std::string_view key, std::int64_t by, TimeToLive time_to_live);
  Result<bool> forward_remove(std::string_view key);
  Result<bool> forward_contains(std::string_view key);
  Result<Remaining> forward_time_to_live(std::string_view key);
  Result<bool> forward_expire(std::string_view key, TimeToLive time_to_live);
  Result<bool> forward_persist(std::string_view key);
  void forward_read_many(std::span<const std::string_view> keys, std::span<Lookup> results);
  void forward_write_many(std::span<const CacheEntry> entries, std::span<Status> results);
  void forward_remove_many(std::span<const std::string_view> keys, std::span<Result<bool>> results);
  void forward_time_to_live_many(std::span<const std::string_view> keys,
                                 std::span<Result<Remaining>> results);
  Status forward_scan(std::string_view pattern, ScanPosition& position, std::vector<std::string>& keys);
  Result<std::uint64_t> forward_remove_matching(std::string_view pattern);
  Status forward_clear();
  Result<std::uint64_t> forward_size();

  [[nodiscard]] bool stopped() const noexcept { return stopped_.load(std::memory_order_relaxed); }
  /// The failure of every call after `stop()`.
  [[nodiscard]] static Error closed();

 private:
  const std::shared_ptr<ICache> below_;
  std::atomic<std::uint64_t> refusals_{0};
  std::atomic<bool> stopped_{false};
};

}  // namespace cachesite
