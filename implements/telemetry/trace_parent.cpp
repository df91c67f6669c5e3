#include "telemetry/trace_parent.hpp"

namespace cachesite::telemetry {

namespace {

constexpr std::string_view digits = "0123456789abcdef";
constexpr std::size_t whole = 55;

std::optional<std::uint64_t> read_hex(std::string_view text) noexcept {
  std::uint64_t number = 0;
  for (const char character : text) {
    const auto digit = digits.find(character);
    if (digit == std::string_view::npos) return std::nullopt;
    number = number << 4U | digit;
  }
  return number;
}

}  // namespace

std::optional<TraceParent> parse_trace_parent(std::string_view text) noexcept {
  if (text.size() < whole || text[2] != '-' || text[35] != '-' || text[52] != '-') return std::nullopt;
  const auto version = read_hex(text.substr(0, 2));
  const auto high = read_hex(text.substr(3, 16));
  const auto low = read_hex(text.substr(19, 16));
  const auto span = read_hex(text.substr(36, 16));
  const auto flags = read_hex(text.substr(53, 2));
  if (!version || !high || !low || !span || !flags || *version == 0xff) return std::nullopt;
  if (text.size() > whole && (*version == 0 || text[whole] != '-')) return std::nullopt;
  if ((*high | *low) == 0 || *span == 0) return std::nullopt;
  return TraceParent{*high, *low, *span, (*flags & 1U) != 0};
}

std::string to_text(const TraceParent& parent) {
  std::string text = "00-";
  append_hex(text, parent.trace_high);
  append_hex(text, parent.trace_low);
  text.push_back('-');
  append_hex(text, parent.span);
  return text.append(parent.sampled ? "-01" : "-00");
}

void append_hex(std::string& text, std::uint64_t number) {
  for (int shift = 60; shift >= 0; shift -= 4)
    text.push_back(digits[number >> static_cast<unsigned>(shift) & 0xfU]);
}

}  // namespace cachesite::telemetry
