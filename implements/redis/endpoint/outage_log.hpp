#pragma once

#include "basics/guarded_log.hpp"

#include <cachesite/logger.hpp>

#include <memory>
#include <string>
#include <string_view>
#include <utility>

namespace cachesite::redis {

/// Logs that a server cannot be used, and that it is back: each of them once. The owner locks.
class OutageLog {
 public:
  OutageLog(std::string label, std::shared_ptr<ILogger> logger) noexcept
      : label_(std::move(label)), logger_(std::move(logger)) {}

  /// From now on a server that goes was there before.
  void connected() noexcept { was_up_ = true; }
  void lost(std::string_view reason) noexcept {
    if (std::exchange(reported_down_, true)) return;
    log(LogLevel::warning, [&] {
      return (was_up_ ? "lost " : "cannot use ") + std::string(reason) + "; calls fail until it returns";
    });
  }
  void is_back(const std::string& place) noexcept {
    if (std::exchange(reported_down_, false)) log(LogLevel::info, [&] { return place + " is back"; });
  }

 private:
  template <class Text>
  void log(LogLevel level, Text&& text) const noexcept {
    basics::log_guarded(*logger_, level, "redis", [&] { return label_ + ": " + text(); });
  }

  const std::string label_;
  const std::shared_ptr<ILogger> logger_;
  bool was_up_ = false;
  bool reported_down_ = false;
};

}  // namespace cachesite::redis
