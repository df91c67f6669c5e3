#pragma once

#include <cachesite/secret.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>

namespace cachesite::codecs {

// Base64 of the standard or the URL-safe alphabet, padded; nothing for any other text.
std::optional<std::string> decode_base64(std::string_view text);
// The URL-safe alphabet, padded.
std::string encode_base64(std::string_view bytes);

// The raw bytes of a key; nothing when the text has not the form of one.
std::optional<Secret> fernet_key(const Secret& text);
std::optional<Secret> aead_key(const Secret& text);

// False when the system has no random numbers.
bool fill_random(unsigned char* bytes, std::size_t size) noexcept;
// Throws std::runtime_error when the system has no random numbers.
Secret random_key_text(std::size_t size);

}  // namespace cachesite::codecs
