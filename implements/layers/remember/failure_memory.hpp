#pragma once

#include <cachesite/clock.hpp>
#include <cachesite/error.hpp>

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cachesite::remembering {

/// What is remembered of factories that failed lately. For each key:
///
///     calm        its factory may run              at first; succeeded(); the end of a pause
///     throttled   its factory is not called        failed(), for a pause that doubles with each further failure
///                 while there is a stale value
///
/// The end of a pause leaves the number of failures: the next one makes a longer pause. Both tables are
/// bounded, and forget what ends first. Safe from any thread.
class FailureMemory {
 public:
  struct Pauses {
    std::chrono::milliseconds first;
    std::chrono::milliseconds longest;
  };

  [[nodiscard]] bool throttles(std::string_view key, IClock::TimePoint now);
  /// The failure itself is remembered for `error_ttl`, if that is not 0.
  void failed(std::string_view key, const Error& error, const Pauses& pauses,
              std::chrono::milliseconds error_ttl, IClock::TimePoint now);
  void succeeded(std::string_view key);
  [[nodiscard]] std::optional<Error> error_of(std::string_view key, IClock::TimePoint now);

  static constexpr std::size_t most_errors = 10'000;

 private:
  static constexpr std::size_t ways = 4;
  static constexpr std::size_t sets = 16'384;
  struct Place {
    std::uint64_t hash = 0;  // of the key; 0: free
    std::uint64_t until : 48 = 0;
    std::uint64_t failures : 16 = 0;
  };
  static_assert(sizeof(Place) == 16);
  using Set = std::array<Place, ways>;
  struct Remembered {
    Error error;
    IClock::TimePoint until;
  };

  [[nodiscard]] static std::uint64_t hash_of(std::string_view key) noexcept;
  [[nodiscard]] static std::uint64_t milliseconds_of(IClock::TimePoint time) noexcept;
  [[nodiscard]] Place* find(std::uint64_t hash) noexcept;
  [[nodiscard]] Place& place_for(std::uint64_t hash);
  void remember_error(std::string_view key, const Error& error, IClock::TimePoint until,
                      IClock::TimePoint now);

  std::mutex mutex_;
  std::vector<Set> sets_;  // made at the first failure
  std::map<std::string, Remembered, std::less<>> errors_;
};

/// The pause after the n-th failure in a row of a key: the first one doubled each time, up to the longest, and
/// a fifth more or less, depending on key and number.
[[nodiscard]] std::chrono::milliseconds pause_after(std::uint64_t failures, std::uint64_t hash,
                                                    const FailureMemory::Pauses& pauses) noexcept;

}  // namespace cachesite::remembering
