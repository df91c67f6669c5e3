#pragma once

#include <cachesite/result.hpp>

#include <chrono>
#include <cstdint>
#include <string_view>

namespace cachesite {

/// How often something may happen: so many times in so much time.
struct Rate {
  std::uint64_t count = 1;
  std::chrono::milliseconds period{1000};

  friend bool operator==(const Rate&, const Rate&) = default;
};

/// Reads a rate: a number, a slash, and a time, such as `100/minute`, `10/second`, `5/30s` or `1000/12h`. The
/// words second, minute, hour and day may have an s behind them; any other time is as `parse_duration` reads
/// it, but always has a unit, and is whole milliseconds. Space around the slash does not matter. Fails with
/// `bad_argument`, and a sentence that does not repeat the text, for any other text, a number that is not 1
/// to 1000000000, and a time that is not 1 ms to 365 days.
[[nodiscard]] Result<Rate> parse_rate(std::string_view text);

}  // namespace cachesite
