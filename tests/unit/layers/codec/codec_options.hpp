#pragma once

#include <cachesite/aead_codec.hpp>
#include <cachesite/codec_cache.hpp>
#include <cachesite/fernet256.hpp>

#include <utility>
#include <vector>

namespace cachesite::test {

inline const auto key_a = AeadCodec::generate_key();
inline const auto key_b = AeadCodec::generate_key();
inline const auto token_key = Fernet256::generate_key();

inline CodecCacheOptions enveloped(Compression compression = Compression::none) {
  CodecCacheOptions options;
  options.compression = compression;
  return options;
}

inline CodecCacheOptions sealed(std::vector<Secret> keys, Compression compression = Compression::none) {
  auto options = enveloped(compression);
  options.encryption = Encryption::aes_256_gcm;
  options.keys = std::move(keys);
  options.cache_name = "sessions";
  return options;
}

inline CodecCacheOptions bare(Compression compression) {
  CodecCacheOptions options;
  options.compression = compression;
  options.format = StoredFormat::bare;
  return options;
}

inline CodecCacheOptions token() {
  auto options = bare(Compression::none);
  options.encryption = Encryption::fernet256;
  options.keys = {token_key};
  return options;
}

}  // namespace cachesite::test
