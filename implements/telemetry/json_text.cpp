#include "telemetry/json_text.hpp"

#include "basics/json_quoted.hpp"
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
  basics::append_json_quoted(text_, value);
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

}  // namespace cachesite::telemetry
