#include <cachesite/console_logger.hpp>

#include <string>

#include <spdlog/logger.h>
#include <spdlog/sinks/stdout_sinks.h>

namespace cachesite {

namespace {

spdlog::level::level_enum spdlog_level(LogLevel level) noexcept {
  switch (level) {
    case LogLevel::debug:
      return spdlog::level::debug;
    case LogLevel::info:
      return spdlog::level::info;
    case LogLevel::warning:
      return spdlog::level::warn;
    case LogLevel::error:
      return spdlog::level::err;
    case LogLevel::critical:
      return spdlog::level::critical;
    case LogLevel::off:
      return spdlog::level::off;
  }
  return spdlog::level::off;
}

}  // namespace

struct ConsoleLogger::Sink {
  spdlog::logger logger{"cachesite", std::make_shared<spdlog::sinks::stderr_sink_mt>()};
};

ParameterTable ConsoleLoggerOptions::parameters() {
  using O = ConsoleLoggerOptions;
  return {parameter("level", &O::level, "Messages below this level are dropped.")
              .choices({{"debug", LogLevel::debug},
                        {"info", LogLevel::info},
                        {"warning", LogLevel::warning},
                        {"error", LogLevel::error},
                        {"critical", LogLevel::critical},
                        {"off", LogLevel::off}})};
}

ConsoleLogger::ConsoleLogger(ConsoleLoggerOptions options)
    : sink_(std::make_unique<Sink>()), level_(options.level) {
  sink_->logger.set_level(spdlog_level(options.level));
  sink_->logger.set_pattern("%Y-%m-%dT%H:%M:%S.%e %l %v");
  // Whatever happens inside the logger stays there: logging never throws and never reports about itself.
  sink_->logger.set_error_handler([](const std::string&) {});
}

ConsoleLogger::~ConsoleLogger() = default;

bool ConsoleLogger::enabled(LogLevel level) const noexcept {
  return level != LogLevel::off && level >= level_;
}

void ConsoleLogger::write(LogLevel level, std::string_view topic, std::string_view message,
                          std::span<const LogAttribute> attributes) noexcept {
  if (!enabled(level)) return;
  try {
    std::string line;
    line.append("[").append(topic).append("] ").append(message);
    for (const auto& attribute : attributes)
      line.append(" ").append(attribute.name).append("=").append(attribute.value);
    sink_->logger.log(spdlog_level(level), spdlog::string_view_t(line.data(), line.size()));
  } catch (...) {
  }
}

}  // namespace cachesite
