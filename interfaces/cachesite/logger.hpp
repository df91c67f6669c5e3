#pragma once

#include <cachesite/component.hpp>

#include <cstdint>
#include <exception>
#include <initializer_list>
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

/// What an exception says, with the exceptions nested in it, from the outermost to its cause: `cannot load
/// shop.yml: permission denied`. Empty for a null pointer.
[[nodiscard]] std::string describe_exception(const std::exception_ptr& thrown);

/// Where components write their diagnostics, and a program what it wants to. The library itself writes
/// nowhere else, and without a logger nowhere; its messages never hold secrets or cached values. All calls
/// are safe from any thread and never throw.
class ILogger : public Interface<ILogger, "ILogger"> {
 public:
  /// True when a message of this level would go anywhere; lets a caller skip building it.
  [[nodiscard]] virtual bool enabled(LogLevel level) const noexcept = 0;

  /// Writes one message. `topic` is the part of the program it comes from, such as "redis"; without one it is
  /// the logger's own, if it has one.
  virtual void write(LogLevel level, std::string_view topic, std::string_view message,
                     std::span<const LogAttribute> attributes) noexcept = 0;

  /// Writes a message without attributes.
  void log(LogLevel level, std::string_view topic, std::string_view message) noexcept {
    write(level, topic, message, {});
  }

  /// The calls of a program: a message with details, and the exception that is the cause, if there is one.
  /// What the exception says becomes the last attribute, `error`; without a message it is the message.
  void debug(std::string_view message, std::initializer_list<LogAttribute> attributes = {},
             const std::exception_ptr& cause = {}) noexcept {
    tell(LogLevel::debug, message, attributes, cause);
  }
  void info(std::string_view message, std::initializer_list<LogAttribute> attributes = {},
            const std::exception_ptr& cause = {}) noexcept {
    tell(LogLevel::info, message, attributes, cause);
  }
  void warning(std::string_view message, std::initializer_list<LogAttribute> attributes = {},
               const std::exception_ptr& cause = {}) noexcept {
    tell(LogLevel::warning, message, attributes, cause);
  }
  void error(std::string_view message, std::initializer_list<LogAttribute> attributes = {},
             const std::exception_ptr& cause = {}) noexcept {
    tell(LogLevel::error, message, attributes, cause);
  }
  void critical(std::string_view message, std::initializer_list<LogAttribute> attributes = {},
                const std::exception_ptr& cause = {}) noexcept {
    tell(LogLevel::critical, message, attributes, cause);
  }

 private:
  void tell(LogLevel level, std::string_view message, std::initializer_list<LogAttribute> attributes,
            const std::exception_ptr& cause) noexcept;
};

/// A logger that drops everything.
class SilentLogger final : public ILogger {
 public:
  [[nodiscard]] bool enabled(LogLevel) const noexcept override { return false; }
  void write(LogLevel, std::string_view, std::string_view, std::span<const LogAttribute>) noexcept override {}
};

}  // namespace cachesite
