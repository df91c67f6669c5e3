#include "telemetry/retry_schedule.hpp"

#include <array>
#include <charconv>
#include <cstdio>
#include <cstring>
#include <ctime>

namespace cachesite::telemetry {

namespace {

constexpr std::int64_t longest = 1'000'000'000;  // seconds; no wait is as long

std::optional<std::int64_t> seconds_of_date(std::string_view text) noexcept {
  std::array<char, 64> copy{};
  if (text.size() >= copy.size()) return std::nullopt;
  std::memcpy(copy.data(), text.data(), text.size());
  std::tm parts{};
  std::array<char, 4> month{};
  int year = 0;
  // Names of days and months are English whatever the locale is.
  if (std::sscanf(copy.data(), "%*3[A-Za-z], %2d %3[A-Za-z] %4d %2d:%2d:%2d GMT", &parts.tm_mday,
                  month.data(), &year, &parts.tm_hour, &parts.tm_min, &parts.tm_sec) != 6)
    return std::nullopt;
  constexpr std::string_view months = "JanFebMarAprMayJunJulAugSepOctNovDec";
  const auto place = months.find(month.data());
  if (place == std::string_view::npos || place % 3 != 0 || std::strlen(month.data()) != 3)
    return std::nullopt;
  parts.tm_mon = static_cast<int>(place / 3);
  parts.tm_year = year - 1900;
  return ::timegm(&parts);
}

}  // namespace

std::optional<std::chrono::seconds> parse_retry_after(std::string_view text,
                                                      std::chrono::system_clock::time_point now) noexcept {
  std::int64_t seconds = 0;
  const auto* const end = text.data() + text.size();
  const auto [stop, error] = std::from_chars(text.data(), end, seconds);
  if (stop == end && !text.empty() && text.front() != '-')
    return std::chrono::seconds(error == std::errc() ? std::min(seconds, longest) : longest);
  const auto date = seconds_of_date(text);
  if (!date) return std::nullopt;
  const auto present = std::chrono::system_clock::to_time_t(now);
  return std::chrono::seconds(std::clamp<std::int64_t>(*date - present, 0, longest));
}

}  // namespace cachesite::telemetry
