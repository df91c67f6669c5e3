#include <cachesite/aead_codec.hpp>
#include <cachesite/codec_cache.hpp>
#include <cachesite/fernet256.hpp>

#include <algorithm>

namespace cachesite {

namespace {

const std::vector<std::pair<std::string, Compression>>& compressions() {
  static const std::vector<std::pair<std::string, Compression>> words{{"none", Compression::none},
                                                                      {"zlib", Compression::zlib},
                                                                      {"zstd", Compression::zstd},
                                                                      {"lz4", Compression::lz4}};
  return words;
}

}  // namespace

ParameterTable AlsoRead::parameters() {
  using O = AlsoRead;
  return {
      parameter(
          "plain", &O::plain,
          "Bytes of no other form are read as the value itself. A damaged value may then be read as one."),
      parameter("unencrypted", &O::unencrypted,
                "Enveloped values that are not encrypted, although encryption is set."),
      parameter("envelope", &O::envelope, "Enveloped values, although the format is bare."),
      parameter("compression", &O::compression, "Bare values of this compression.").choices(compressions()),
      parameter("fernet256", &O::fernet256,
                "Bare values that are Fernet256 tokens; what they hold is compressed if "
                "also_read.compression is given."),
      parameter("encrypted", &O::encrypted,
                "Enveloped values that are encrypted, although encryption is none; keys decrypt them."),
  };
}

ParameterTable CodecCacheOptions::parameters() {
  using O = CodecCacheOptions;
  return {
      parameter("over", &O::over, "The cache that holds the encoded values.").required(),
      parameter("codec", &O::codec,
                "An ICodec component of the program's own, applied before compression and encryption."),
      parameter("compression", &O::compression, "How values are compressed.").choices(compressions()),
      parameter("level", &O::level, "How hard to compress: zlib 0 to 9, zstd 1 to 19, lz4 0 to 12.")
          .computed_default("the compression's own")
          .between(0, 19),
      parameter("minimum_size", &O::minimum_size,
                "Shorter values are not compressed. Only for the format envelope: bare values are always "
                "compressed.")
          .computed_default("128 bytes")
          .at_least(ByteSize{0}),
      parameter("encryption", &O::encryption, "How values are encrypted.")
          .choices({{"none", Encryption::none},
                    {"fernet256", Encryption::fernet256},
                    {"aes_256_gcm", Encryption::aes_256_gcm}}),
      parameter("keys", &O::keys,
                "Encryption keys: the first of its kind encrypts, all decrypt. fernet256 takes 64 bytes or "
                "88 characters of base64, aes_256_gcm 43 or 44 characters of base64 (32 bytes)."),
      parameter("cache_name", &O::cache_name,
                "Name that is authenticated with every value, beside its key: a cache with another name "
                "cannot read it. Programs that share values use the same name. aes_256_gcm needs one."),
      parameter("format", &O::format, "What a stored value looks like.")
          .choices({{"envelope", StoredFormat::envelope}, {"bare", StoredFormat::bare}}),
      parameter("also_read", &O::also_read, "Other forms that are read while a configuration changes."),
      parameter("on_undecodable", &O::on_undecodable, "What a read does with bytes that cannot be decoded.")
          .choices({{"miss", OnUndecodable::miss}, {"error", OnUndecodable::error}}),
      parameter("max_value_bytes", &O::max_value_bytes,
                "Longest value; a longer one is neither stored nor decoded.")
          .between(ByteSize{1}, ByteSize{ICache::largest_value}),
      parameter("max_ratio", &O::max_ratio,
                "Most bytes that one compressed byte may become, beyond the first MiB of a value.")
          .at_least(1),
      parameter("token_ttl", &O::token_ttl,
                "Fernet256 tokens older than this are not read; null: their age does not matter."),
  };
}

std::vector<OptionComplaint> CodecCacheOptions::complaints() const {
  std::vector<OptionComplaint> complaints;
  const auto complain = [&](const char* parameter, std::string message) {
    complaints.push_back({parameter, std::move(message)});
  };
  const bool bare = format == StoredFormat::bare;
  const bool tokens = encryption == Encryption::fernet256 || also_read.fernet256;

  if (level && compression == Compression::none)
    complain("level", "there is no level without a compression");
  else if (level && !CompressionCodec::has_level(compression, *level))
    complain("level", std::string(to_string(compression)) + " has no level " + std::to_string(*level));
  if (bare && minimum_size)
    complain("minimum_size", "bare values are all compressed; minimum_size is of envelopes");

  if (!bare && minimum_size && compression == Compression::none)
    complain("minimum_size", "there is no minimum_size without a compression");

  // Envelopes that are read beside bare values may be encrypted too.
  const bool decrypts = tokens || also_read.encrypted || also_read.envelope;
  if (!keys.empty() && encryption == Encryption::none && !decrypts)
    complain("keys",
             "keys are given, but encryption is none: write `encryption: aes_256_gcm`, or `also_read: "
             "{encrypted: true}` to read what was encrypted before");
  bool sound = true;
  for (std::size_t index = 0; index < keys.size(); ++index)
    if (!Fernet256::is_key(keys[index]) && !AeadCodec::is_key(keys[index])) {
      sound = false;
      complain("keys", "key " + std::to_string(index + 1) +
                           " is neither 64 bytes, nor the base64 of 64 bytes, nor that of 32 bytes");
    }
  // One of the wrong keys may be the one that is missing.
  if (sound && tokens && std::none_of(keys.begin(), keys.end(), Fernet256::is_key))
    complain("keys", "fernet256 needs a key of 64 bytes, or their base64 of 88 characters");
  if (sound && encryption == Encryption::aes_256_gcm &&
      std::none_of(keys.begin(), keys.end(), AeadCodec::is_key))
    complain("keys", "aes_256_gcm needs a key that is the base64 of 32 bytes");

  if (sound && also_read.encrypted && encryption == Encryption::none &&
      std::none_of(keys.begin(), keys.end(), AeadCodec::is_key))
    complain("keys", "also_read.encrypted needs a key that is the base64 of 32 bytes");

  if (encryption == Encryption::fernet256 && !bare)
    complain("encryption",
             "fernet256 binds a value to nothing and has no envelope; set `format: bare`, or use "
             "aes_256_gcm");
  if (encryption == Encryption::aes_256_gcm && bare)
    complain("encryption", "aes_256_gcm needs `format: envelope`");
  if (encryption == Encryption::aes_256_gcm && cache_name.empty())
    complain("cache_name", "aes_256_gcm binds values to the name of their cache; give one");
  if (cache_name.find('\0') != std::string::npos) complain("cache_name", "the name may not hold a NUL");
  if (also_read.envelope && !bare) complain("also_read", "envelopes are the format, and read anyway");
  if (also_read.encrypted && encryption != Encryption::none)
    complain("also_read", "encryption is given, and encrypted values are read anyway");
  if (token_ttl && !tokens) complain("token_ttl", "token_ttl is of fernet256 tokens");
  return complaints;
}

}  // namespace cachesite
