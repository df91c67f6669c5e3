#include "codecs/cipher.hpp"
#include "codecs/key_text.hpp"

#include <cachesite/aead_codec.hpp>

#include <array>
#include <stdexcept>

#include <openssl/crypto.h>

namespace cachesite {

namespace {

using codecs::octets;

constexpr std::size_t id_size = 4;
constexpr std::size_t nonce_size = 12;
constexpr std::size_t proof_size = 16;
static_assert(id_size + nonce_size + proof_size == AeadCodec::overhead);
// OpenSSL counts with an int.
constexpr std::size_t longest_plain = std::size_t{1} << 30U;

std::string id_of(const Secret& key) {
  constexpr std::string_view label = "cachesite AES-256-GCM key ";
  std::string text;
  text.reserve(label.size() + key.reveal().size());
  text.append(label).append(key.reveal());
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  const int made = ::EVP_Digest(text.data(), text.size(), digest.data(), &size, ::EVP_sha256(), nullptr);
  ::OPENSSL_cleanse(text.data(), text.size());
  if (made != 1) throw std::runtime_error("SHA-256 is not available");
  return std::string(reinterpret_cast<const char*>(digest.data()), id_size);
}

// The length in front of each part keeps ("ab", "c") and ("a", "bc") apart.
bool authenticate(EVP_CIPHER_CTX* context, bool encrypt, ByteView part) {
  std::array<unsigned char, 8> length{};
  for (std::size_t index = 0; index < length.size(); ++index)
    length[index] = static_cast<unsigned char>(part.size() >> (56U - 8U * index));
  int size = 0;
  const auto update = encrypt ? ::EVP_EncryptUpdate : ::EVP_DecryptUpdate;
  return update(context, nullptr, &size, length.data(), static_cast<int>(length.size())) == 1 &&
         (part.empty() || update(context, nullptr, &size, octets(part), static_cast<int>(part.size())) == 1);
}

}  // namespace

AeadCodec::AeadCodec(const std::vector<Secret>& keys) {
  if (keys.empty()) throw std::invalid_argument("AES-256-GCM needs at least one key");
  for (const auto& text : keys) {
    auto key = codecs::aead_key(text);
    if (!key) throw std::invalid_argument("an AES-256-GCM key is the base64 of 32 bytes");
    auto id = id_of(*key);
    keys_.push_back({std::move(*key), std::move(id)});
  }
}

Secret AeadCodec::generate_key() {
  return codecs::random_key_text(32);
}

bool AeadCodec::is_key(const Secret& text) {
  return codecs::aead_key(text).has_value();
}

bool AeadCodec::knows_key_of(ByteView stored) const noexcept {
  for (const auto& key : keys_)
    if (stored.text().starts_with(key.id)) return true;
  return false;
}

Status AeadCodec::seal(ByteView plain, const CodecScope& scope, ByteView header, std::string& stored) const {
  if (plain.size() > longest_plain || header.size() > longest_plain)
    return Error(ErrorCode::too_large, "a value to encrypt is at most 1 GiB long");
  const auto& key = keys_.front();
  stored.assign(key.id);
  stored.resize(overhead + plain.size());
  auto* const nonce = octets(stored) + id_size;
  auto* const content = nonce + nonce_size;
  if (!codecs::fill_random(nonce, nonce_size))
    return Error(ErrorCode::refused, "the system has no random numbers");
  const auto context = codecs::make_cipher_context();
  int size = 0;
  int rest = 0;
  if (::EVP_EncryptInit_ex(context.get(), ::EVP_aes_256_gcm(), nullptr, octets(key.bytes.reveal()), nonce) !=
          1 ||
      !authenticate(context.get(), true, header) || !authenticate(context.get(), true, scope.cache) ||
      !authenticate(context.get(), true, scope.key) ||
      (!plain.empty() && ::EVP_EncryptUpdate(context.get(), content, &size, octets(plain),
                                             static_cast<int>(plain.size())) != 1) ||
      ::EVP_EncryptFinal_ex(context.get(), content + size, &rest) != 1 ||
      ::EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_GET_TAG, static_cast<int>(proof_size),
                            content + plain.size()) != 1)
    return Error(ErrorCode::refused, "the encryption is not available");
  return Done{};
}

Status AeadCodec::open(ByteView stored, const CodecScope& scope, ByteView header, std::size_t most,
                       std::string& plain) const {
  plain.clear();
  if (stored.size() < overhead || stored.size() - overhead > longest_plain)
    return Error(ErrorCode::corrupt, "the encrypted value is cut off");
  const auto length = stored.size() - overhead;
  if (length > most) return Error(ErrorCode::too_large, "the encrypted value is longer than allowed");
  const auto* const nonce = octets(stored) + id_size;
  const auto* const content = nonce + nonce_size;
  for (const auto& key : keys_) {
    if (!stored.text().starts_with(key.id)) continue;
    plain.resize(length);
    const auto context = codecs::make_cipher_context();
    std::array<unsigned char, proof_size> proof{};
    std::copy_n(content + length, proof_size, proof.begin());
    int size = 0;
    int rest = 0;
    if (::EVP_DecryptInit_ex(context.get(), ::EVP_aes_256_gcm(), nullptr, octets(key.bytes.reveal()),
                             nonce) == 1 &&
        authenticate(context.get(), false, header) && authenticate(context.get(), false, scope.cache) &&
        authenticate(context.get(), false, scope.key) &&
        (length == 0 ||
         ::EVP_DecryptUpdate(context.get(), octets(plain), &size, content, static_cast<int>(length)) == 1) &&
        ::EVP_CIPHER_CTX_ctrl(context.get(), EVP_CTRL_AEAD_SET_TAG, static_cast<int>(proof_size),
                              proof.data()) == 1 &&
        ::EVP_DecryptFinal_ex(context.get(), octets(plain) + size, &rest) == 1)
      return Done{};
    // What did not pass the check is not handed out, not even as rest in the caller's memory.
    ::OPENSSL_cleanse(plain.data(), plain.size());
    plain.clear();
  }
  return Error(ErrorCode::corrupt, "the value does not decrypt with any of the keys");
}

Status AeadCodec::do_encode(ByteView plain, const CodecScope& scope, std::string& stored) const {
  return seal(plain, scope, {}, stored);
}

Status AeadCodec::do_decode(ByteView stored, const CodecScope& scope, std::size_t most,
                            std::string& plain) const {
  return open(stored, scope, {}, most, plain);
}

}  // namespace cachesite
