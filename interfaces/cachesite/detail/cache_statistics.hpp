#pragma once

#include <cachesite/component.hpp>

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string_view>

namespace cachesite {

/// Counters of one cache since it was created. A field that an implementation does not count is 0.
struct CacheStatistics {
  std::uint64_t hits = 0;            ///< reads that found a value or a cached null
  std::uint64_t misses = 0;          ///< reads that found nothing
  std::uint64_t failures = 0;        ///< calls that ended in an Error, refused arguments excepted
  std::uint64_t refusals = 0;        ///< calls refused for their arguments
  std::uint64_t writes = 0;          ///< values stored
  std::uint64_t removals = 0;        ///< entries removed by a caller
  std::uint64_t clears = 0;          ///< calls that removed all entries
  std::uint64_t evictions = 0;       ///< entries evicted for lack of room
  std::uint64_t expirations = 0;     ///< entries dropped after their TTL
  std::uint64_t entries = 0;         ///< entries held now, including expired ones that are not swept yet
  std::uint64_t bytes = 0;           ///< bytes held now, including keys and the cache's own structures
  std::uint64_t tag_evictions = 0;   ///< calls that evicted tags
  std::uint64_t stampede_waits = 0;  ///< callers that waited for a computation of another caller
  /// Estimated hit ratios at half and twice the size; empty when the implementation makes no estimate, or has
  /// seen too few reads.
  std::optional<double> hit_ratio_at_half_size;
  std::optional<double> hit_ratio_at_twice_the_size;  ///< as above

  /// Hits as a share of all successful reads, 0 to 1; 0 before the first read.
  [[nodiscard]] double hit_ratio() const noexcept {
    const auto reads = hits + misses;
    return reads == 0 ? 0.0 : static_cast<double>(hits) / static_cast<double>(reads);
  }
};

/// Why stored bytes could not be decoded.
enum class Undecodable : std::uint8_t {
  foreign,        ///< of a form that the configuration does not read
  version,        ///< enveloped by a later version
  damaged,        ///< cut off or changed: the checksum or the compressed data is wrong
  misplaced,      ///< written for another key or another cache
  unknown_key,    ///< encrypted with an unknown key
  not_authentic,  ///< the encryption's own check failed: tampered with, or another key
  expired,        ///< the token is older than allowed, or from the future
  too_large,      ///< longer than allowed, or than `max_ratio` allows
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

/// Counters of a CodecCache since it was created.
struct CodecStatistics {
  std::uint64_t values_written = 0;  ///< values encoded and stored
  std::uint64_t plain_bytes = 0;     ///< their length before encoding
  std::uint64_t stored_bytes = 0;    ///< their length as stored
  std::uint64_t old_forms_read = 0;  ///< values read in an old form, which is no longer written
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
  /// Safe from any thread. The counters are read one by one, so they may be slightly inconsistent.
  [[nodiscard]] virtual CodecStatistics codec_statistics() const = 0;
};

/// Counters of a FailoverCache since it was created.
struct FailoverStatistics {
  bool down = false;                 ///< the first cache counts as failing now
  std::uint64_t outages = 0;         ///< how often it began to fail
  std::uint64_t outage_errors = 0;   ///< failed calls to either cache that count as an outage
  std::uint64_t failover_calls = 0;  ///< calls that the second cache got
  std::uint64_t degraded_calls = 0;  ///< calls that were answered without any cache
  std::uint64_t repaired_keys = 0;   ///< keys removed from the first cache after an outage
  std::uint64_t forgotten_keys = 0;  ///< keys that did not fit into the list, and
                                     ///< patterns that the first cache cannot remove
  std::uint64_t keys_to_repair = 0;  ///< keys in that list now
};

/// The counters of a FailoverCache. Cheap, and safe from any thread.
class IFailoverStatistics : public Interface<IFailoverStatistics, "IFailoverStatistics"> {
 public:
  [[nodiscard]] virtual FailoverStatistics failover_statistics() const = 0;
};

}  // namespace cachesite
