#pragma once

#include <cachesite/codec.hpp>
#include <cachesite/secret.hpp>

#include <cstddef>
#include <string>
#include <vector>

namespace cachesite {

/// Encrypts and authenticates values with AES-256-GCM, bound to their cache and key: a value that was
/// changed, or moved to another key or cache, does not decrypt.
///
/// The stored form has 4 bytes that identify the encryption key (the start of the SHA-256 of a label and the
/// key), 12 random bytes, the ciphertext, and a tag of 16 bytes: 32 bytes more than the value. The length of
/// the value is visible.
///
/// A key is the base64 of 32 random bytes (`openssl rand -base64 32`). The first encrypts, all decrypt: to
/// replace a key, put a new one in front, and remove the old one when its values have expired. Use one key
/// for at most 2^32 values, since the nonces are random.
class AeadCodec final : public ICodec {
 public:
  /// Number of bytes that a stored value has more than the value.
  static constexpr std::size_t overhead = 32;

  /// Throws std::invalid_argument, without the key's text, when there is no key or one has another form.
  explicit AeadCodec(const std::vector<Secret>& keys);
  /// 32 random bytes as 44 characters. Throws std::runtime_error when the system has no random numbers.
  [[nodiscard]] static Secret generate_key();
  /// True when the text has the form of a key.
  [[nodiscard]] static bool is_key(const Secret& text);
  /// True when `stored` was encrypted with one of the keys, by its key id.
  [[nodiscard]] bool knows_key_of(ByteView stored) const noexcept;

  /// As `encode` and `decode`, and also authenticates `header`: bytes that are stored unencrypted beside the
  /// value.
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
