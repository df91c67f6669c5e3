#pragma once

#include <cachesite/detail/log_text.hpp>
#include <cachesite/logger.hpp>

#include <memory>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include <spdlog/logger.h>

// Needs spdlog, so it is not part of <cachesite/cachesite.hpp>: a program that has spdlog includes it.

namespace cachesite {

namespace detail {

[[nodiscard]] inline spdlog::level::level_enum spdlog_level(LogLevel level) noexcept {
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

}  // namespace detail

/// Writes to a spdlog logger of the program, with its level, sinks and pattern.
///
///     cachesite::LoadOptions options;
///     options.logger = std::make_shared<cachesite::SpdlogLogger>(spdlog::default_logger());
///
/// A message is one line: `[topic] message name=value`. Safe from any thread if the logger's sinks are, like
/// spdlog's `_mt` ones; never throws.
class SpdlogLogger final : public ILogger {
 public:
  /// Throws std::invalid_argument when `logger` is null.
  explicit SpdlogLogger(std::shared_ptr<spdlog::logger> logger) : logger_(std::move(logger)) {
    if (!logger_) throw std::invalid_argument("a SpdlogLogger needs a logger of spdlog");
  }

  [[nodiscard]] bool enabled(LogLevel level) const noexcept override {
    return level != LogLevel::off && logger_->should_log(detail::spdlog_level(level));
  }

  void write(LogLevel level, std::string_view topic, std::string_view message,
             std::span<const LogAttribute> attributes) noexcept override {
    if (!enabled(level)) return;
    try {
      const auto line = detail::log_text(topic, message, attributes);
      logger_->log(detail::spdlog_level(level), spdlog::string_view_t(line.data(), line.size()));
    } catch (...) {
      // Logging never throws and never reports about itself.
    }
  }

 private:
  const std::shared_ptr<spdlog::logger> logger_;
};

}  // namespace cachesite
