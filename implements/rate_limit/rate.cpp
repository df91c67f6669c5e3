#include <cachesite/detail/rate_limiter_options.hpp>
#include <cachesite/detail/units.hpp>

#include <charconv>
#include <system_error>
#include <utility>

namespace cachesite {

namespace {

using std::chrono::milliseconds;

constexpr std::uint64_t greatest_count = 1'000'000'000;
constexpr milliseconds longest_period = std::chrono::hours(24 * 365);

constexpr std::pair<std::string_view, milliseconds> periods[] = {{"second", std::chrono::seconds(1)},
                                                                 {"minute", std::chrono::minutes(1)},
                                                                 {"hour", std::chrono::hours(1)},
                                                                 {"day", std::chrono::hours(24)}};

std::string_view trimmed(std::string_view text) noexcept {
  while (text.starts_with(' '))
    text.remove_prefix(1);
  while (text.ends_with(' '))
    text.remove_suffix(1);
  return text;
}

Result<std::uint64_t> read_count(std::string_view text) {
  std::uint64_t count = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), count);
  if (end != text.data() + text.size() || (error != std::errc{} && error != std::errc::result_out_of_range))
    return Error(ErrorCode::bad_argument, "a rate is written like 100/minute or 5/30s");
  if (error != std::errc{} || count < 1 || count > greatest_count)
    return Error(ErrorCode::bad_argument, "the number of a rate is 1 to 1000000000");
  return count;
}

Result<milliseconds> read_period(std::string_view text) {
  for (const auto& [word, length] : periods)
    if (text == word || (text.ends_with('s') && text.substr(0, text.size() - 1) == word)) return length;
  // A bare number would be seconds, which nobody sees in 100/5.
  const bool has_unit = !text.empty() && text.back() >= 'a' && text.back() <= 'z';
  const auto length = parse_duration(text);
  if (!has_unit || !length.ok())
    return Error(ErrorCode::bad_argument,
                 "the time of a rate is second, minute, hour, day or a length such as 30s");
  const auto whole = std::chrono::duration_cast<milliseconds>(length.value());
  if (whole != length.value() || whole < milliseconds(1) || whole > longest_period)
    return Error(ErrorCode::bad_argument, "the time of a rate is 1 ms to 365 days in whole milliseconds");
  return whole;
}

}  // namespace

Result<Rate> parse_rate(std::string_view text) {
  const auto slash = text.find('/');
  if (slash == std::string_view::npos)
    return Error(ErrorCode::bad_argument, "a rate is written like 100/minute or 5/30s");
  const auto count = read_count(trimmed(text.substr(0, slash)));
  if (!count.ok()) return count.error();
  const auto period = read_period(trimmed(text.substr(slash + 1)));
  if (!period.ok()) return period.error();
  return Rate{count.value(), period.value()};
}

}  // namespace cachesite
