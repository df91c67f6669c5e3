#pragma once

#include "support/support_thread.hpp"
#include "support/wait_until.hpp"

#include <cachesite/detail/testing/recording_logger.hpp>

#include <chrono>
#include <cstddef>
#include <string_view>

namespace cachesite::test {

using testing::LogRecord;

/// A RecordingLogger that failing allocations spare, and that can be waited for.
class CollectingLogger final : public testing::RecordingLogger {
 public:
  using RecordingLogger::RecordingLogger;

  void write(LogLevel level, std::string_view topic, std::string_view message,
             std::span<const LogAttribute> attributes) noexcept override {
    const Spared spared;
    RecordingLogger::write(level, topic, message, attributes);
  }

  /// Waits until `count(lowest, part)` is at least `wanted`.
  bool wait_for_count(std::size_t wanted, LogLevel lowest = LogLevel::debug, std::string_view part = {},
                      std::chrono::milliseconds limit = std::chrono::seconds(10)) const {
    return wait_until([&] { return count(lowest, part) >= wanted; }, limit);
  }
};

}  // namespace cachesite::test
