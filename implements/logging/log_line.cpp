#include "logging/log_line.hpp"

#include "basics/utf8.hpp"

#include <cachesite/detail/log_text.hpp>
#include <cachesite/detail/problem_text.hpp>

#include <array>
#include <cstdio>
#include <ctime>

namespace cachesite::logging {

namespace {

constexpr std::array<std::string_view, 4> own_members{"time", "level", "topic", "message"};

void append_quoted(std::string& line, std::string_view text) {
  line += '"';
  for (std::size_t offset = 0; offset < text.size();) {
    const auto [point, length] = basics::decode_utf8(text, offset);
    if (length == 0) {
      line += "\\ufffd";
      ++offset;
      continue;
    }
    if (point == '"' || point == '\\') {
      line.append(1, '\\').append(1, static_cast<char>(point));
    } else if (point < 0x20 || point == 0x7F) {
      std::array<char, 8> escape{};
      std::snprintf(escape.data(), escape.size(), "\\u%04x", static_cast<unsigned>(point));
      line += escape.data();
    } else {
      line.append(text, offset, length);
    }
    offset += length;
  }
  line += '"';
}

void append_member(std::string& line, std::string_view name, std::string_view value) {
  line += line.empty() ? '{' : ',';
  append_quoted(line, name);
  line += ':';
  append_quoted(line, value);
}

std::string time_text(std::chrono::system_clock::time_point time) {
  const auto since = std::chrono::floor<std::chrono::milliseconds>(time.time_since_epoch());
  const auto seconds = std::chrono::floor<std::chrono::seconds>(since);
  const std::time_t whole = seconds.count();
  std::tm parts{};
  ::gmtime_r(&whole, &parts);
  std::array<char, 32> text{};
  const auto length = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%S", &parts);
  std::snprintf(text.data() + length, text.size() - length, ".%03dZ",
                static_cast<int>((since - seconds).count()));
  return text.data();
}

}  // namespace

std::string json_line(std::chrono::system_clock::time_point time, LogLevel level, std::string_view topic,
                      std::string_view message, std::span<const LogAttribute> attributes) {
  std::string line;
  append_member(line, "time", time_text(time));
  append_member(line, "level", to_string(level));
  append_member(line, "topic", topic);
  append_member(line, "message", message);
  for (const auto& attribute : attributes) {
    bool taken = false;
    for (const auto name : own_members)
      taken = taken || name == attribute.name;
    append_member(line,
                  taken ? std::string("attribute_").append(attribute.name) : std::string(attribute.name),
                  attribute.value);
  }
  return line += '}';
}

}  // namespace cachesite::logging

namespace cachesite {

std::string detail::log_text(std::string_view topic, std::string_view message,
                             std::span<const LogAttribute> attributes) {
  std::string line;
  if (!topic.empty()) line.append("[").append(topic).append("] ");
  line.append(message);
  for (const auto& attribute : attributes)
    line.append(" ").append(attribute.name).append("=").append(attribute.value);
  return printable(line, line.size());
}

}  // namespace cachesite
