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

/// Loggers by topic. It is also an ILogger for messages that name their topic, so it can be the unnamed
/// ILogger of a site. Built on spdlog; a message is written before the call returns. Line ends and other
/// control characters in messages are escaped, so a message is always one line. A forked child reopens files
/// and appends to them.
class TopicLoggerSite final : public ILoggerSite, public ILogger {
 public:
  using provides = Provides<ILoggerSite, ILogger>;
  using Options = TopicLoggerSiteOptions;

  /// Throws std::invalid_argument with the first of `options.complaints()`, std::runtime_error when a file
  /// cannot be written. Does not create files.
  explicit TopicLoggerSite(const TopicLoggerSiteOptions& options = {});
  ~TopicLoggerSite() override;

  /// Opens the files; without it the first message does. Throws on failure.
  void start() override;

  [[nodiscard]] std::shared_ptr<ILogger> get_logger(std::string_view topic) override;
  [[nodiscard]] LogLevel level(std::string_view topic) const noexcept override;
  void set_level(std::string_view topic, LogLevel level) override;

  /// Whether a message of this level would be written for any topic.
  [[nodiscard]] bool enabled(LogLevel level) const noexcept override;
  void write(LogLevel level, std::string_view topic, std::string_view message,
             std::span<const LogAttribute> attributes) noexcept override;

 private:
  class Inner;
  std::shared_ptr<Inner> inner_;  // shared with the loggers given out
};

}  // namespace cachesite
