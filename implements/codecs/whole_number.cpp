#include "codecs/whole_number.hpp"

#include "codecs/byte_reader.hpp"
#include "codecs/cipher.hpp"

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <memory>
#include <new>
#include <system_error>

#include <openssl/bn.h>
#include <openssl/crypto.h>

namespace cachesite::codecs {

namespace {

struct FreeNumber {
  void operator()(BIGNUM* number) const noexcept { ::BN_free(number); }
  void operator()(char* text) const noexcept { ::OPENSSL_free(text); }
};
using BigNumber = std::unique_ptr<BIGNUM, FreeNumber>;

// The other sign in two's complement.
void negate(std::string& bytes) noexcept {
  unsigned carry = 1;
  for (char& byte : bytes) {
    const unsigned sum = (~static_cast<unsigned>(static_cast<unsigned char>(byte)) & 0xFFU) + carry;
    byte = static_cast<char>(sum & 0xFFU);
    carry = sum >> 8U;
  }
}

}  // namespace

std::optional<Data> whole_number_of_bytes(std::string_view bytes) {
  if (bytes.empty()) return Data(0);
  if (bytes.size() > longest_whole_number) return std::nullopt;
  if (bytes.size() <= 8) {
    ByteReader reader(bytes);
    std::uint64_t number = 0;
    reader.take_little_endian(bytes.size(), number);
    return Data(sign_extended(number, bytes.size()));
  }
  const bool negative = (static_cast<unsigned char>(bytes.back()) & 0x80U) != 0;
  std::string magnitude(bytes);
  if (negative) negate(magnitude);
  const BigNumber number(::BN_lebin2bn(octets(magnitude), static_cast<int>(magnitude.size()), nullptr));
  if (!number) throw std::bad_alloc();
  ::BN_set_negative(number.get(), negative ? 1 : 0);
  const std::unique_ptr<char, FreeNumber> digits(::BN_bn2dec(number.get()));
  if (!digits) throw std::bad_alloc();
  // Written longer than needed, it may still fit 64 bits.
  const std::string_view text = digits.get();
  std::int64_t small = 0;
  if (std::from_chars(text.data(), text.data() + text.size(), small).ec == std::errc()) return Data(small);
  return Data::big_integer(std::string(text));
}

std::optional<std::string> bytes_of_digits(std::string_view digits) {
  const bool negative = digits.starts_with('-');
  const auto magnitude = digits.substr(negative ? 1 : 0);
  // A byte is less than two and a half digits.
  if (magnitude.empty() || magnitude.size() > longest_whole_number * 5 / 2 ||
      !std::all_of(magnitude.begin(), magnitude.end(),
                   [](char digit) { return digit >= '0' && digit <= '9'; }))
    return std::nullopt;
  BIGNUM* raw = nullptr;
  const std::string text(magnitude);
  if (::BN_dec2bn(&raw, text.c_str()) == 0) throw std::bad_alloc();
  const BigNumber number(raw);
  const auto size = static_cast<std::size_t>(BN_num_bytes(number.get()));
  if (size == 0) return std::string();
  // A byte more for the sign, dropped again when it says nothing.
  std::string bytes(size + 1, '\0');
  if (::BN_bn2lebinpad(number.get(), octets(bytes), static_cast<int>(bytes.size())) < 0)
    throw std::bad_alloc();
  if (negative) negate(bytes);
  const auto sign_of = [](char byte) { return (static_cast<unsigned char>(byte) & 0x80U) != 0; };
  const char filler = negative ? '\xFF' : '\0';
  while (bytes.size() > 1 && bytes.back() == filler && sign_of(bytes[bytes.size() - 2]) == negative)
    bytes.pop_back();
  return bytes;
}

}  // namespace cachesite::codecs
