#include "redis/wire/script_digest.hpp"

#include <array>
#include <stdexcept>

#include <openssl/evp.h>

namespace cachesite::redis {

std::string script_digest(std::string_view text) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest;
  unsigned size = 0;
  if (EVP_Digest(text.data(), text.size(), digest.data(), &size, EVP_sha1(), nullptr) != 1)
    throw std::runtime_error("SHA-1 is not available");
  constexpr std::string_view digits = "0123456789abcdef";
  std::string name;
  name.reserve(size * std::size_t{2});
  for (unsigned index = 0; index < size; ++index) {
    name += digits[digest[index] >> 4U];
    name += digits[digest[index] & 15U];
  }
  return name;
}

}  // namespace cachesite::redis
