#pragma once

#include <cachesite/aead_codec.hpp>
#include <cachesite/codec_cache.hpp>
#include <cachesite/detail/cache_statistics.hpp>

#include <array>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cachesite::codecs {

struct Envelope;

struct Decoded {
  std::optional<Undecodable> failure;
  bool old_form = false;
};

// What a CodecCache does to a value, without the cache.
class ValueChain {
 public:
  using WallClock = std::function<std::chrono::seconds()>;

  // The options have no complaints.
  explicit ValueChain(CodecCacheOptions options, WallClock wall_clock = {});

  Status encode(ByteView plain, std::string_view key, std::string& stored) const;
  Decoded decode(ByteView stored, std::string_view key, std::string& plain) const;

  static std::string_view sentence(Undecodable reason) noexcept;

 private:
  using Failure = std::optional<Undecodable>;

  Status encode_envelope(ByteView content, const CodecScope& scope, std::string& stored) const;
  Status encode_bare(ByteView content, const CodecScope& scope, std::string& stored) const;
  Failure decode_envelope(ByteView stored, const CodecScope& scope, std::string& plain) const;
  Failure decompress_content(ByteView payload, const Envelope& envelope, const CodecScope& scope,
                             std::string& plain) const;
  Failure decode_bare(ByteView stored, const CodecScope& scope, Compression compression, bool token,
                      std::string& plain) const;
  Failure open_token(ByteView token, std::string& plain) const;
  Failure finish(const CodecScope& scope, std::string& plain) const;
  [[nodiscard]] const CompressionCodec& compressor(Compression compression) const noexcept;
  [[nodiscard]] bool reads_other_bare_form() const noexcept;

  CodecCacheOptions options_;
  WallClock wall_clock_;
  std::vector<CompressionCodec> compressors_;  // by the number of the compression
  std::vector<Secret> token_keys_;
  std::optional<AeadCodec> aead_;
  std::size_t most_content_;
};

}  // namespace cachesite::codecs
