#include "telemetry/json_text.hpp"

#include "basics/utf8.hpp"
#include "telemetry/trace_parent.hpp"

#include <array>
#include <charconv>
#include <cmath>

namespace cachesite::telemetry {

void JsonText::separate() {
  if (!text_.empty() && text_.back() != '{' && text_.back() != '[' && text_.back() != ':')
    text_.push_back(',');
}

JsonText& JsonText::open(char bracket) {
  separate();
  text_.push_back(bracket);
  return *this;
}

JsonText& JsonText::close(char bracket) {
  text_.push_back(bracket);
  return *this;
}

JsonText& JsonText::key(std::string_view name) {
  separate();
  text_.append("\"").append(name).append("\":");
  return *this;
}

JsonText& JsonText::text(std::string_view value) {
  separate();
  quote(value);
  return *this;
}

JsonText& JsonText::integer(std::int64_t value) {
  separate();
  text_.append("\"").append(std::to_string(value)).append("\"");
  return *this;
}

JsonText& JsonText::natural(std::uint64_t value) {
  separate();
  text_.append("\"").append(std::to_string(value)).append("\"");
  return *this;
}

JsonText& JsonText::number(std::uint32_t value) {
  separate();
  text_.append(std::to_string(value));
  return *this;
}

// The shortest text that reads back the same; JSON has no words for infinity.
JsonText& JsonText::real(double value) {
  separate();
  std::array<char, 32> digits{};
  const auto written =
      std::to_chars(digits.data(), digits.data() + digits.size(), std::isfinite(value) ? value : 0.0);
  text_.append(digits.data(), written.ptr);
  return *this;
}

JsonText& JsonText::boolean(bool value) {
  separate();
  text_.append(value ? "true" : "false");
  return *this;
}

JsonText& JsonText::hex(std::uint64_t value) {
  separate();
  text_.push_back('"');
  append_hex(text_, value);
  text_.push_back('"');
  return *this;
}

JsonText& JsonText::hex(std::uint64_t high, std::uint64_t low) {
  separate();
  text_.push_back('"');
  append_hex(text_, high);
  append_hex(text_, low);
  text_.push_back('"');
  return *this;
}

JsonText& JsonText::attribute(std::string_view name, std::string_view value) {
  open('{').key("key").text(name).key("value").open('{').key("stringValue").text(value);
  return close('}').close('}');
}

JsonText& JsonText::attribute(std::string_view name, std::uint64_t value) {
  open('{').key("key").text(name).key("value").open('{').key("intValue").natural(value);
  return close('}').close('}');
}

JsonText& JsonText::attribute_real(std::string_view name, double value) {
  open('{').key("key").text(name).key("value").open('{').key("doubleValue").real(value);
  return close('}').close('}');
}

void JsonText::quote(std::string_view value) {
  text_.push_back('"');
  for (std::size_t offset = 0; offset < value.size();) {
    const auto [point, size] = basics::decode_utf8(value, offset);
    if (size == 0) {
      text_.append("\xEF\xBF\xBD");
      ++offset;
      continue;
    }
    if (point == '"' || point == '\\') {
      text_.push_back('\\');
      text_.push_back(static_cast<char>(point));
    } else if (point < 0x20) {
      constexpr std::string_view digits = "0123456789abcdef";
      text_.append("\\u00").push_back(digits[point >> 4U]);
      text_.push_back(digits[point & 0xfU]);
    } else {
      text_.append(value.substr(offset, size));
    }
    offset += size;
  }
  text_.push_back('"');
}

}  // namespace cachesite::telemetry
