#include "codecs/compressor.hpp"

#include <memory>
#include <new>
#include <string_view>

#include <zstd.h>

namespace cachesite::codecs {

namespace {

struct FreeDecompressor {
  void operator()(ZSTD_DCtx* context) const noexcept { ::ZSTD_freeDCtx(context); }
};

// For a frame that does not say how long its content is.
Status inflate_unsized(ByteView stored, std::size_t most, std::string& plain) {
  const std::unique_ptr<ZSTD_DCtx, FreeDecompressor> context(::ZSTD_createDCtx());
  if (!context) throw std::bad_alloc();
  // The window is memory too. RFC 8878 has every reader take 8 MiB.
  constexpr int longest_window = 23;
  if (::ZSTD_isError(::ZSTD_DCtx_setParameter(context.get(), ZSTD_d_windowLogMax, longest_window)) != 0U)
    return broken_container();
  ZSTD_inBuffer input{stored.data(), stored.size(), 0};
  char beyond = 0;
  std::size_t written = 0;
  for (;;) {
    const bool full = written == most;
    if (!full && written == plain.size()) grow(plain, stored.size(), most);
    ZSTD_outBuffer output{full ? &beyond : plain.data() + written, full ? 1 : plain.size() - written, 0};
    const auto before = input.pos;
    const auto result = ::ZSTD_decompressStream(context.get(), &output, &input);
    if (::ZSTD_isError(result) != 0U) return broken_container();
    if (full && output.pos != 0) return container_too_large();
    written += output.pos;
    if (result == 0) break;
    if (output.pos == 0 && input.pos == before) return broken_container();
  }
  if (input.pos != input.size) return broken_container();
  plain.resize(written);
  return Done{};
}

}  // namespace

Status deflate_zstd(ByteView plain, int level, std::string& stored) {
  stored.resize(::ZSTD_compressBound(plain.size()));
  const auto size = ::ZSTD_compress(stored.data(), stored.size(), plain.data(), plain.size(), level);
  if (::ZSTD_isError(size) != 0U) return Error(ErrorCode::refused, "zstd cannot compress the value");
  stored.resize(size);
  return Done{};
}

Status inflate_zstd(ByteView stored, std::size_t most, std::string& plain) {
  plain.clear();
  // A skippable frame, or one of an old format, is no value.
  constexpr std::string_view magic("\x28\xb5\x2f\xfd", 4);
  if (!stored.text().starts_with(magic)) return broken_container();
  const auto frame = ::ZSTD_findFrameCompressedSize(stored.data(), stored.size());
  if (::ZSTD_isError(frame) != 0U || frame != stored.size()) return broken_container();
  const auto announced = ::ZSTD_getFrameContentSize(stored.data(), stored.size());
  if (announced == ZSTD_CONTENTSIZE_ERROR) return broken_container();
  if (announced == ZSTD_CONTENTSIZE_UNKNOWN) return inflate_unsized(stored, most, plain);
  if (announced > most) return container_too_large();
  plain.resize(static_cast<std::size_t>(announced));
  const auto size = ::ZSTD_decompress(plain.data(), plain.size(), stored.data(), stored.size());
  if (::ZSTD_isError(size) != 0U || size != plain.size()) return broken_container();
  return Done{};
}

}  // namespace cachesite::codecs
