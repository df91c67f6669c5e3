#pragma once

#include "basics/per_process.hpp"

#include <cachesite/detail/log_sink_options.hpp>

#include <memory>
#include <mutex>
#include <span>
#include <string_view>

#include <spdlog/common.h>
#include <spdlog/sinks/sink.h>

namespace cachesite::logging {

// One place that messages go to. A file is opened by `open` or the first message. Safe from any thread. A
// forked child opens it anew.
class LogSink {
 public:
  // Throws std::runtime_error when a file could not be written; makes none.
  explicit LogSink(const LogSinkOptions& options);

  [[nodiscard]] LogLevel level() const noexcept { return options_.level; }
  // Both throw what goes wrong.
  void open();
  void write(LogLevel level, std::string_view topic, std::string_view message,
             std::span<const LogAttribute> attributes);

 private:
  // One user at a time.
  struct Output {
    std::mutex mutex;
    std::unique_ptr<spdlog::sinks::sink> sink;
  };

  const LogSinkOptions options_;
  basics::PerProcess<Output> output_;
};

}  // namespace cachesite::logging
