#include "codecs/compressor.hpp"

#include <algorithm>
#include <new>
#include <string_view>

#include <lz4frame.h>

namespace cachesite::codecs {

namespace {

class Decompressor {
 public:
  Decompressor() {
    if (::LZ4F_isError(::LZ4F_createDecompressionContext(&context_, LZ4F_VERSION)) != 0U)
      throw std::bad_alloc();
  }
  ~Decompressor() { ::LZ4F_freeDecompressionContext(context_); }
  Decompressor(const Decompressor&) = delete;
  Decompressor& operator=(const Decompressor&) = delete;
  LZ4F_dctx* get() noexcept { return context_; }

 private:
  LZ4F_dctx* context_ = nullptr;
};

}  // namespace

Status deflate_lz4(ByteView plain, int level, std::string& stored) {
  LZ4F_preferences_t preferences{};
  preferences.frameInfo.contentSize = plain.size();
  preferences.compressionLevel = level;
  preferences.autoFlush = 1;
  stored.resize(::LZ4F_compressFrameBound(plain.size(), &preferences));
  const auto size =
      ::LZ4F_compressFrame(stored.data(), stored.size(), plain.data(), plain.size(), &preferences);
  if (::LZ4F_isError(size) != 0U) return Error(ErrorCode::refused, "lz4 cannot compress the value");
  stored.resize(size);
  return Done{};
}

Status inflate_lz4(ByteView stored, std::size_t most, std::string& plain) {
  plain.clear();
  Decompressor decompressor;
  const char* input = stored.data();
  std::size_t left = stored.size();
  // A skippable frame would be passed over in silence; only a real one is a value.
  constexpr std::string_view magic("\x04\x22\x4d\x18", 4);
  if (!stored.text().starts_with(magic)) return broken_container();
  LZ4F_frameInfo_t frame{};
  std::size_t taken = left;
  auto result = ::LZ4F_getFrameInfo(decompressor.get(), &frame, input, &taken);
  if (::LZ4F_isError(result) != 0U) return broken_container();
  if (frame.contentSize > most) return container_too_large();
  if (frame.contentSize != 0) plain.resize(static_cast<std::size_t>(frame.contentSize));
  input += taken;
  left -= taken;
  const bool sized = frame.contentSize != 0;
  const auto limit = sized ? plain.size() : most;
  char beyond = 0;
  std::size_t written = 0;
  while (result != 0) {
    const bool full = written == limit;
    if (!full && written == plain.size()) grow(plain, stored.size(), limit);
    std::size_t made = full ? 1 : plain.size() - written;
    taken = left;
    result = ::LZ4F_decompress(decompressor.get(), full ? &beyond : plain.data() + written, &made, input,
                               &taken, nullptr);
    if (::LZ4F_isError(result) != 0U) return broken_container();
    if (full && made != 0) return sized ? broken_container() : container_too_large();
    if (result != 0 && made == 0 && taken == 0) return broken_container();
    input += taken;
    left -= taken;
    written += made;
  }
  if (left != 0) return broken_container();
  plain.resize(written);
  return Done{};
}

}  // namespace cachesite::codecs
