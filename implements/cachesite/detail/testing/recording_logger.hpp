#pragma once

#include <cachesite/logger.hpp>

#include <algorithm>
#include <cstddef>
#include <mutex>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cachesite::testing {

/// A message that was logged.
struct LogRecord {
  LogLevel level = LogLevel::off;
  std::string topic = {};
  std::string message = {};
  std::vector<std::pair<std::string, std::string>> attributes = {};

  /// "warning redis: cannot connect host=localhost port=6379"
  [[nodiscard]] std::string text() const {
    std::string result = std::string(to_string(level)) + " " + topic + ": " + message;
    for (const auto& [name, value] : attributes)
      result += " " + name + "=" + value;
    return result;
  }
};

/// A logger that keeps its messages for tests. Safe from any thread; without memory a message is lost.
class RecordingLogger : public ILogger {
 public:
  /// Keeps messages of `lowest` and above.
  explicit RecordingLogger(LogLevel lowest = LogLevel::debug) : lowest_(lowest) {}

  [[nodiscard]] bool enabled(LogLevel level) const noexcept override {
    return level >= lowest_ && level != LogLevel::off;
  }

  void write(LogLevel level, std::string_view topic, std::string_view message,
             std::span<const LogAttribute> attributes) noexcept override {
    if (!enabled(level)) return;
    try {
      LogRecord record{level, std::string(topic), std::string(message), {}};
      for (const LogAttribute& attribute : attributes)
        record.attributes.emplace_back(attribute.name, attribute.value);
      const std::lock_guard lock(mutex_);
      records_.push_back(std::move(record));
    } catch (...) {
    }
  }

  [[nodiscard]] std::vector<LogRecord> records() const {
    const std::lock_guard lock(mutex_);
    return records_;
  }

  /// Messages of `lowest` and above whose `text()` contains `part`.
  [[nodiscard]] std::size_t count(LogLevel lowest = LogLevel::debug, std::string_view part = {}) const {
    const std::lock_guard lock(mutex_);
    return static_cast<std::size_t>(
        std::count_if(records_.begin(), records_.end(), [&](const LogRecord& record) {
          return record.level >= lowest && record.text().find(part) != std::string::npos;
        }));
  }

  /// All messages as one text, with a line for each, to show them or to search for secrets.
  [[nodiscard]] std::string text() const {
    std::string result;
    for (const LogRecord& record : records())
      result += record.text() + "\n";
    return result;
  }

  void clear() {
    const std::lock_guard lock(mutex_);
    records_.clear();
  }

 private:
  const LogLevel lowest_;
  mutable std::mutex mutex_;
  std::vector<LogRecord> records_;
};

}  // namespace cachesite::testing
