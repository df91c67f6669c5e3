#include "serializing/json_data_writer.hpp"

#include <array>
#include <charconv>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <vector>

namespace cachesite::serializing {

namespace {

using Kind = Data::Kind;

constexpr std::string_view hexadecimal = "0123456789abcdef";

Error not_utf8() {
  return Error(ErrorCode::bad_argument, "JSON holds text that is UTF-8");
}

void append_escape(std::string& text, unsigned unit) {
  text.append("\\u");
  for (unsigned shift = 16; shift != 0; shift -= 4)
    text.push_back(hexadecimal[unit >> (shift - 4) & 0xFU]);
}

// The character that starts at `at`, and its size; nothing when there is no well-formed one.
std::optional<std::pair<std::uint32_t, std::size_t>> character(std::string_view text,
                                                               std::size_t at) noexcept {
  const auto byte = [&](std::size_t index) { return static_cast<unsigned char>(text[at + index]); };
  const unsigned first = byte(0);
  if (first < 0x80) return std::pair{std::uint32_t{first}, std::size_t{1}};
  const std::size_t size = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() - at < size) return std::nullopt;
  std::uint32_t code = first & (0xFFU >> (size + 1));
  for (std::size_t index = 1; index < size; ++index) {
    if ((byte(index) & 0xC0U) != 0x80U) return std::nullopt;
    code = code << 6U | (byte(index) & 0x3FU);
  }
  constexpr std::uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  if (code < least[size] || code > 0x10FFFF || (code >= 0xD800 && code <= 0xDFFF)) return std::nullopt;
  return std::pair{code, size};
}

// As Python's repr: the shortest digits that give the same number.
std::string real_text(double number) {
  if (std::isnan(number)) return "NaN";
  if (std::isinf(number)) return number < 0 ? "-Infinity" : "Infinity";
  std::array<char, 64> buffer{};
  const auto convert = [&](std::chars_format format) {
    const auto end = std::to_chars(buffer.data(), buffer.data() + buffer.size(), number, format).ptr;
    return std::string(buffer.data(), end);
  };
  const auto scientific = convert(std::chars_format::scientific);
  const int exponent = std::atoi(scientific.c_str() + scientific.find('e') + 1);
  if (exponent < -4 || exponent >= 16) return scientific;
  auto fixed = convert(std::chars_format::fixed);
  if (fixed.find('.') == std::string::npos) fixed.append(".0");
  return fixed;
}

std::string uuid_text(std::string_view bytes) {
  std::string text;
  for (std::size_t index = 0; index < bytes.size(); ++index) {
    if (index == 4 || index == 6 || index == 8 || index == 10) text.push_back('-');
    const auto byte = static_cast<unsigned char>(bytes[index]);
    text.push_back(hexadecimal[byte >> 4U]);
    text.push_back(hexadecimal[byte & 0xFU]);
  }
  return text;
}

class Writer {
 public:
  Writer(std::string& text, bool ascii, NamingPolicy names) : text_(text), ascii_(ascii), names_(names) {}

  Status write(const Data& data) {
    switch (data.kind()) {
      case Kind::text:
      case Kind::bytes:
      case Kind::memory_view:
      case Kind::date:
      case Kind::date_time:
      case Kind::decimal:
        return write_text(data.text());
      case Kind::uuid:
        return write_text(uuid_text(data.text()));
      case Kind::list:
      case Kind::tuple:
      case Kind::set:
      case Kind::frozen_set:
        return write_list(data.elements());
      case Kind::map:
        return write_map(data.elements(), false);
      case Kind::data_class:
      case Kind::object:
        return write_fields(data);
      default:
        text_.append(plain_text(data));
        return Done{};
    }
  }

 private:
  static std::string plain_text(const Data& data) {
    switch (data.kind()) {
      case Kind::boolean:
        return data.boolean() ? "true" : "false";
      case Kind::integer:
        return std::to_string(data.integer());
      case Kind::big_integer:
        return data.text();
      case Kind::real:
        return real_text(data.real());
      default:
        return "null";
    }
  }

  Status write_list(const Data::List& elements) {
    text_.push_back('[');
    for (std::size_t index = 0; index < elements.size(); ++index) {
      if (index != 0) text_.append(", ");
      if (auto status = write(elements[index]); !status.ok()) return status;
    }
    text_.push_back(']');
    return Done{};
  }

  // Of a map of fields every text key is the name of one.
  Status write_map(const Data::List& elements, bool of_fields) {
    if (auto status = check_fields(elements, of_fields); !status.ok()) return status;
    text_.push_back('{');
    for (std::size_t index = 0; index + 1 < elements.size(); index += 2) {
      if (index != 0) text_.append(", ");
      if (auto status = write_key(elements[index], of_fields); !status.ok()) return status;
      text_.append(": ");
      if (auto status = write(elements[index + 1]); !status.ok()) return status;
    }
    text_.push_back('}');
    return Done{};
  }

  [[nodiscard]] bool is_renamed(const Data& key, bool of_fields) const noexcept {
    return names_ != NamingPolicy::as_is && key.kind() == Kind::text && (of_fields || key.is_field_name());
  }

  [[nodiscard]] Status check_fields(const Data::List& elements, bool of_fields) const {
    if (names_ == NamingPolicy::as_is) return Done{};
    std::vector<std::string_view> fields;
    for (std::size_t index = 0; index + 1 < elements.size(); index += 2)
      if (is_renamed(elements[index], of_fields)) fields.push_back(elements[index].text());
    return check_distinct(fields, names_);
  }

  Status write_key(const Data& key, bool of_fields) {
    if (is_renamed(key, of_fields)) return write_text(renamed(key.text(), names_));
    if (key.kind() <= Kind::real) return write_text(plain_text(key));
    if (key.kind() == Kind::text) return write_text(key.text());
    return Error(ErrorCode::bad_argument,
                 "JSON has no map with " + std::string(to_string(key.kind())) + " as a key");
  }

  Status write_fields(const Data& object) {
    const auto& elements = object.elements();
    const Data* const fields = elements.empty() ? nullptr : elements.front().find("__data__");
    if (fields == nullptr) return Error(ErrorCode::bad_argument, "an object has a map with its fields");
    return fields->is_map() ? write_map(fields->elements(), true) : write(*fields);
  }

  Status write_text(std::string_view text) {
    text_.push_back('"');
    for (std::size_t at = 0; at < text.size();) {
      const auto next = character(text, at);
      if (!next) return not_utf8();
      write_character(next->first, text.substr(at, next->second));
      at += next->second;
    }
    text_.push_back('"');
    return Done{};
  }

  void write_character(std::uint32_t code, std::string_view bytes) {
    constexpr std::string_view special = "\"\\\n\r\t\f\b";
    constexpr std::string_view letters = "\"\\nrtfb";
    if (const auto at = bytes.size() == 1 ? special.find(bytes.front()) : std::string_view::npos;
        at != std::string_view::npos) {
      text_.push_back('\\');
      text_.push_back(letters[at]);
    } else if (code < 0x20 || (ascii_ && code > 0x7E && code <= 0xFFFF)) {
      append_escape(text_, code);
    } else if (ascii_ && code > 0xFFFF) {
      append_escape(text_, 0xD800U + ((code - 0x10000U) >> 10U));
      append_escape(text_, 0xDC00U + ((code - 0x10000U) & 0x3FFU));
    } else {
      text_.append(bytes);
    }
  }

  std::string& text_;
  bool ascii_;
  NamingPolicy names_;
};

}  // namespace

Status write_json_data(const Data& data, bool ascii, NamingPolicy names, std::string& bytes) {
  return Writer(bytes, ascii, names).write(data);
}

}  // namespace cachesite::serializing
