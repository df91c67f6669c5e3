#pragma once

#include <cachesite/bytes.hpp>
#include <cachesite/cache_request.hpp>
#include <cachesite/lookup.hpp>
#include <cachesite/result.hpp>
#include <cachesite/time_to_live.hpp>
#include <cachesite/value.hpp>

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace cachesite::detail {

/// A cache in memory whose entries may have notes: two words of whoever stores them, which no other user of the
/// cache sees. Entries that others store have a note of zeros. Safe from any thread.
class INotedStore {
 public:
  /// The highest bit of the first word belongs to the store.
  using Note = std::array<std::uint64_t, 2>;

  /// From now on every entry has a note. To be called before anything else is; it removes what is stored.
  virtual void keep_notes() noexcept = 0;
  /// As ICache::read, but that a failure is a miss. `note` and `now`, the time of the read in nanoseconds of the clock
  /// of the store, are those of what is found.
  virtual Found read_noted(std::string_view key, Value& destination, Note& note,
                           std::int64_t& now) noexcept = 0;
  /// The same for an entry that may have ended.
  virtual Result<Found> read_noted_stale(std::string_view key, Value& destination, StaleRead& stale,
                                         Note& note) = 0;
  virtual Status write_noted(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live,
                             const Note& note) = 0;

 protected:
  ~INotedStore() = default;
};

}  // namespace cachesite::detail
