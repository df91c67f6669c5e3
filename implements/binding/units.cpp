#include <cachesite/detail/units.hpp>

#include <array>
#include <cstdint>
#include <limits>
#include <optional>
#include <span>

namespace cachesite {

namespace {

__extension__ typedef unsigned __int128 Wide;  // wide enough that no product of a number and a unit is cut

struct Unit {
  std::string_view name;
  std::uint64_t factor;
};

constexpr std::uint64_t second = 1'000'000'000;
constexpr std::array duration_units{Unit{"w", 604'800 * second}, Unit{"d", 86'400 * second},
                                    Unit{"h", 3'600 * second},   Unit{"m", 60 * second},
                                    Unit{"s", second},           Unit{"ms", 1'000'000},
                                    Unit{"us", 1'000},           Unit{"ns", 1}};

// What the units above are called too.
constexpr std::array other_duration_units{Unit{"min", 60 * second}};

constexpr std::uint64_t kibi = 1024;
constexpr std::uint64_t kilo = 1000;
constexpr std::array binary_units{Unit{"EiB", kibi* kibi* kibi* kibi* kibi* kibi},
                                  Unit{"PiB", kibi* kibi* kibi* kibi* kibi},
                                  Unit{"TiB", kibi* kibi* kibi* kibi},
                                  Unit{"GiB", kibi* kibi* kibi},
                                  Unit{"MiB", kibi* kibi},
                                  Unit{"KiB", kibi}};
constexpr std::array decimal_units{Unit{"EB", kilo* kilo* kilo* kilo* kilo* kilo},
                                   Unit{"PB", kilo* kilo* kilo* kilo* kilo},
                                   Unit{"TB", kilo* kilo* kilo* kilo},
                                   Unit{"GB", kilo* kilo* kilo},
                                   Unit{"MB", kilo* kilo},
                                   Unit{"kB", kilo}};
constexpr std::array byte_units{Unit{"B", 1}};

bool is_digit(char character) noexcept {
  return character >= '0' && character <= '9';
}

// Digits with an optional fraction, as a whole number over a power of ten; at most 38 digits fit.
struct Number {
  Wide digits = 0;
  Wide divisor = 1;
};

std::optional<Number> take_number(std::string_view& text) noexcept {
  constexpr Wide limit = ~Wide{0} / 100;
  Number number;
  std::size_t at = 0;
  for (; at < text.size() && is_digit(text[at]); ++at) {
    if (number.digits > limit) return std::nullopt;
    number.digits = number.digits * 10 + static_cast<Wide>(text[at] - '0');
  }
  if (at == 0) return std::nullopt;
  if (at < text.size() && text[at] == '.') {
    const std::size_t point = at++;
    for (; at < text.size() && is_digit(text[at]); ++at) {
      if (number.digits > limit || number.divisor > limit) return std::nullopt;
      number.digits = number.digits * 10 + static_cast<Wide>(text[at] - '0');
      number.divisor *= 10;
    }
    if (at == point + 1) return std::nullopt;
  }
  text.remove_prefix(at);
  return number;
}

// As for whole numbers.
constexpr const char* no_leading_zeros = "write it without leading zeros, which mean another base elsewhere";
bool has_leading_zero(std::string_view text) noexcept {
  return text.size() > 1 && text[0] == '0' && is_digit(text[1]);
}

std::string_view take_unit(std::string_view& text) noexcept {
  std::size_t at = 0;
  while (at < text.size() && !is_digit(text[at]))
    ++at;
  const auto unit = text.substr(0, at);
  text.remove_prefix(at);
  return unit;
}

const Unit* find_unit(std::span<const Unit> units, std::string_view name) noexcept {
  for (const auto& unit : units)
    if (unit.name == name) return &unit;
  return nullptr;
}

Error bad(std::string sentence) {
  return Error(ErrorCode::bad_argument, std::move(sentence));
}

// The number of whole steps that number * factor is; an Error unless that is exact and at most `most`.
Result<std::uint64_t> multiply(const Number& number, std::uint64_t factor, std::uint64_t most,
                               const char* inexact, const char* too_large) {
  if (number.digits > ~Wide{0} / factor) return bad(too_large);
  const Wide product = number.digits * factor;
  if (product / number.divisor > most) return bad(too_large);
  if (product % number.divisor != 0) return bad(inexact);
  return static_cast<std::uint64_t>(product / number.divisor);
}

std::string with_fraction(std::uint64_t value, const Unit& unit) {
  std::string text = std::to_string(value / unit.factor);
  if (const std::uint64_t rest = value % unit.factor; rest != 0) {
    std::string fraction = std::to_string(unit.factor + rest).substr(1);
    fraction.erase(fraction.find_last_not_of('0') + 1);
    text.append(".").append(fraction);
  }
  return text.append(unit.name);
}

}  // namespace

Result<std::chrono::nanoseconds> parse_duration(std::string_view text) {
  constexpr auto most = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  constexpr const char* inexact = "a duration is a whole number of nanoseconds";
  constexpr const char* too_large = "a duration is at most 292 years long";
  constexpr const char* form = "a duration is written like 250ms, 1.5s or 2h30m";
  if (has_leading_zero(text)) return bad(no_leading_zeros);
  std::uint64_t total = 0;
  std::uint64_t smallest = std::numeric_limits<std::uint64_t>::max();
  const bool bare = text.find_first_not_of("0123456789.") == std::string_view::npos;
  const bool has_space = text.find(' ') != std::string_view::npos;
  do {
    const auto number = take_number(text);
    if (!number) return bad(form);
    const auto name = take_unit(text);
    const Unit* unit = find_unit(duration_units, bare ? "s" : name);
    if (!unit) unit = find_unit(other_duration_units, name);
    if (!unit)
      return bad(has_space      ? "write no space before a unit: w d h m (or min) s ms us ns"
                 : name.empty() ? "a number needs a unit unless it stands alone: w d h m s ms us ns"
                                : "the units of a duration are w d h m (or min) s ms us ns");
    if (unit->factor >= smallest) return bad("units go from large to small, each at most once, as in 2h30m");
    smallest = unit->factor;
    const auto part = multiply(*number, unit->factor, most - total, inexact, too_large);
    if (!part.ok()) return part.error();
    total += part.value();
  } while (!text.empty());
  return std::chrono::nanoseconds(static_cast<std::int64_t>(total));
}

std::string format_duration(std::chrono::nanoseconds duration) {
  if (duration.count() == 0) return "0s";
  const bool negative = duration.count() < 0;
  auto left = static_cast<std::uint64_t>(duration.count());
  if (negative) left = 0 - left;
  std::string text = negative ? "-" : "";
  for (const auto& unit : duration_units) {
    if (unit.name == "w" || left < unit.factor) continue;
    if (unit.factor <= second) return text + with_fraction(left, unit);
    text.append(std::to_string(left / unit.factor)).append(unit.name);
    left %= unit.factor;
  }
  return text;
}

Result<ByteSize> parse_size(std::string_view text) {
  if (has_leading_zero(text)) return bad(no_leading_zeros);
  const auto number = take_number(text);
  if (!number) return bad("a size is written like 64MiB, 1.5GiB, 10kB or as a number of bytes");
  std::uint64_t factor = 1;
  if (!text.empty()) {
    const Unit* unit = find_unit(binary_units, text);
    if (!unit) unit = find_unit(decimal_units, text);
    if (!unit) unit = find_unit(byte_units, text);
    if (!unit && text.front() == ' ')
      return bad("write no space before the unit: B KiB MiB GiB TiB PiB EiB and kB MB GB TB PB EB");
    if (!unit) return bad("the units of a size are B KiB MiB GiB TiB PiB EiB and kB MB GB TB PB EB");
    factor = unit->factor;
  }
  const auto bytes = multiply(*number, factor, std::numeric_limits<std::uint64_t>::max(),
                              "a size is a whole number of bytes", "a size is less than 16EiB");
  if (!bytes.ok()) return bytes.error();
  return ByteSize{bytes.value()};
}

std::string format_size(ByteSize size) {
  if (size.bytes != 0) {
    for (const auto& unit : binary_units)
      if (size.bytes % unit.factor == 0) return std::to_string(size.bytes / unit.factor).append(unit.name);
    for (const auto& unit : decimal_units)
      if (size.bytes % unit.factor == 0) return std::to_string(size.bytes / unit.factor).append(unit.name);
  }
  return std::to_string(size.bytes);
}

}  // namespace cachesite
