#include "codecs/fernet_token.hpp"

#include "codecs/cipher.hpp"
#include "codecs/key_text.hpp"

#include <openssl/crypto.h>
#include <openssl/hmac.h>

namespace cachesite::codecs {

namespace {

constexpr unsigned char version = 0x81;
constexpr std::size_t time_at = 1;
constexpr std::size_t vector_at = 9;
constexpr std::size_t content_at = 25;
constexpr std::size_t block = 16;
constexpr std::size_t signature_size = 32;
constexpr std::size_t half_key = fernet_key_size / 2;

using Signature = std::array<unsigned char, signature_size>;

bool sign(const Secret& key, std::string_view text, Signature& signature) noexcept {
  unsigned size = 0;
  return ::HMAC(::EVP_sha256(), key.reveal().data(), static_cast<int>(half_key),
                reinterpret_cast<const unsigned char*>(text.data()), text.size(), signature.data(),
                &size) != nullptr &&
         size == signature_size;
}

const unsigned char* encryption_key(const Secret& key) noexcept {
  return reinterpret_cast<const unsigned char*>(key.reveal().data()) + half_key;
}

std::uint64_t read_time(std::string_view token) noexcept {
  std::uint64_t time = 0;
  for (std::size_t index = 0; index < 8; ++index)
    time = time << 8U | static_cast<unsigned char>(token[time_at + index]);
  return time;
}

bool decrypt(const Secret& key, std::string_view token, std::string& plain) {
  const auto content = token.substr(content_at, token.size() - content_at - signature_size);
  plain.resize(content.size());
  const auto context = make_cipher_context();
  int size = 0;
  int rest = 0;
  if (::EVP_DecryptInit_ex(context.get(), ::EVP_aes_256_cbc(), nullptr, encryption_key(key),
                           reinterpret_cast<const unsigned char*>(token.data()) + vector_at) != 1 ||
      ::EVP_DecryptUpdate(context.get(), octets(plain), &size, octets(content),
                          static_cast<int>(content.size())) != 1 ||
      ::EVP_DecryptFinal_ex(context.get(), octets(plain) + size, &rest) != 1) {
    plain.clear();
    return false;
  }
  plain.resize(static_cast<std::size_t>(size) + static_cast<std::size_t>(rest));
  return true;
}

bool in_time(std::uint64_t time, const FernetAge& age) noexcept {
  constexpr std::int64_t most_skew = 60;
  const auto now = static_cast<std::uint64_t>(std::max<std::int64_t>(0, age.now.count()));
  const auto most = static_cast<std::uint64_t>(std::max<std::int64_t>(0, age.most.count()));
  if (time <= now) return now - time <= most;
  return time - now <= static_cast<std::uint64_t>(most_skew);
}

}  // namespace

std::size_t fernet_plain_bound(std::size_t token_size) noexcept {
  const auto bytes = token_size / 4 * 3;
  return bytes < content_at + signature_size ? 0 : bytes - content_at - signature_size;
}

Result<std::string> seal_fernet(const Secret& key, ByteView plain, std::chrono::seconds time,
                                const FernetInitialVector& initial_vector) {
  std::string token(content_at + (plain.size() / block + 1) * block, '\0');
  token[0] = static_cast<char>(version);
  auto seconds = static_cast<std::uint64_t>(time.count());
  for (std::size_t index = 8; index-- > 0; seconds >>= 8U)
    token[time_at + index] = static_cast<char>(seconds & 0xFFU);
  for (std::size_t index = 0; index < block; ++index)
    token[vector_at + index] = static_cast<char>(initial_vector[index]);
  const auto context = make_cipher_context();
  int size = 0;
  int rest = 0;
  auto* const content = octets(token) + content_at;
  Signature signature{};
  if (::EVP_EncryptInit_ex(context.get(), ::EVP_aes_256_cbc(), nullptr, encryption_key(key),
                           initial_vector.data()) != 1 ||
      (!plain.empty() && ::EVP_EncryptUpdate(context.get(), content, &size, octets(plain),
                                             static_cast<int>(plain.size())) != 1) ||
      ::EVP_EncryptFinal_ex(context.get(), content + size, &rest) != 1 || !sign(key, token, signature))
    return Error(ErrorCode::refused, "the encryption is not available");
  token.append(reinterpret_cast<const char*>(signature.data()), signature.size());
  return encode_base64(token);
}

OpenedFernet open_fernet(const std::vector<Secret>& keys, ByteView token, std::optional<FernetAge> age) {
  OpenedFernet opened;
  const auto bytes = decode_base64(token.text());
  if (!bytes || bytes->empty() || static_cast<unsigned char>(bytes->front()) != version) return opened;
  const auto size = bytes->size();
  if (size < content_at + block + signature_size || (size - content_at - signature_size) % block != 0)
    return opened;
  const auto time = read_time(*bytes);
  opened.time = std::chrono::seconds(static_cast<std::int64_t>(time));
  if (age && !in_time(time, *age)) {
    opened.verdict = FernetVerdict::expired;
    return opened;
  }
  opened.verdict = FernetVerdict::not_authentic;
  const std::string_view all = *bytes;
  const auto signed_part = all.substr(0, size - signature_size);
  for (const auto& key : keys) {
    Signature signature{};
    if (!sign(key, signed_part, signature)) continue;
    if (::CRYPTO_memcmp(signature.data(), all.data() + signed_part.size(), signature_size) != 0) continue;
    if (!decrypt(key, all, opened.plain)) continue;
    opened.verdict = FernetVerdict::open;
    break;
  }
  return opened;
}

}  // namespace cachesite::codecs
