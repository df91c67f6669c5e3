#pragma once

#include <cachesite/codec.hpp>

#include <cstdint>
#include <optional>
#include <string_view>

namespace cachesite {

/// A compressed form.
enum class Compression : std::uint8_t {
  none,  ///< the bytes as they are
  zlib,  ///< RFC 1950 stream, without the header of gzip
  zstd,  ///< one frame of RFC 8878, with the content size in its header
  lz4,   ///< the LZ4 frame format, with the content size in its header
};

[[nodiscard]] constexpr std::string_view to_string(Compression compression) noexcept {
  switch (compression) {
    case Compression::none:
      return "none";
    case Compression::zlib:
      return "zlib";
    case Compression::zstd:
      return "zstd";
    case Compression::lz4:
      return "lz4";
  }
  return "unknown";
}

/// Settings of a CompressionCodec.
struct CompressionOptions {
  Compression compression = Compression::zlib;
  /// The level: zlib 0 to 9 (default 6), zstd 1 to 19 (default 3), lz4 0 to 12 (default 0).
  std::optional<int> level;
  /// Most bytes that one compressed byte may become, beyond the first MiB of a value. It limits the memory
  /// that a small hostile value can take; `encode` also refuses a value that compresses better than this.
  std::uint32_t max_ratio = 200;
};

/// Compresses values in the three containers of redis-kit, byte-compatible with it, without a header or a
/// trailer.
///
/// Decoding reads one container that ends at the end of the value. Its announced size, if any, is checked
/// against the limit and the ratio before memory is allocated; without one, the output grows in steps up to
/// them. Besides the output, decoding takes working memory: lz4 and zstd up to 8.2 MiB, zlib 50 KiB.
class CompressionCodec final : public ICodec {
 public:
  /// Throws std::invalid_argument for a level that the compression does not have.
  explicit CompressionCodec(CompressionOptions options);

  /// The longest value that `stored_size` compressed bytes may become with `options`, at most `most`.
  [[nodiscard]] std::size_t bound(std::size_t stored_size, std::size_t most) const noexcept;
  /// True when the compression has this level.
  [[nodiscard]] static bool has_level(Compression compression, int level) noexcept;

 protected:
  Status do_encode(ByteView plain, const CodecScope& scope, std::string& stored) const override;
  Status do_decode(ByteView stored, const CodecScope& scope, std::size_t most,
                   std::string& plain) const override;

 private:
  CompressionOptions options_;
};

}  // namespace cachesite
