#pragma once

#include <cachesite/detail/implementation_pointer.hpp>
#include <cachesite/logger.hpp>
#include <cachesite/parameter.hpp>

namespace cachesite {

/// Settings of a ConsoleLogger, explained by `cachesite describe ConsoleLogger` and configs/reference.md.
struct ConsoleLoggerOptions {
  LogLevel level = LogLevel::warning;

  static ParameterTable parameters();
};

/// Writes messages to the standard error stream, one line each: time, level, topic, message, attributes.
/// Built on spdlog; usable from any thread.
class ConsoleLogger final : public ILogger {
 public:
  using Options = ConsoleLoggerOptions;

  explicit ConsoleLogger(ConsoleLoggerOptions options = {});
  ~ConsoleLogger() override;

  [[nodiscard]] bool enabled(LogLevel level) const noexcept override;
  void write(LogLevel level, std::string_view topic, std::string_view message,
             std::span<const LogAttribute> attributes) noexcept override;

 private:
  struct Sink;
  detail::ImplementationPointer<Sink> sink_;
  LogLevel level_;
};

}  // namespace cachesite
