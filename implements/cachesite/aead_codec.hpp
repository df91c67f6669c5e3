#pragma once

#include <cachesite/codec.hpp>
#include <cachesite/secret.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace cachesite {

/// Encrypts and authenticates values by AES-256-GCM, each bound to the cache and the key it lies under: a
/// value that was changed, or moved to another key or cache, does not decrypt.
///
/// Stored are 4 bytes that tell the encryption key (the start of the SHA-256 of a label and the key), 12
/// random bytes, the ciphertext, and 16 bytes of proof: 32 bytes more than the value. The length of the value
/// shows.
///
/// A key is the base64 of 32 random bytes (`openssl rand -base64 32`). The first encrypts, every one
/// decrypts: a key is replaced by putting a new one in front and dropping the old one when its values are
/// gone. One key is good for 2^32 values, after which a random start could come twice.
class AeadCodec final : public ICodec {
 public:
  /// Bytes that a stored value has more than the value.
  static constexpr std::size_t overhead = 32;

  /// Throws std::invalid_argument, without the key's text, when there is no key or one has not the form
  /// above.
  explicit AeadCodec(const std::vector<Secret>& keys);
  /// 32 random bytes as 44 characters. Throws std::runtime_error when the system has no random numbers.
  [[nodiscard]] static Secret generate_key();
  /// True when the text has the form of a key.
  [[nodiscard]] static bool is_key(const Secret& text);
  /// True when one of the keys is the one that `stored` says it was encrypted with.
  [[nodiscard]] bool knows_key_of(ByteView stored) const noexcept;

  /// As `encode` and `decode`, and binds `header` too: bytes that are stored beside the value in clear.
  Status seal(ByteView plain, const CodecScope& scope, ByteView header, std::string& stored) const;
  Status open(ByteView stored, const CodecScope& scope, ByteView header, std::size_t most,
              std::string& plain) const;

 protected:
  Status do_encode(ByteView plain, const CodecScope& scope, std::string& stored) const override;
  Status do_decode(ByteView stored, const CodecScope& scope, std::size_t most,
                   std::string& plain) const override;

 private:
  struct Key {
    Secret bytes;
    std::string id;
  };
  std::vector<Key> keys_;
};

}  // namespace cachesite
