#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace cachesite::telemetry {

/// Writes JSON as OTLP wants it: 64-bit integers as strings, identifiers in hexadecimal. Commas are put where
/// they are due; the writer sees to it that what is opened is closed.
class JsonText {
 public:
  JsonText& open(char bracket);   // '{' or '['
  JsonText& close(char bracket);  // '}' or ']'
  JsonText& key(std::string_view name);

  JsonText& text(std::string_view value);  // bytes that are no UTF-8 become U+FFFD
  JsonText& integer(std::int64_t value);   // as a string
  JsonText& natural(std::uint64_t value);  // as a string
  JsonText& number(std::uint32_t value);
  JsonText& real(double value);
  JsonText& boolean(bool value);
  JsonText& hex(std::uint64_t value);
  JsonText& hex(std::uint64_t high, std::uint64_t low);

  // Elements of a list of attributes.
  JsonText& attribute(std::string_view name, std::string_view value);
  JsonText& attribute(std::string_view name, std::uint64_t value);
  JsonText& attribute_real(std::string_view name, double value);

  [[nodiscard]] std::size_t size() const noexcept { return text_.size(); }
  [[nodiscard]] const std::string& view() const noexcept { return text_; }
  [[nodiscard]] std::string take() && { return std::move(text_); }

 private:
  void separate();

  std::string text_;
};

}  // namespace cachesite::telemetry
