#pragma once

#include <cachesite/bytes.hpp>
#include <cachesite/cache.hpp>
#include <cachesite/codec.hpp>
#include <cachesite/component_context.hpp>
#include <cachesite/compression_codec.hpp>
#include <cachesite/detail/cache_statistics.hpp>
#include <cachesite/detail/implementation_pointer.hpp>
#include <cachesite/parameter.hpp>
#include <cachesite/reference.hpp>
#include <cachesite/secret.hpp>
#include <cachesite/value_layer.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cachesite {

/// How values are encrypted.
enum class Encryption : std::uint8_t {
  none,
  /// Tokens like rick's (see Fernet256); `format` has to be bare.
  fernet256,
  /// Bound to the cache and the key of the entry (see AeadCodec); `format` has to be envelope.
  aes_256_gcm,
};

/// What a stored value looks like.
enum class StoredFormat : std::uint8_t {
  /// A header of 24 bytes that says how the value was encoded, with a checksum and a check of the key. After
  /// a change of the configuration, old values are still readable.
  envelope,
  /// Only the compressed or encrypted bytes, like redis-kit and rick. Readers and writers need the same
  /// configuration.
  bare,
};

/// What a read does with bytes that cannot be decoded.
enum class OnUndecodable : std::uint8_t {
  miss,   ///< it is a miss; the reason is counted, and logged at most once a minute
  error,  ///< it fails with `corrupt` or `too_large` and the reason
};

/// Other forms of values that are read while a configuration changes. Each gives up some protection, so all
/// are off by default. configs/reference.md explains them.
struct AlsoRead {
  bool plain = false;
  bool unencrypted = false;
  bool envelope = false;
  Compression compression = Compression::none;
  bool fernet256 = false;
  bool encrypted = false;

  static ParameterTable parameters();
};

/// Settings of a CodecCache, explained by `cachesite describe CodecCache` and configs/reference.md.
struct CodecCacheOptions {
  Reference<ICache> over;
  Reference<ICodec> codec;
  Compression compression = Compression::none;
  std::optional<int> level;
  std::optional<ByteSize> minimum_size;
  Encryption encryption = Encryption::none;
  std::vector<Secret> keys;
  std::string cache_name;
  StoredFormat format = StoredFormat::envelope;
  AlsoRead also_read;
  OnUndecodable on_undecodable = OnUndecodable::miss;
  ByteSize max_value_bytes{std::uint64_t{64} * 1024 * 1024};
  std::uint32_t max_ratio = 200;
  std::optional<std::chrono::seconds> token_ttl;

  static ParameterTable parameters();
  [[nodiscard]] std::vector<OptionComplaint> complaints() const;
};

/// Compresses, encrypts and checks the values of another cache.
///
/// A value goes through the program's `codec`, the compression, and the encryption, in this order, each only
/// if given. In the default format an envelope says how the value was encoded, so values of other settings
/// remain readable, and detects damaged values and values of another key. Its layout, with numbers in network
/// order:
///
///     C1 43 53 | version 01 | compression | encryption | flags | 00      8 bytes
///     length of the value (before compression)                          4
///     FNV-1a, 64 bit, of cache name, NUL and key                        8
///     CRC-32 of the 20 bytes above and of the payload                   4
///     payload
///
/// Compression is 0 none, 1 zlib, 2 zstd, 3 lz4; encryption 0 none, 2 AES-256-GCM, which authenticates the
/// first 20 bytes, the cache name and the key along with the payload; flag 1 says that a `codec` was applied.
/// The checksum and the check of the key detect accidents; only encryption detects manipulation.
///
/// Cached nulls, keys and TTLs do not change. `contains`, `time_to_live` and other operations on keys do not
/// decode the value. Batches are one batch of the cache below. `increment` is `unsupported`, since a counter
/// could be neither encrypted nor checked; use the cache below for counters.
///
/// After `stop()` every call fails with `closed`. The cache below is stopped by its own owner.
///
/// `entries`, `bytes`, `evictions` and `expirations` of the statistics are those of the cache below; the
/// others count the calls of this layer. An undecodable value that is read as a miss counts as a miss;
/// `clear` counts as one clear, not as removals.
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
  bool do_begin_async(AsyncRequest& call) override;
  [[nodiscard]] bool may_wait() const noexcept override { return below_may_wait(); }
  void on_refused() noexcept override;

 private:
  class Inner;
  class AsyncRead;
  class AsyncReads;
  class AsyncStore;
  class AsyncStores;
  class AsyncEnd;
  class LateDecoding;
  bool store_async(AsyncRequest& call);
  bool store_many_async(AsyncRequest& call);

  detail::ImplementationPointer<Inner> inner_;
};

}  // namespace cachesite
