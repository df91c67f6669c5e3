#pragma once

#include <cachesite/byte_size.hpp>
#include <cachesite/cache.hpp>
#include <cachesite/codec.hpp>
#include <cachesite/compression_codec.hpp>
#include <cachesite/parameter.hpp>
#include <cachesite/reference.hpp>
#include <cachesite/secret.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
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

}  // namespace cachesite
