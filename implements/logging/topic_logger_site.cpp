#include "basics/checked_options.hpp"
#include "logging/log_sink.hpp"
#include "logging/topic_levels.hpp"

#include <cachesite/topic_logger_site.hpp>

#include <set>
#include <utility>

namespace cachesite {

class TopicLoggerSite::Inner {
 public:
  explicit Inner(const TopicLoggerSiteOptions& options) : levels(options.level) {
    for (const auto& topic : options.topics)
      levels.set(topic.topic, topic.level);
    if (options.sinks.empty()) sinks.push_back(std::make_unique<logging::LogSink>(LogSinkOptions()));
    for (const auto& sink : options.sinks)
      sinks.push_back(std::make_unique<logging::LogSink>(sink));
  }

  void open() {
    for (const auto& sink : sinks)
      sink->open();
  }

  [[nodiscard]] bool enabled(LogLevel level, std::string_view topic) const noexcept {
    return level != LogLevel::off && level >= levels.lowest() && level >= levels.of(topic);
  }

  void write(LogLevel level, std::string_view topic, std::string_view message,
             std::span<const LogAttribute> attributes) noexcept {
    if (!enabled(level, topic)) return;
    for (const auto& sink : sinks) {
      if (level < sink->level()) continue;
      try {
        sink->write(level, topic, message, attributes);
      } catch (...) {
        // Whatever happens inside a logger stays there; the other sinks still get the message.
      }
    }
  }

  logging::TopicLevels levels;
  std::vector<std::unique_ptr<logging::LogSink>> sinks;

  // The logger of one topic.
  class TopicLogger final : public ILogger {
   public:
    TopicLogger(std::shared_ptr<Inner> inner, std::string_view topic)
        : inner_(std::move(inner)), topic_(topic) {}

    [[nodiscard]] bool enabled(LogLevel level) const noexcept override {
      return inner_->enabled(level, topic_);
    }
    void write(LogLevel level, std::string_view topic, std::string_view message,
               std::span<const LogAttribute> attributes) noexcept override {
      inner_->write(level, topic.empty() ? std::string_view(topic_) : topic, message, attributes);
    }

   private:
    std::shared_ptr<Inner> inner_;
    std::string topic_;
  };
};

ParameterTable TopicLevelOptions::parameters() {
  using O = TopicLevelOptions;
  return {
      parameter("topic", &O::topic, "The topic; its level also holds for the topics below it.").required(),
      parameter("level", &O::level, "Messages below this level are dropped.").choices(log_level_words())};
}

ParameterTable TopicLoggerSiteOptions::parameters() {
  using O = TopicLoggerSiteOptions;
  return {
      parameter("level", &O::level,
                "Messages below this level are dropped, unless their topic has a level of its own.")
          .choices(log_level_words()),
      parameter("topics", &O::topics,
                "Topics with levels of their own; a level also holds for the topics below, as that of shop "
                "for shop.orders."),
      parameter("sinks", &O::sinks, "Where messages go; without any, to the standard error stream as text."),
  };
}

std::vector<OptionComplaint> TopicLoggerSiteOptions::complaints() const {
  std::vector<OptionComplaint> complaints;
  std::set<std::string> paths;
  for (const auto& sink : sinks) {
    const bool is_file = sink.kind == LogSinkOptions::Kind::file;
    if (is_file && sink.path.empty()) complaints.push_back({"sinks", "a sink of the kind file needs a path"});
    if (!is_file && !sink.path.empty())
      complaints.push_back({"sinks", "a path is for a sink of the kind file"});
    if (is_file && !sink.path.empty() && !paths.insert(sink.path).second)
      complaints.push_back({"sinks", "two sinks write the same file"});
  }
  return complaints;
}

TopicLoggerSite::TopicLoggerSite(const TopicLoggerSiteOptions& options)
    : inner_(std::make_shared<Inner>(checked_options("TopicLoggerSite", options))) {}

TopicLoggerSite::~TopicLoggerSite() = default;

void TopicLoggerSite::start() {
  inner_->open();
}

std::shared_ptr<ILogger> TopicLoggerSite::get_logger(std::string_view topic) {
  return std::make_shared<Inner::TopicLogger>(inner_, topic);
}

LogLevel TopicLoggerSite::level(std::string_view topic) const noexcept {
  return inner_->levels.of(topic);
}

void TopicLoggerSite::set_level(std::string_view topic, LogLevel level) {
  inner_->levels.set(topic, level);
}

bool TopicLoggerSite::enabled(LogLevel level) const noexcept {
  return level != LogLevel::off && level >= inner_->levels.lowest();
}

void TopicLoggerSite::write(LogLevel level, std::string_view topic, std::string_view message,
                            std::span<const LogAttribute> attributes) noexcept {
  inner_->write(level, topic, message, attributes);
}

}  // namespace cachesite
