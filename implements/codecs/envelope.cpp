#include "codecs/envelope.hpp"

#include "basics/checksum.hpp"

#include <cachesite/detail/stable_hash.hpp>

#include <string_view>

namespace cachesite::codecs {

namespace {

// C1 begins no text, no pickle, no compressed container, and is the one byte that MessagePack never uses.
constexpr std::string_view magic("\xC1\x43\x53", 3);
constexpr std::size_t version_at = 3;
constexpr std::size_t compression_at = 4;
constexpr std::size_t encryption_at = 5;
constexpr std::size_t flags_at = 6;
constexpr std::size_t reserved_at = 7;
constexpr std::size_t content_size_at = 8;
constexpr std::size_t place_at = 12;

std::uint64_t place_of(const CodecScope& scope) noexcept {
  return stable_hash(scope.key, stable_hash(std::string_view("\0", 1), stable_hash(scope.cache)));
}

void put(std::string& text, std::size_t at, std::uint64_t number, std::size_t size) noexcept {
  for (std::size_t index = size; index-- > 0; number >>= 8U)
    text[at + index] = static_cast<char>(number & 0xFFU);
}

std::uint64_t take(std::string_view text, std::size_t at, std::size_t size) noexcept {
  std::uint64_t number = 0;
  for (std::size_t index = 0; index < size; ++index)
    number = number << 8U | static_cast<unsigned char>(text[at + index]);
  return number;
}

std::uint32_t checksum_of(std::string_view stored) noexcept {
  return basics::checksum_of({stored.substr(0, Envelope::checksum_at), stored.substr(Envelope::size)});
}

}  // namespace

bool has_envelope(ByteView stored) noexcept {
  return stored.size() >= Envelope::size && stored.text().starts_with(magic);
}

void begin_envelope(const Envelope& envelope, const CodecScope& scope, std::string& stored) {
  stored.assign(Envelope::size, '\0');
  stored.replace(0, magic.size(), magic);
  stored[version_at] = static_cast<char>(Envelope::version);
  stored[compression_at] = static_cast<char>(envelope.compression);
  stored[encryption_at] = static_cast<char>(envelope.encryption);
  stored[flags_at] = static_cast<char>(envelope.flags);
  put(stored, content_size_at, envelope.content_size, 4);
  put(stored, place_at, place_of(scope), 8);
}

void seal_envelope(std::string& stored) noexcept {
  put(stored, Envelope::checksum_at, checksum_of(stored), 4);
}

EnvelopeVerdict read_envelope(ByteView stored, const CodecScope& scope, Envelope& envelope) noexcept {
  const auto text = stored.text();
  if (static_cast<std::uint8_t>(text[version_at]) != Envelope::version) return EnvelopeVerdict::version;
  if (take(text, Envelope::checksum_at, 4) != checksum_of(text)) return EnvelopeVerdict::damaged;
  if (text[reserved_at] != 0) return EnvelopeVerdict::version;
  if (take(text, place_at, 8) != place_of(scope)) return EnvelopeVerdict::misplaced;
  envelope.compression = static_cast<std::uint8_t>(text[compression_at]);
  envelope.encryption = static_cast<std::uint8_t>(text[encryption_at]);
  envelope.flags = static_cast<std::uint8_t>(text[flags_at]);
  envelope.content_size = static_cast<std::uint32_t>(take(text, content_size_at, 4));
  return EnvelopeVerdict::good;
}

}  // namespace cachesite::codecs
