#pragma once

#include <cachesite/detail/log_sink_options.hpp>
#include <cachesite/logger.hpp>
#include <cachesite/parameter.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace cachesite {

/// The level of one topic.
struct TopicLevelOptions {
  std::string topic;
  LogLevel level = LogLevel::info;

  static ParameterTable parameters();
};

/// Settings of a TopicLoggerSite, explained by `cachesite describe TopicLoggerSite` and configs/reference.md.
struct TopicLoggerSiteOptions {
  LogLevel level = LogLevel::warning;
  std::vector<TopicLevelOptions> topics;
  std::vector<LogSinkOptions> sinks;

  static ParameterTable parameters();
  [[nodiscard]] std::vector<OptionComplaint> complaints() const;
};

/// Loggers by topic, and a logger for messages that name their topic themselves, so that it can be the
/// unnamed ILogger of a site as well. Built on spdlog; a message is written before the call returns. Line
/// ends and other control characters inside of messages are escaped, so that a message is one line always. A
/// child that the process forks opens files anew and appends to them.
class TopicLoggerSite final : public ILoggerSite, public ILogger {
 public:
  using provides = Provides<ILoggerSite, ILogger>;
  using Options = TopicLoggerSiteOptions;

  /// Throws std::invalid_argument with the first of `options.complaints()`, std::runtime_error when a file
  /// could not be written. No file is made yet.
  explicit TopicLoggerSite(const TopicLoggerSiteOptions& options = {});
  ~TopicLoggerSite() override;

  /// Opens the files; without it the first message does. Throws what goes wrong.
  void start() override;

  [[nodiscard]] std::shared_ptr<ILogger> get_logger(std::string_view topic) override;
  [[nodiscard]] LogLevel level(std::string_view topic) const noexcept override;
  void set_level(std::string_view topic, LogLevel level) override;

  /// Whether a message of this level would go anywhere for any topic.
  [[nodiscard]] bool enabled(LogLevel level) const noexcept override;
  void write(LogLevel level, std::string_view topic, std::string_view message,
             std::span<const LogAttribute> attributes) noexcept override;

 private:
  class Inner;
  std::shared_ptr<Inner> inner_;  // shared with the loggers given out
};

}  // namespace cachesite
