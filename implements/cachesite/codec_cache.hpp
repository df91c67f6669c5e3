#pragma once

#include <cachesite/cache_layer.hpp>
#include <cachesite/codec_cache_options.hpp>
#include <cachesite/codec_statistics.hpp>
#include <cachesite/component_context.hpp>

#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cachesite {

/// Compresses, encrypts and checks values on their way into another cache, and undoes it on the way out.
///
/// A value goes through the `codec` of the program's own, the compression, and the encryption, in this order,
/// each only when given. In the default format an envelope tells how it was made, so values written under
/// other settings are still read, and proves that it is whole and lies under the key that it was written for.
/// Its layout, with numbers in network order:
///
///     C1 43 53 | version 01 | compression | encryption | flags | 00      8 bytes
///     length of the value (before compression)                          4
///     FNV-1a, 64 bit, of cache name, NUL and key                        8
///     CRC-32 of the 20 bytes above and of the payload                   4
///     payload
///
/// Compression is 0 none, 1 zlib, 2 zstd, 3 lz4; encryption 0 none, 2 AES-256-GCM, which authenticates the
/// first 20 bytes, the cache name and the key along with the payload; flag 1 says that a `codec` was applied.
/// The checksum and the check of the key find accidents; only encryption stops somebody who means it.
///
/// Cached nulls, keys and TTLs go through unchanged. `contains`, `time_to_live` and whatever else looks at
/// keys looks at the entry, not into it. Batches are one batch of the cache below. `increment` is
/// `unsupported`: a counter would have to lie below as it is, neither encrypted nor checked; a program that
/// counts uses the cache below for it.
///
/// After `stop()` every call fails with `closed`. The cache below is stopped by its own owner.
///
/// `entries`, `bytes`, `evictions` and `expirations` of the statistics are those of the cache below, the
/// others are the layer's own. An undecodable value that reads as a miss counts as a miss; `clear` counts as
/// one clear and not as removals.
class CodecCache final : public CacheLayer, public ICodecStatistics {
 public:
  using provides = Provides<ICache, ICodecStatistics>;

  using Options = CodecCacheOptions;

  /// Throws std::invalid_argument with the first of `options.complaints()`, and when `over` is not set.
  explicit CodecCache(CodecCacheOptions options, const ComponentContext& context = {});
  ~CodecCache() override;

  [[nodiscard]] CacheStatistics statistics() const override;
  [[nodiscard]] CodecStatistics codec_statistics() const override;

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
  void do_time_to_live_many(std::span<const std::string_view> keys,
                            std::span<Result<Remaining>> results) override;
  void do_remove_many(std::span<const std::string_view> keys, std::span<Result<bool>> results) override;
  Status do_scan(std::string_view pattern, ScanPosition& position, std::vector<std::string>& keys) override;
  Result<std::uint64_t> do_remove_matching(std::string_view pattern) override;
  Status do_clear() override;
  Result<std::uint64_t> do_size() override;
  void on_refused() noexcept override;

 private:
  class Inner;
  std::unique_ptr<Inner> inner_;
};

}  // namespace cachesite
