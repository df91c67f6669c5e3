// What lies in a store, read through several configurations. The first byte chooses how much of the input is
// made right by the fuzzer: nothing, the magic number and the checksum, or all but the encrypted part.

#include "codecs/envelope.hpp"
#include "codecs/value_chain.hpp"

#include <cachesite/aead_codec.hpp>

#include <cstdint>
#include <cstdlib>
#include <string>
#include <vector>

using namespace cachesite;

namespace {

const Secret aead_key("MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=");
constexpr std::uint64_t most = 1 << 16;

std::vector<codecs::ValueChain> make_chains() {
  std::vector<codecs::ValueChain> chains;
  CodecCacheOptions options;
  options.max_value_bytes = ByteSize{most};
  options.cache_name = "fuzz";
  chains.emplace_back(options);
  auto sealed = options;
  sealed.encryption = Encryption::aes_256_gcm;
  sealed.keys = {aead_key};
  chains.emplace_back(sealed);
  auto lenient = sealed;
  lenient.keys.emplace_back(std::string(64, 'k'));
  lenient.also_read = {true, true, false, Compression::zlib, true};
  chains.emplace_back(lenient);
  auto bare = options;
  bare.format = StoredFormat::bare;
  bare.compression = Compression::lz4;
  bare.also_read = {false, false, true, Compression::zstd, false};
  chains.emplace_back(bare);
  return chains;
}

std::string stored_of(std::uint8_t choice, std::string_view bytes) {
  if (choice % 3 == 0 || bytes.size() < 8) return std::string(bytes);
  codecs::Envelope envelope;
  envelope.compression = static_cast<std::uint8_t>(bytes[0]) % 5;
  envelope.encryption = choice % 3 == 2 ? 2 : static_cast<std::uint8_t>(bytes[1]) % 4;
  envelope.content_size = static_cast<std::uint32_t>(static_cast<unsigned char>(bytes[2]))
                          << (static_cast<unsigned char>(bytes[3]) % 25U);
  std::string stored;
  codecs::begin_envelope(envelope, {"fuzz", "key"}, stored);
  const auto payload = bytes.substr(4);
  if (choice % 3 == 2) {
    static const AeadCodec codec({aead_key});
    std::string sealed;
    if (!codec
             .seal(payload, {"fuzz", "key"},
                   std::string_view(stored).substr(0, codecs::Envelope::checksum_at), sealed)
             .ok())
      std::abort();
    stored += sealed;
  } else {
    stored += payload;
  }
  codecs::seal_envelope(stored);
  return stored;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const auto chains = make_chains();
  if (size == 0) return 0;
  const auto stored = stored_of(data[0], {reinterpret_cast<const char*>(data) + 1, size - 1});
  for (const auto& chain : chains) {
    std::string plain;
    if (!chain.decode(stored, "key", plain).failure && plain.size() > most) std::abort();
    const auto moved = chain.decode(stored, "another key", plain);
    if (codecs::has_envelope(stored) && !moved.failure && plain != stored) std::abort();
  }
  return 0;
}
