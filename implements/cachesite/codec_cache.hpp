#pragma once

#include <cachesite/bytes.hpp>
#include <cachesite/cache.hpp>
#include <cachesite/codec.hpp>
#include <cachesite/codec_statistics.hpp>
#include <cachesite/component_context.hpp>
#include <cachesite/compression_codec.hpp>
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
  /// Tokens as rick writes them (see Fernet256); `format` has to be bare.
  fernet256,
  /// Bound to the cache and the key of the entry (see AeadCodec); `format` has to be envelope.
  aes_256_gcm,
};

/// What a stored value looks like.
enum class StoredFormat : std::uint8_t {
  /// A header of 24 bytes that says how the value was encoded, with a checksum and a check of the key. A
  /// change of the configuration needs nothing else: what was written before is still read.
  envelope,
  /// Nothing but the compressed or encrypted bytes, as redis-kit and rick store them. Reader and writer have
  /// to
  /// be configured alike.
  bare,
};

/// What a read does with bytes that cannot be decoded.
enum class OnUndecodable : std::uint8_t {
  miss,   ///< it is a miss; the reason is counted, and logged once a minute at most
  error,  ///< it is a failure with `corrupt` or `too_large` and the reason
};

/// Forms of values that are read beside the one that is written, while a configuration changes. Each of them
/// gives up some protection, so none is on unless the file says so.
struct AlsoRead {
  /// Bytes of no other form are the value itself. Damaged values may then be taken for one.
  bool plain = false;
  /// Enveloped values that are not encrypted, although `encryption` is set.
  bool unencrypted = false;
  /// Enveloped values, although `format` is bare.
  bool envelope = false;
  /// Bare values of this compression.
  Compression compression = Compression::none;
  /// Bare values that are Fernet256 tokens; of `compression` inside, when that is given.
  bool fernet256 = false;

  static ParameterTable parameters();
};

/// Settings of a CodecCache.
struct CodecCacheOptions {
  /// The cache that holds the encoded values.
  Reference<ICache> over;
  /// A codec of the program's own, applied before compression and encryption.
  Reference<ICodec> codec;
  Compression compression = Compression::none;
  /// zlib 0 to 9, zstd 1 to 19, lz4 0 to 12; the compression's own default when not given.
  std::optional<int> level;
  /// Shorter values are not compressed: 128 bytes when not given. Of envelopes only, since bare values are
  /// all compressed.
  std::optional<ByteSize> minimum_size;
  Encryption encryption = Encryption::none;
  /// Keys of both kinds: 64 bytes or 88 characters of base64 for fernet256, 43 or 44 characters of base64 for
  /// aes_256_gcm. The first of its kind encrypts, all decrypt.
  std::vector<Secret> keys;
  /// Name that is authenticated with every value, beside its key; a cache with another name cannot read it.
  /// Programs that share values use the same name. It has to be given with aes_256_gcm.
  std::string cache_name;
  StoredFormat format = StoredFormat::envelope;
  AlsoRead also_read;
  OnUndecodable on_undecodable = OnUndecodable::miss;
  /// Longer values are refused, and not decoded either.
  ByteSize max_value_bytes{std::uint64_t{64} * 1024 * 1024};
  /// Most bytes that one compressed byte may become, beyond the first MiB of a value.
  std::uint32_t max_ratio = 200;
  /// Fernet256 tokens older than this are not read; without it their age is not looked at.
  std::optional<std::chrono::seconds> token_ttl;

  static ParameterTable parameters();
  [[nodiscard]] std::vector<OptionComplaint> complaints() const;
};

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
  detail::ImplementationPointer<Inner> inner_;
};

}  // namespace cachesite
