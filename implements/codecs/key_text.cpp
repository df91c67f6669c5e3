#include "codecs/key_text.hpp"

#include "codecs/fernet_token.hpp"

#include <limits>
#include <stdexcept>

#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <openssl/rand.h>

namespace cachesite::codecs {

namespace {

constexpr std::size_t aead_key_size = 32;

bool is_base64_character(char character) noexcept {
  return (character >= 'A' && character <= 'Z') || (character >= 'a' && character <= 'z') ||
         (character >= '0' && character <= '9') || character == '+' || character == '/';
}

void wipe(std::string& bytes) noexcept {
  ::OPENSSL_cleanse(bytes.data(), bytes.size());
}

// The bytes of a key of `size` bytes; the length of its text tells whether it is one.
std::optional<Secret> decoded_key(std::string_view text, std::size_t size) {
  const std::size_t padding = (3 - size % 3) % 3;
  if (text.size() != (size + 2) / 3 * 4 || text.find('=') != text.size() - padding) return std::nullopt;
  auto bytes = decode_base64(text);
  if (!bytes) return std::nullopt;
  return std::optional<Secret>(std::in_place, std::move(*bytes));
}

}  // namespace

std::optional<std::string> decode_base64(std::string_view text) {
  if (text.size() % 4 != 0 || text.size() > std::size_t{std::numeric_limits<int>::max()}) return std::nullopt;
  std::size_t padding = 0;
  while (padding < 2 && padding < text.size() && text[text.size() - 1 - padding] == '=')
    ++padding;
  std::string standard(text);
  for (std::size_t index = 0; index < standard.size() - padding; ++index) {
    char& character = standard[index];
    if (character == '-') character = '+';
    if (character == '_') character = '/';
    if (!is_base64_character(character)) {
      wipe(standard);
      return std::nullopt;
    }
  }
  std::string bytes(standard.size() / 4 * 3, '\0');
  const int size = ::EVP_DecodeBlock(reinterpret_cast<unsigned char*>(bytes.data()),
                                     reinterpret_cast<const unsigned char*>(standard.data()),
                                     static_cast<int>(standard.size()));
  wipe(standard);
  if (size < 0) return std::nullopt;
  bytes.resize(static_cast<std::size_t>(size) - padding);
  return bytes;
}

std::string encode_base64(std::string_view bytes) {
  // One character more: EVP_EncodeBlock ends the text with a NUL.
  std::string text((bytes.size() + 2) / 3 * 4 + 1, '\0');
  ::EVP_EncodeBlock(reinterpret_cast<unsigned char*>(text.data()),
                    reinterpret_cast<const unsigned char*>(bytes.data()), static_cast<int>(bytes.size()));
  text.pop_back();
  for (char& character : text) {
    if (character == '+') character = '-';
    if (character == '/') character = '_';
  }
  return text;
}

std::optional<Secret> fernet_key(const Secret& text) {
  if (text.reveal().size() == fernet_key_size) return text;
  return decoded_key(text.reveal(), fernet_key_size);
}

std::optional<Secret> aead_key(const Secret& text) {
  // `openssl rand -base64 32` pads; some tools do not.
  if (text.reveal().size() == 43) {
    std::string padded;
    padded.reserve(44);
    padded.append(text.reveal()).append(1, '=');
    auto key = decoded_key(padded, aead_key_size);
    wipe(padded);
    return key;
  }
  return decoded_key(text.reveal(), aead_key_size);
}

bool fill_random(unsigned char* bytes, std::size_t size) noexcept {
  return ::RAND_bytes(bytes, static_cast<int>(size)) == 1;
}

Secret random_key_text(std::size_t size) {
  std::string bytes(size, '\0');
  if (!fill_random(reinterpret_cast<unsigned char*>(bytes.data()), size))
    throw std::runtime_error("the system has no random numbers");
  Secret text(encode_base64(bytes));
  wipe(bytes);
  return text;
}

}  // namespace cachesite::codecs
