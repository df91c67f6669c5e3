#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace cachesite::codecs {

// Takes numbers and strings off the front of bytes; what is not there is noticed, never read.
class ByteReader {
 public:
  explicit ByteReader(std::string_view bytes) noexcept : rest_(bytes) {}

  [[nodiscard]] std::size_t left() const noexcept { return rest_.size(); }

  // `size` is 1, 2, 4 or 8.
  bool take_big_endian(std::size_t size, std::uint64_t& number) noexcept {
    if (rest_.size() < size) return false;
    number = 0;
    for (std::size_t index = 0; index < size; ++index)
      number = number << 8U | static_cast<unsigned char>(rest_[index]);
    rest_.remove_prefix(size);
    return true;
  }
  bool take_little_endian(std::size_t size, std::uint64_t& number) noexcept {
    if (rest_.size() < size) return false;
    number = 0;
    for (std::size_t index = size; index-- > 0;)
      number = number << 8U | static_cast<unsigned char>(rest_[index]);
    rest_.remove_prefix(size);
    return true;
  }
  bool take_byte(std::uint8_t& byte) noexcept {
    if (rest_.empty()) return false;
    byte = static_cast<std::uint8_t>(rest_.front());
    rest_.remove_prefix(1);
    return true;
  }
  bool take(std::uint64_t size, std::string_view& bytes) noexcept {
    if (rest_.size() < size) return false;
    bytes = rest_.substr(0, static_cast<std::size_t>(size));
    rest_.remove_prefix(static_cast<std::size_t>(size));
    return true;
  }

 private:
  std::string_view rest_;
};

// The number that `size` bytes mean in two's complement.
constexpr std::int64_t sign_extended(std::uint64_t number, std::size_t size) noexcept {
  const auto shift = 64 - 8 * static_cast<unsigned>(size);
  return static_cast<std::int64_t>(number << shift) >> shift;
}

inline double real_of_bits(std::uint64_t bits) noexcept {
  return std::bit_cast<double>(bits);
}
inline double real_of_short_bits(std::uint64_t bits) noexcept {
  return static_cast<double>(std::bit_cast<float>(static_cast<std::uint32_t>(bits)));
}

}  // namespace cachesite::codecs
