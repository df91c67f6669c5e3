#include "reports/exposition.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstddef>

namespace cachesite::reports {

namespace {

// Upper bounds of the shown buckets: 2^8 - 1 ns, 2^10 - 1 ns and so on up to 17 seconds.
constexpr unsigned first_bound = 8;
constexpr unsigned last_bound = 34;

std::string number_text(double number) {
  if (std::isnan(number)) return "NaN";
  if (std::isinf(number)) return number < 0 ? "-Inf" : "+Inf";
  std::array<char, 32> digits{};
  const auto written = std::to_chars(digits.data(), digits.data() + digits.size(), number);
  return {digits.data(), written.ptr};
}

std::string seconds_text(std::chrono::nanoseconds duration) {
  return number_text(std::chrono::duration<double>(duration).count());
}

// As the format has it in texts of help.
std::string on_one_line(std::string_view help) {
  std::string line;
  for (const char character : help) {
    if (character == '\\') line.push_back('\\');
    if (character == '\n')
      line.append("\\n");
    else
      line.push_back(character);
  }
  return line;
}

}  // namespace

void Exposition::begin(std::string_view name, std::string_view type, std::string_view help) {
  begin_of_program("cachesite_" + std::string(name), type, help);
}

void Exposition::begin_of_program(std::string_view name, std::string_view type, std::string_view help) {
  name_.assign(name);
  head_.assign("# HELP ").append(name_).append(" ").append(on_one_line(help));
  head_.append("\n# TYPE ").append(name_).append(" ").append(type).append("\n");
  shown_.clear();
}

void Exposition::add_line(std::string_view end, std::string_view labels, std::string_view value) {
  text_.append(std::exchange(head_, {}));
  text_.append(name_).append(end).append("{").append(labels).append("} ").append(value).append("\n");
}

void Exposition::add(std::string_view labels, std::uint64_t value) {
  if (shown_.emplace(labels).second) add_line({}, labels, std::to_string(value));
}

void Exposition::add(std::string_view labels, double value) {
  if (shown_.emplace(labels).second) add_line({}, labels, number_text(value));
}

void Exposition::add(const std::string& labels, const LatencyHistogram& histogram,
                     std::chrono::nanoseconds sum) {
  if (!shown_.insert(labels).second) return;
  std::uint64_t count = 0;
  std::size_t next = 0;
  for (unsigned bound = first_bound; bound <= last_bound; bound += 2) {
    const std::chrono::nanoseconds longest((std::int64_t{1} << bound) - 1);
    for (const auto last = LatencyHistogram::interval_of(longest); next <= last; ++next)
      count += histogram.count_in(next);
    add_line("_bucket", with_label(labels, "le", seconds_text(longest)), std::to_string(count));
  }
  const auto all = std::to_string(histogram.count());
  add_line("_bucket", with_label(labels, "le", "+Inf"), all);
  add_line("_sum", labels, seconds_text(sum));
  add_line("_count", labels, all);
}

std::string Exposition::with_label(std::string labels, std::string_view name, std::string_view value) {
  if (!labels.empty()) labels.push_back(',');
  labels.append(name).append("=\"");
  for (const char character : value) {
    if (character == '\\' || character == '"') labels.push_back('\\');
    if (character == '\n')
      labels.append("\\n");
    else
      labels.push_back(character);
  }
  return labels.append("\"");
}

}  // namespace cachesite::reports
