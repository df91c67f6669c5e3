// One of the compressed containers: whatever the bytes are, the result stays within its limit, and what can
// be read can be written and read again. Built once for each compression.

#include <cachesite/compression_codec.hpp>

#include <cstdint>
#include <cstdlib>
#include <string>

using namespace cachesite;

namespace {

void expect(bool condition) {
  if (!condition) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const CompressionCodec codec({Compression::CACHESITE_FUZZED_COMPRESSION, std::nullopt, 200});
  const std::string_view stored(reinterpret_cast<const char*>(data), size);
  for (const std::size_t most : {std::size_t{1} << 21U, std::size_t{100}, std::size_t{0}}) {
    std::string plain;
    const auto status = codec.decode(stored, {}, most, plain);
    if (!status.ok()) continue;
    expect(plain.size() <= most && plain.size() <= codec.bound(size, most));
    std::string again;
    std::string twice;
    if (!codec.encode(plain, {}, again).ok()) continue;
    expect(codec.decode(again, {}, most, twice).ok() && twice == plain);
  }
  return 0;
}
