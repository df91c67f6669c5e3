#pragma once

#include <cachesite/bytes.hpp>
#include <cachesite/result.hpp>
#include <cachesite/secret.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace cachesite {

/// Encrypts bytes into text tokens, and decrypts them: rick's Fernet256, byte for byte (AES-256 in CBC mode
/// with PKCS #7, then HMAC-SHA256, in URL-safe base64 with padding). It differs from Fernet of other
/// libraries, which uses AES-128.
///
/// A key has 64 bytes, half for signing and half for encryption, or their base64 with 88 characters. The
/// first key encrypts, all decrypt: to replace a key, put a new one in front, and remove the old one when its
/// tokens have expired.
///
/// A token is not bound to its key in the cache: anybody with write access to the store can swap two tokens.
/// AeadCodec prevents this.
///
/// All calls are safe from any thread. A failed decryption is ErrorCode::corrupt without a reason.
class Fernet256 {
 public:
  using Seconds = std::chrono::seconds;

  /// With an age limit, tokens from further in the future are refused.
  static constexpr Seconds most_skew{60};

  /// Throws std::invalid_argument, without the key's text, when there is no key or one has another form.
  explicit Fernet256(const std::vector<Secret>& keys);
  /// 64 random bytes as 88 characters. Throws std::runtime_error when the system has no random numbers.
  [[nodiscard]] static Secret generate_key();
  /// True when the text has one of the two forms of a key.
  [[nodiscard]] static bool is_key(const Secret& text);

  /// A token of `plain`, with the time of the wall clock. Fails with `refused` when the system has no random
  /// numbers.
  [[nodiscard]] Result<std::string> encrypt(ByteView plain) const;
  /// A token with the time `time` after 1970-01-01T00:00Z.
  [[nodiscard]] Result<std::string> encrypt_at_time(ByteView plain, Seconds time) const;

  /// The content of the token. With `most_age`, a token that is older, or more than `most_skew` ahead of the
  /// wall clock, is refused.
  [[nodiscard]] Result<std::string> decrypt(ByteView token,
                                            std::optional<Seconds> most_age = std::nullopt) const;
  /// The same at the time `now`.
  [[nodiscard]] Result<std::string> decrypt_at_time(ByteView token, Seconds most_age, Seconds now) const;

  /// The time of the token. Its signature is checked first.
  [[nodiscard]] Result<Seconds> extract_timestamp(ByteView token) const;
  /// The same content with the first key, and the time of the old token.
  [[nodiscard]] Result<std::string> rotate(ByteView token) const;

 private:
  std::vector<Secret> keys_;  // 64 raw bytes each
};

}  // namespace cachesite
