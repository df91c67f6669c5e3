#pragma once

#include <cachesite/log_sink_options.hpp>

#include <memory>
#include <span>
#include <string_view>

#include <spdlog/common.h>
#include <spdlog/sinks/sink.h>

namespace cachesite::logging {

[[nodiscard]] spdlog::level::level_enum spdlog_level(LogLevel level) noexcept;

// One place that messages go to. Safe from any thread.
class LogSink {
 public:
  // Throws std::runtime_error when a file cannot be written.
  explicit LogSink(const LogSinkOptions& options);

  [[nodiscard]] LogLevel level() const noexcept { return level_; }
  // Throws what goes wrong.
  void write(LogLevel level, std::string_view topic, std::string_view message,
             std::span<const LogAttribute> attributes);

 private:
  LogFormat format_;
  LogLevel level_;
  std::shared_ptr<spdlog::sinks::sink> sink_;
};

}  // namespace cachesite::logging
