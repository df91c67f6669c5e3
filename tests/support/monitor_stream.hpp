#pragma once

#include "support/redis_probe.hpp"

#include <chrono>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace cachesite::test {

struct MonitoredCommand {
  int database = 0;
  /// "127.0.0.1:41234", "unix:/path" or "lua".
  std::string client;
  /// The command and its arguments, byte for byte; the command in the letters the client used.
  std::vector<std::string> arguments;

  /// The arguments joined by blanks: "SETEX key 60 value".
  std::string text() const;
};

/// Reads one line of MONITOR (without the leading '+'); throws std::runtime_error when it is none.
MonitoredCommand parse_monitor_line(std::string_view line);

/// Everything that clients send to a server, by MONITOR. Commands are collected while one of the waiting
/// functions runs; the server keeps them until then. AUTH and HELLO do not appear: Redis hides them. One
/// thread at a time.
class MonitorStream {
 public:
  explicit MonitorStream(const RedisAddress& address);

  /// Collects until `condition` holds for all commands so far or `limit` passes; returns whether it held.
  bool wait_until(const std::function<bool(const std::vector<MonitoredCommand>&)>& condition,
                  std::chrono::milliseconds limit = std::chrono::seconds(10));
  /// Waits for a command whose `text()` is `text`.
  bool wait_for(const std::string& text, std::chrono::milliseconds limit = std::chrono::seconds(10));
  /// Every command that the server ran before this call: a marker sent on a second connection ends the
  /// collection, so "nothing else came" can be checked without a sleep.
  const std::vector<MonitoredCommand>& commands_so_far();
  /// `commands_so_far` as texts.
  std::vector<std::string> texts_so_far();
  /// Forgets what was collected and what the server ran before this call.
  void clear();

 private:
  bool collect_one(std::chrono::milliseconds limit);

  RedisProbe probe_;
  RedisProbe marker_probe_;
  std::vector<MonitoredCommand> commands_;
  std::string awaited_marker_;
  bool marker_seen_ = false;
  int markers_ = 0;
};

}  // namespace cachesite::test
