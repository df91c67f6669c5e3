#pragma once

#include <cachesite/component.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

namespace cachesite {

/// How much a message matters.
enum class LogLevel : std::uint8_t { debug, info, warning, error, critical, off };

[[nodiscard]] constexpr std::string_view to_string(LogLevel level) noexcept {
  switch (level) {
    case LogLevel::debug:
      return "debug";
    case LogLevel::info:
      return "info";
    case LogLevel::warning:
      return "warning";
    case LogLevel::error:
      return "error";
    case LogLevel::critical:
      return "critical";
    case LogLevel::off:
      return "off";
  }
  return "off";
}

/// A named detail of a message, such as {"host", "127.0.0.1"}.
struct LogAttribute {
  std::string_view name;
  std::string_view value;
};

/// Where components write their diagnostics. The library itself writes nowhere else, and without a logger
/// nowhere. Messages never hold secrets or cached values. All calls are safe from any thread and never throw.
class ILogger : public Interface<ILogger, "ILogger"> {
 public:
  /// True when a message of this level would go anywhere; lets a caller skip building it.
  [[nodiscard]] virtual bool enabled(LogLevel level) const noexcept = 0;

  /// Writes one message. `topic` is the part of the program it comes from, such as "redis".
  virtual void write(LogLevel level, std::string_view topic, std::string_view message,
                     std::span<const LogAttribute> attributes) noexcept = 0;

  /// Writes a message without attributes.
  void log(LogLevel level, std::string_view topic, std::string_view message) noexcept {
    write(level, topic, message, {});
  }
};

/// A logger that drops everything.
class SilentLogger final : public ILogger {
 public:
  [[nodiscard]] bool enabled(LogLevel) const noexcept override { return false; }
  void write(LogLevel, std::string_view, std::string_view, std::span<const LogAttribute>) noexcept override {}
};

}  // namespace cachesite
