#pragma once

#include <cachesite/codec_cache_options.hpp>
#include <cachesite/codec_statistics.hpp>
#include <cachesite/component_context.hpp>
#include <cachesite/value_layer.hpp>

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
class CodecCache final : public ValueLayer, public ICodecStatistics {
 public:
  using provides = Provides<ICache, ICodecStatistics>;

  using Options = CodecCacheOptions;

  /// Throws std::invalid_argument with the first of `options.complaints()`, and when `over` is not set.
  explicit CodecCache(CodecCacheOptions options, const ComponentContext& context = {});
  ~CodecCache() override;

  [[nodiscard]] CacheStatistics statistics() const override;
  [[nodiscard]] CodecStatistics codec_statistics() const override;

 protected:
  Result<ByteView> to_stored(std::string_view key, ByteView value, std::string& memory) override;
  Result<Found> from_stored(std::string_view key, const Value& stored, Value& destination) override;
  void on_stored(ByteView value, ByteView stored) noexcept override;
  void do_begin(CacheRequest& request) override;
  void on_refused() noexcept override;

 private:
  class Inner;
  std::unique_ptr<Inner> inner_;
};

}  // namespace cachesite
