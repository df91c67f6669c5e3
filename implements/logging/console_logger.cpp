#include "logging/log_sink.hpp"

#include <cachesite/console_logger.hpp>

namespace cachesite {

struct ConsoleLogger::Sink {
  logging::LogSink sink{LogSinkOptions{}};
};

ParameterTable ConsoleLoggerOptions::parameters() {
  using O = ConsoleLoggerOptions;
  return {parameter("level", &O::level, "Messages below this level are dropped.").choices(log_level_words())};
}

ConsoleLogger::ConsoleLogger(ConsoleLoggerOptions options)
    : sink_(std::make_unique<Sink>()), level_(options.level) {}

ConsoleLogger::~ConsoleLogger() = default;

bool ConsoleLogger::enabled(LogLevel level) const noexcept {
  return level != LogLevel::off && level >= level_;
}

void ConsoleLogger::write(LogLevel level, std::string_view topic, std::string_view message,
                          std::span<const LogAttribute> attributes) noexcept {
  if (!enabled(level)) return;
  try {
    sink_->sink.write(level, topic, message, attributes);
  } catch (...) {
    // Whatever happens inside the logger stays there: logging never throws and never reports about itself.
  }
}

}  // namespace cachesite
