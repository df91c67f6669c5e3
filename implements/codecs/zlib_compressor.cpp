#include "codecs/compressor.hpp"

#include <algorithm>
#include <limits>
#include <new>

#include <zlib.h>

namespace cachesite::codecs {

namespace {

class Inflater {
 public:
  Inflater() {
    if (::inflateInit(&stream_) != Z_OK) throw std::bad_alloc();
  }
  ~Inflater() { ::inflateEnd(&stream_); }
  Inflater(const Inflater&) = delete;
  Inflater& operator=(const Inflater&) = delete;
  z_stream& operator*() noexcept { return stream_; }

 private:
  z_stream stream_{};
};

}  // namespace

Status deflate_zlib(ByteView plain, int level, std::string& stored) {
  auto size = ::compressBound(plain.size());
  stored.resize(size);
  const int result = ::compress2(reinterpret_cast<Bytef*>(stored.data()), &size,
                                 reinterpret_cast<const Bytef*>(plain.data()), plain.size(), level);
  if (result == Z_MEM_ERROR) throw std::bad_alloc();
  if (result != Z_OK) return Error(ErrorCode::refused, "zlib cannot compress the value");
  stored.resize(size);
  return Done{};
}

Status inflate_zlib(ByteView stored, std::size_t most, std::string& plain) {
  constexpr std::size_t longest_step = std::numeric_limits<uInt>::max();
  if (stored.size() > longest_step) return broken_container();
  plain.clear();
  Inflater inflater;
  z_stream& stream = *inflater;
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(stored.data()));
  stream.avail_in = static_cast<uInt>(stored.size());
  // With the output full, one byte more tells a longer value from one that ends exactly here.
  Bytef beyond = 0;
  std::size_t written = 0;
  for (;;) {
    const bool full = written == most;
    if (!full && written == plain.size()) grow(plain, stored.size(), most);
    const auto room = full ? std::size_t{1} : std::min(plain.size() - written, longest_step);
    stream.next_out = full ? &beyond : reinterpret_cast<Bytef*>(plain.data() + written);
    stream.avail_out = static_cast<uInt>(room);
    const int result = ::inflate(&stream, Z_NO_FLUSH);
    const auto made = room - stream.avail_out;
    if (full && made != 0) return container_too_large();
    written += made;
    if (result == Z_MEM_ERROR) throw std::bad_alloc();
    if (result == Z_STREAM_END) break;
    if (result != Z_OK || (made == 0 && stream.avail_in == 0)) return broken_container();
  }
  if (stream.avail_in != 0) return broken_container();
  plain.resize(written);
  return Done{};
}

}  // namespace cachesite::codecs
