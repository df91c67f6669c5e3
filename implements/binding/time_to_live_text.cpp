#include <cachesite/detail/time_to_live_text.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>

namespace cachesite {

namespace {

struct TimeUnit {
  std::string_view name;
  std::uint64_t milliseconds;
};
// The longer name first, since one begins with the other.
constexpr TimeUnit time_units[] = {{"ms", 1},        {"min", 60'000},   {"m", 60'000},     {"s", 1'000},
                                   {"h", 3'600'000}, {"d", 86'400'000}, {"w", 604'800'000}};

constexpr auto longest = static_cast<std::uint64_t>(TimeToLive::longest.count());

Error malformed() {
  return Error(ErrorCode::bad_argument, "a TTL is written like 2h30m, 90s or 250ms");
}

void skip_space(std::string_view& text) noexcept {
  const auto at = text.find_first_not_of(" \t\n\v\f\r");
  text.remove_prefix(at == std::string_view::npos ? text.size() : at);
}

char lower(char letter) noexcept {
  return letter >= 'A' && letter <= 'Z' ? static_cast<char>(letter - 'A' + 'a') : letter;
}

bool starts_with_unit(std::string_view text, std::string_view name) noexcept {
  if (text.size() < name.size()) return false;
  for (std::size_t index = 0; index < name.size(); ++index)
    if (lower(text[index]) != name[index]) return false;
  return true;
}

// Nothing above `longest` is told apart, so nothing overflows.
bool take_number(std::string_view& text, std::uint64_t& number) noexcept {
  std::size_t digits = 0;
  for (; digits < text.size() && text[digits] >= '0' && text[digits] <= '9'; ++digits)
    if (number <= longest) number = number * 10 + static_cast<std::uint64_t>(text[digits] - '0');
  text.remove_prefix(digits);
  return digits != 0;
}

const TimeUnit* take_time_unit(std::string_view& text) noexcept {
  for (const auto& unit : time_units)
    if (starts_with_unit(text, unit.name)) {
      text.remove_prefix(unit.name.size());
      return &unit;
    }
  return nullptr;
}

}  // namespace

Result<TimeToLive> parse_time_to_live(std::string_view text) {
  std::uint64_t total = 0;
  skip_space(text);
  do {
    std::uint64_t number = 0;
    if (!take_number(text, number)) return malformed();
    skip_space(text);
    const TimeUnit* const unit = take_time_unit(text);
    if (unit == nullptr) return malformed();
    skip_space(text);
    if (number > longest / unit->milliseconds)
      total = longest + 1;
    else if (total <= longest)
      total += number * unit->milliseconds;
  } while (!text.empty());
  const TimeToLive time_to_live(TimeToLive::Milliseconds(static_cast<std::int64_t>(total)));
  if (!time_to_live.valid()) return Error(ErrorCode::bad_argument, "a TTL is 1 ms to 10 years");
  return time_to_live;
}

}  // namespace cachesite
