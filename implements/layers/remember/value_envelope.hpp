#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace cachesite::remembering {

/// A value in the form `envelope`, and what is known of it. 32 bytes, numbers with the lowest byte first, then the
/// etag, then the value:
///
///      0  C1 43 45, which begin no MessagePack, JSON, pickle or text      8  version, 8 bytes
///      3  01, the format                                                 16  stale_for in milliseconds, 4 bytes
///      4  flags: 1 null, 2 error                                         20  cost in microseconds, 4 bytes
///      5  length of the etag                                             24  length of the value, 4 bytes
///      6  code of the error                                              28  CRC-32 (zlib) of all other bytes
///      7  0
///
/// The views are into the stored bytes.
struct ValueEnvelope {
  static constexpr std::size_t header_size = 32;
  static constexpr std::size_t longest_etag = 255;
  static constexpr std::chrono::milliseconds longest_stale{0xffff'ffff};

  bool null = false;
  bool error = false;
  std::uint8_t error_code = 0;
  std::uint64_t version = 0;
  /// The part of the TTL in the store that comes after the end of the value's own.
  std::chrono::milliseconds stale_for{0};
  std::chrono::microseconds cost{0};
  std::string_view etag;
  std::string_view value;
};

/// Whether the bytes begin as an envelope does. Others are a plain value.
[[nodiscard]] constexpr bool looks_enveloped(std::string_view stored) noexcept {
  return stored.size() > 2 && stored[0] == '\xC1' && stored[1] == '\x43' && stored[2] == '\x45';
}

/// Puts the envelope in place of what is in `stored`. Preconditions: the etag is not longer than `longest_etag`,
/// and the value shorter than 4 GiB. Durations are limited to what the header has room for.
void write_envelope(const ValueEnvelope& envelope, std::string& stored);

/// Nothing but views is made, whatever the bytes say. Why they are no envelope; null when they are one. A format
/// that is not known is a reason, too.
[[nodiscard]] const char* read_envelope(std::string_view stored, ValueEnvelope& envelope) noexcept;

}  // namespace cachesite::remembering
