// Tokens: as text, and as the bytes behind the base64 with a right signature, so that what lies behind the
// signature is reached too.

#include "codecs/fernet_token.hpp"
#include "codecs/key_text.hpp"

#include <cstdint>
#include <cstdlib>
#include <string>

#include <openssl/evp.h>
#include <openssl/hmac.h>

using namespace cachesite;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::vector<Secret> keys{Secret(std::string(64, 'k'))};
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  const auto opened = codecs::open_fernet(
      keys, bytes, codecs::FernetAge{std::chrono::seconds(10), std::chrono::seconds(1000)});
  if (opened.plain.size() > codecs::fernet_plain_bound(size)) std::abort();

  std::string raw(bytes);
  unsigned char signature[EVP_MAX_MD_SIZE];
  unsigned signature_size = 0;
  HMAC(EVP_sha256(), keys.front().reveal().data(), 32, data, size, signature, &signature_size);
  raw.append(reinterpret_cast<const char*>(signature), signature_size);
  const auto signed_token = codecs::open_fernet(keys, codecs::encode_base64(raw), std::nullopt);
  if (signed_token.verdict == codecs::FernetVerdict::open && signed_token.plain.size() >= size) std::abort();
  return 0;
}
