#include "codecs/compressor.hpp"

#include <cachesite/compression_codec.hpp>

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace cachesite {

namespace codecs {

Error broken_container() {
  return Error(ErrorCode::corrupt, "the compressed value is damaged or cut off");
}

Error container_too_large() {
  return Error(ErrorCode::too_large, "the value is longer than allowed when decompressed");
}

void grow(std::string& plain, std::size_t stored_size, std::size_t most) {
  constexpr std::size_t least = 256;
  const auto size = std::min(plain.empty() ? std::max(least, stored_size * 3) : plain.size() * 2, most);
  // resize() would take up to twice of what is asked for.
  std::string longer;
  longer.reserve(size);
  longer.assign(plain);
  longer.resize(size);
  plain = std::move(longer);
}

}  // namespace codecs

CompressionCodec::CompressionCodec(CompressionOptions options) : options_(options) {
  if (options_.level && !has_level(options_.compression, *options_.level))
    throw std::invalid_argument("the compression has no such level");
}

bool CompressionCodec::has_level(Compression compression, int level) noexcept {
  switch (compression) {
    case Compression::none:
      return false;
    case Compression::zlib:
      return level >= 0 && level <= 9;
    case Compression::zstd:
      return level >= 1 && level <= 19;
    case Compression::lz4:
      return level >= 0 && level <= 12;
  }
  return false;
}

std::size_t CompressionCodec::bound(std::size_t stored_size, std::size_t most) const noexcept {
  constexpr std::size_t free_of_ratio = std::size_t{1} << 20U;
  if (stored_size > most / options_.max_ratio) return most;
  return std::min(most, std::max(free_of_ratio, stored_size * options_.max_ratio));
}

Status CompressionCodec::do_encode(ByteView plain, const CodecScope&, std::string& stored) const {
  Status status = Done{};
  switch (options_.compression) {
    case Compression::none:
      stored.assign(plain.text());
      return status;
    case Compression::zlib:
      status = codecs::deflate_zlib(plain, options_.level.value_or(6), stored);
      break;
    case Compression::zstd:
      status = codecs::deflate_zstd(plain, options_.level.value_or(3), stored);
      break;
    case Compression::lz4:
      status = codecs::deflate_lz4(plain, options_.level.value_or(0), stored);
      break;
  }
  if (status.ok() && bound(stored.size(), plain.size()) < plain.size())
    return Error(ErrorCode::too_large, "the value compresses better than max_ratio allows to read");
  return status;
}

Status CompressionCodec::do_decode(ByteView stored, const CodecScope&, std::size_t most,
                                   std::string& plain) const {
  const auto limit = bound(stored.size(), most);
  switch (options_.compression) {
    case Compression::none:
      if (stored.size() > most) return codecs::container_too_large();
      plain.assign(stored.text());
      return Done{};
    case Compression::zlib:
      return codecs::inflate_zlib(stored, limit, plain);
    case Compression::zstd:
      return codecs::inflate_zstd(stored, limit, plain);
    case Compression::lz4:
      return codecs::inflate_lz4(stored, limit, plain);
  }
  return codecs::broken_container();
}

}  // namespace cachesite
