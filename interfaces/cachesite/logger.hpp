#pragma once

#include <cachesite/component.hpp>

#include <cstdint>
#include <exception>
#include <initializer_list>
#include <memory>
#include <span>
#include <string>
#include <string_view>

namespace cachesite {

/// The severity of a message.
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

/// The text of an exception and of its nested exceptions, from the outermost to its cause: `cannot load
/// shop.yml: permission denied`. Empty for a null pointer.
[[nodiscard]] std::string describe_exception(const std::exception_ptr& thrown);

/// Receives the messages of components, and of the program. The library writes nowhere else, and its messages
/// never hold secrets or cached values. All calls are safe from any thread and never throw.
class ILogger : public Interface<ILogger, "ILogger"> {
 public:
  /// True when a message of this level would be written; a caller can then skip building it.
  [[nodiscard]] virtual bool enabled(LogLevel level) const noexcept = 0;

  /// Writes one message. `topic` is its part of the program, such as "redis"; without one it is the topic of
  /// the logger.
  virtual void write(LogLevel level, std::string_view topic, std::string_view message,
                     std::span<const LogAttribute> attributes) noexcept = 0;

  /// Writes a message without attributes.
  void log(LogLevel level, std::string_view topic, std::string_view message) noexcept {
    write(level, topic, message, {});
  }

  /// The calls for programs: a message with attributes, and an exception as its cause. The text of the
  /// exception becomes the last attribute, `error`; without a message it is the message.
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

/// Provides loggers by topic, so that each part of a program has its own. All calls are safe from any thread.
class ILoggerSite : public Interface<ILoggerSite, "ILoggerSite"> {
 public:
  /// The logger of a topic, such as "shop" or "shop.orders"; never null. Messages without a topic get this
  /// one. The logger may outlive the registration of the component.
  [[nodiscard]] virtual std::shared_ptr<ILogger> get_logger(std::string_view topic) = 0;

  /// The lowest level that is written for a topic.
  [[nodiscard]] virtual LogLevel level(std::string_view topic) const noexcept = 0;

  /// Changes the level of a topic and of those below it (`shop.orders` is below `shop`); "" means all topics
  /// without a level of their own.
  virtual void set_level(std::string_view topic, LogLevel level) = 0;
};

}  // namespace cachesite
