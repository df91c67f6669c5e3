#pragma once

#include <cachesite/bytes.hpp>

#include <memory>
#include <new>

#include <openssl/evp.h>

namespace cachesite::codecs {

struct FreeCipher {
  void operator()(EVP_CIPHER_CTX* context) const noexcept { ::EVP_CIPHER_CTX_free(context); }
};
using CipherContext = std::unique_ptr<EVP_CIPHER_CTX, FreeCipher>;

inline CipherContext make_cipher_context() {
  CipherContext context(::EVP_CIPHER_CTX_new());
  if (!context) throw std::bad_alloc();
  return context;
}

inline const unsigned char* octets(ByteView bytes) noexcept {
  return reinterpret_cast<const unsigned char*>(bytes.data());
}
inline unsigned char* octets(std::string& bytes) noexcept {
  return reinterpret_cast<unsigned char*>(bytes.data());
}

}  // namespace cachesite::codecs
