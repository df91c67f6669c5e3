#pragma once

#include <cachesite/component.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace cachesite {

/// Why stored bytes could not be turned back into a value.
enum class Undecodable : std::uint8_t {
  foreign,        ///< not of a form that the configuration reads
  version,        ///< enveloped by a later version
  damaged,        ///< cut off or changed: the checksum or the compressed data is wrong
  misplaced,      ///< written for another key or another cache
  unknown_key,    ///< encrypted with a key that is not among those given
  not_authentic,  ///< the encryption's own check failed: tampered with, or another key
  expired,        ///< the token is older than allowed, or from the future
  too_large,      ///< longer than allowed, or out of proportion to its compressed form
  codec,          ///< refused by the codec that the configuration names
};

inline constexpr std::size_t undecodable_reasons = 9;

/// The reason as a word for metrics and logs, such as "damaged".
[[nodiscard]] constexpr std::string_view to_string(Undecodable reason) noexcept {
  constexpr std::array<std::string_view, undecodable_reasons> words{
      "foreign",       "version", "damaged",   "misplaced", "unknown_key",
      "not_authentic", "expired", "too_large", "codec"};
  const auto index = static_cast<std::size_t>(reason);
  return index < words.size() ? words[index] : "unknown";
}

/// What a CodecCache has done since it was made.
struct CodecStatistics {
  std::uint64_t values_written = 0;  ///< values encoded and stored
  std::uint64_t plain_bytes = 0;     ///< their length before encoding
  std::uint64_t stored_bytes = 0;    ///< their length as stored
  std::uint64_t old_forms_read = 0;  ///< values read in a form that is read but no longer written
  std::array<std::uint64_t, undecodable_reasons> undecodable{};  ///< by reason

  [[nodiscard]] std::uint64_t undecodable_by(Undecodable reason) const noexcept {
    return undecodable[static_cast<std::size_t>(reason)];
  }
  /// All reasons together.
  [[nodiscard]] std::uint64_t undecodable_total() const noexcept {
    std::uint64_t total = 0;
    for (const auto count : undecodable)
      total += count;
    return total;
  }
};

/// The counters of a component that encodes values; a CodecCache has it beside ICache.
class ICodecStatistics : public Interface<ICodecStatistics, "ICodecStatistics"> {
 public:
  /// Safe from any thread. The counters are read one by one, so they need not fit each other exactly.
  [[nodiscard]] virtual CodecStatistics codec_statistics() const = 0;
};

}  // namespace cachesite
