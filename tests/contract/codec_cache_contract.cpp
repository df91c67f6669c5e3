#include "contract/cache_contract.hpp"
#include "support/fake_clock.hpp"

#include <cachesite/aead_codec.hpp>
#include <cachesite/codec_cache.hpp>
#include <cachesite/fernet256.hpp>
#include <cachesite/memory_cache.hpp>

#include <algorithm>

namespace {

using namespace cachesite;

// A codec of a program's own: it also makes values longer.
class MirrorCodec final : public ICodec {
 protected:
  Status do_encode(ByteView plain, const CodecScope&, std::string& stored) const override {
    stored.assign("<");
    stored.append(plain.text().rbegin(), plain.text().rend());
    stored.append(">");
    return Done{};
  }
  Status do_decode(ByteView stored, const CodecScope&, std::size_t, std::string& plain) const override {
    const auto text = stored.text();
    if (text.size() < 2 || text.front() != '<' || text.back() != '>') return Error(ErrorCode::corrupt);
    plain.assign(text.rbegin() + 1, text.rend() - 1);
    return Done{};
  }
};

test::CacheSubject subject_of(CodecCacheOptions options) {
  const auto clock = std::make_shared<test::FakeClock>();
  ComponentContext context;
  context.clock = clock;
  const auto memory = std::make_shared<MemoryCache>(MemoryCacheOptions{}, context);
  options.over = Reference<ICache>(memory);
  options.on_undecodable = OnUndecodable::error;
  test::CacheSubject subject;
  subject.counts = false;
  subject.cache = std::make_shared<CodecCache>(options, context);
  subject.let_pass = [clock](std::chrono::milliseconds time) { clock->advance(time); };
  subject.check_invariants = [memory] { return memory->check_invariants(); };
  return subject;
}

bool add(const std::string& name, const CodecCacheOptions& options) {
  return test::register_cache_contract(name, [options] { return subject_of(options); });
}

CodecCacheOptions with(Compression compression, Encryption encryption, StoredFormat format) {
  CodecCacheOptions options;
  options.compression = compression;
  options.encryption = encryption;
  options.format = format;
  if (encryption == Encryption::aes_256_gcm) {
    options.keys = {AeadCodec::generate_key()};
    options.cache_name = "contract";
  }
  if (encryption == Encryption::fernet256) options.keys = {Fernet256::generate_key()};
  return options;
}

CodecCacheOptions with_codec(CodecCacheOptions options) {
  options.codec = Reference<ICodec>(std::make_shared<MirrorCodec>());
  return options;
}

using enum StoredFormat;
const bool plain = add("enveloped", with(Compression::none, Encryption::none, envelope));
const bool zlib = add("enveloped_zlib", with(Compression::zlib, Encryption::none, envelope));
const bool sealed = add("enveloped_aes_256_gcm", with(Compression::none, Encryption::aes_256_gcm, envelope));
const bool zstd_sealed =
    add("enveloped_zstd_aes_256_gcm", with(Compression::zstd, Encryption::aes_256_gcm, envelope));
const bool own = add("enveloped_codec_lz4_aes_256_gcm",
                     with_codec(with(Compression::lz4, Encryption::aes_256_gcm, envelope)));
const bool bare_nothing = add("bare", with(Compression::none, Encryption::none, bare));
const bool bare_zlib = add("bare_zlib", with(Compression::zlib, Encryption::none, bare));
const bool bare_zstd = add("bare_zstd", with(Compression::zstd, Encryption::none, bare));
const bool bare_lz4 = add("bare_lz4", with(Compression::lz4, Encryption::none, bare));
const bool bare_token = add("bare_fernet256", with(Compression::none, Encryption::fernet256, bare));
const bool bare_zlib_token = add("bare_zlib_fernet256", with(Compression::zlib, Encryption::fernet256, bare));

}  // namespace
