#include "logging/log_line.hpp"

#include "basics/json_quoted.hpp"

#include <cachesite/detail/log_text.hpp>
#include <cachesite/detail/problem_text.hpp>

#include <array>
#include <cstdio>
#include <ctime>

namespace cachesite::logging {

namespace {

constexpr std::array<std::string_view, 4> own_members{"time", "level", "topic", "message"};

void append_member(std::string& line, std::string_view name, std::string_view value) {
  line += line.empty() ? '{' : ',';
  basics::append_json_quoted(line, name);
  line += ':';
  basics::append_json_quoted(line, value);
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
