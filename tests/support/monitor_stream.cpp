#include "support/monitor_stream.hpp"

#include <algorithm>
#include <cstdlib>
#include <stdexcept>

namespace cachesite::test {
namespace {

constexpr const char* marker_prefix = "cachesite-monitor-marker-";

int hexadecimal(char digit) {
  if (digit >= '0' && digit <= '9') return digit - '0';
  if (digit >= 'a' && digit <= 'f') return digit - 'a' + 10;
  throw std::runtime_error("not a MONITOR escape");
}

std::string take_quoted(std::string_view line, std::size_t& position) {
  std::string result;
  while (line.at(++position) != '"') {
    if (line[position] != '\\') {
      result += line[position];
      continue;
    }
    switch (const char code = line.at(++position)) {
      case 'n':
        result += '\n';
        break;
      case 'r':
        result += '\r';
        break;
      case 't':
        result += '\t';
        break;
      case 'a':
        result += '\a';
        break;
      case 'b':
        result += '\b';
        break;
      case 'x':
        result +=
            static_cast<char>(hexadecimal(line.at(position + 1)) * 16 + hexadecimal(line.at(position + 2)));
        position += 2;
        break;
      default:
        result += code;
    }
  }
  ++position;
  return result;
}

}  // namespace

std::string MonitoredCommand::text() const {
  std::string result;
  for (const std::string& argument : arguments) {
    if (!result.empty()) result += ' ';
    result += argument;
  }
  return result;
}

MonitoredCommand parse_monitor_line(std::string_view line) {
  const std::size_t open = line.find('[');
  const std::size_t close = line.find("] ");
  const std::size_t blank = line.find(' ', open);
  if (open == std::string_view::npos || close == std::string_view::npos || blank > close)
    throw std::runtime_error("not a MONITOR line: " + std::string(line));
  MonitoredCommand command;
  command.database = std::atoi(std::string(line.substr(open + 1, blank - open - 1)).c_str());
  command.client = line.substr(blank + 1, close - blank - 1);
  for (std::size_t position = close + 2; position < line.size(); ++position) {
    if (line[position] != '"') throw std::runtime_error("not a MONITOR line: " + std::string(line));
    command.arguments.push_back(take_quoted(line, position));
  }
  return command;
}

MonitorStream::MonitorStream(const RedisAddress& address) : probe_(address), marker_probe_(address) {
  probe_.checked({"MONITOR"});
}

bool MonitorStream::collect_one(std::chrono::milliseconds limit) {
  const std::optional<RedisReply> reply = probe_.receive(limit);
  if (!reply) return false;
  MonitoredCommand command = parse_monitor_line(reply->text);
  if (command.arguments.size() == 2 && command.arguments[1].rfind(marker_prefix, 0) == 0) {
    if (command.arguments[1] == awaited_marker_) marker_seen_ = true;
  } else {
    commands_.push_back(std::move(command));
  }
  return true;
}

bool MonitorStream::wait_until(const std::function<bool(const std::vector<MonitoredCommand>&)>& condition,
                               std::chrono::milliseconds limit) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!condition(commands_)) {
    const auto left = std::chrono::ceil<std::chrono::milliseconds>(end - std::chrono::steady_clock::now());
    if (!collect_one(std::max(left, std::chrono::milliseconds(0)))) return false;
  }
  return true;
}

bool MonitorStream::wait_for(const std::string& text, std::chrono::milliseconds limit) {
  return wait_until(
      [&](const auto& commands) {
        return std::any_of(commands.begin(), commands.end(),
                           [&](const auto& command) { return command.text() == text; });
      },
      limit);
}

const std::vector<MonitoredCommand>& MonitorStream::commands_so_far() {
  awaited_marker_ = marker_prefix + std::to_string(++markers_);
  marker_seen_ = false;
  marker_probe_.checked({"ECHO", awaited_marker_});
  if (!wait_until([&](const auto&) { return marker_seen_; }))
    throw std::runtime_error("MONITOR shows no marker");
  return commands_;
}

std::vector<std::string> MonitorStream::texts_so_far() {
  std::vector<std::string> texts;
  for (const MonitoredCommand& command : commands_so_far())
    texts.push_back(command.text());
  return texts;
}

void MonitorStream::clear() {
  commands_so_far();
  commands_.clear();
}

}  // namespace cachesite::test
