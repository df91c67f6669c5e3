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

/// Encrypts bytes into tokens of text, and opens them: rick's Fernet256, byte for byte (AES-256 in CBC mode
/// with PKCS #7, then HMAC-SHA256, in URL-safe base64 with padding). It is not the Fernet of other libraries,
/// which has AES-128.
///
/// A key is 64 bytes, half for signing and half for encryption. It is given as those 64 bytes, or as their
/// base64 of 88 characters. The first key encrypts; every key opens, so a key is replaced by putting a new
/// one in front and dropping the old one when its tokens are gone.
///
/// A token is not bound to where it is stored: who can write to the store can swap two of them. AeadCodec has
/// no such gap.
///
/// All calls are safe from any thread. Failures to open are ErrorCode::corrupt and do not say what was wrong.
class Fernet256 {
 public:
  using Seconds = std::chrono::seconds;

  /// Tokens from further ahead than this are refused when an age is asked for.
  static constexpr Seconds most_skew{60};

  /// Throws std::invalid_argument, without the key's text, when there is no key or one has not the form
  /// above.
  explicit Fernet256(const std::vector<Secret>& keys);
  /// 64 random bytes as 88 characters. Throws std::runtime_error when the system has no random numbers.
  [[nodiscard]] static Secret generate_key();
  /// True when the text has one of the two forms of a key.
  [[nodiscard]] static bool is_key(const Secret& text);

  /// A token of `plain`, dated now by the clock on the wall. Fails with `refused` when the system has no
  /// random numbers.
  [[nodiscard]] Result<std::string> encrypt(ByteView plain) const;
  /// A token dated `time` after 1970-01-01T00:00Z.
  [[nodiscard]] Result<std::string> encrypt_at_time(ByteView plain, Seconds time) const;

  /// What the token was made of. With `most_age`, a token that is older, or from more than `most_skew` ahead
  /// of the clock on the wall, is refused; without it neither is looked at.
  [[nodiscard]] Result<std::string> decrypt(ByteView token,
                                            std::optional<Seconds> most_age = std::nullopt) const;
  /// The same at the time `now`.
  [[nodiscard]] Result<std::string> decrypt_at_time(ByteView token, Seconds most_age, Seconds now) const;

  /// When the token was made. Its signature is checked first.
  [[nodiscard]] Result<Seconds> extract_timestamp(ByteView token) const;
  /// The same content under the first key, with the token's own time.
  [[nodiscard]] Result<std::string> rotate(ByteView token) const;

 private:
  std::vector<Secret> keys_;  // 64 raw bytes each
};

}  // namespace cachesite
