#pragma once

#include "basics/back_off.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>

namespace cachesite::telemetry {

/// What an attempt to deliver something came to.
enum class Delivery : std::uint8_t {
  taken,    ///< delivered, at least in part
  again,    ///< it may be tried again later
  refused,  ///< it never will be taken
};

/// What a status of HTTP means, as the protocol of OpenTelemetry has it.
[[nodiscard]] constexpr Delivery delivery_of(int status) noexcept {
  if (status >= 200 && status < 300) return Delivery::taken;
  return status == 429 || status == 502 || status == 503 || status == 504 ? Delivery::again
                                                                          : Delivery::refused;
}

/// How long a Retry-After asks to wait: seconds, or a date. Nothing when it is neither.
[[nodiscard]] std::optional<std::chrono::seconds> parse_retry_after(
    std::string_view text, std::chrono::system_clock::time_point now) noexcept;

/// When something that could not be delivered is tried again.
///
///   fresh    nothing was tried yet             failed() -> pausing
///   pausing  the next attempt has its time     failed() -> pausing or over
///   over     five minutes have passed, or would have before the next attempt
class RetrySchedule {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  static constexpr std::chrono::seconds first_pause{1};
  static constexpr std::chrono::seconds longest_pause{30};
  static constexpr std::chrono::minutes patience{5};

  /// The first attempt is made at `now`.
  RetrySchedule(TimePoint now, std::uint64_t seed) noexcept
      : back_off_(first_pause, longest_pause, seed), end_(now + patience) {}

  /// An attempt failed, and `wish` is how long the server asked to wait. When the next one is to be made;
  /// nothing: it is over.
  std::optional<TimePoint> failed(TimePoint now, std::optional<std::chrono::seconds> wish) noexcept {
    const auto own = std::chrono::duration_cast<TimePoint::duration>(back_off_.next());
    if (now >= end_ || (wish && *wish > patience)) return std::nullopt;
    const auto next = now + (wish && wish->count() > 0 ? TimePoint::duration(*wish) : own);
    return next <= end_ ? std::optional(next) : std::nullopt;
  }

 private:
  basics::BackOff back_off_;
  TimePoint end_;
};

}  // namespace cachesite::telemetry
