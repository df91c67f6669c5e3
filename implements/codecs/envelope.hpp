#pragma once

#include <cachesite/bytes.hpp>
#include <cachesite/codec.hpp>

#include <cstdint>
#include <optional>
#include <string>

namespace cachesite::codecs {

// The header of an enveloped value. Its layout is told at CodecCache.
struct Envelope {
  static constexpr std::size_t size = 24;
  static constexpr std::size_t checksum_at = 20;
  static constexpr std::uint8_t version = 1;
  static constexpr std::uint8_t codec_applied = 1;

  std::uint8_t compression = 0;
  std::uint8_t encryption = 0;
  std::uint8_t flags = 0;
  std::uint32_t content_size = 0;
};

bool has_envelope(ByteView stored) noexcept;

// Makes `stored` the header, with the place of the checksum still empty.
void begin_envelope(const Envelope& envelope, const CodecScope& scope, std::string& stored);
// Puts in the checksum of all that `stored` is now.
void seal_envelope(std::string& stored) noexcept;

enum class EnvelopeVerdict : std::uint8_t { good, version, damaged, misplaced };

// Precondition: has_envelope(stored).
EnvelopeVerdict read_envelope(ByteView stored, const CodecScope& scope, Envelope& envelope) noexcept;

}  // namespace cachesite::codecs
