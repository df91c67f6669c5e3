#pragma once

#include "basics/per_process_mutex.hpp"

#include <cachesite/logger.hpp>

#include <atomic>
#include <functional>
#include <map>
#include <shared_mutex>
#include <string>
#include <string_view>

namespace cachesite::logging {

// The levels of topics; a topic without one has that of the nearest topic above it. Safe from any thread.
class TopicLevels {
 public:
  explicit TopicLevels(LogLevel usual);

  void set(std::string_view topic, LogLevel level);
  [[nodiscard]] LogLevel of(std::string_view topic) const noexcept;
  // The lowest level of any topic.
  [[nodiscard]] LogLevel lowest() const noexcept { return lowest_.load(std::memory_order_relaxed); }

 private:
  mutable basics::PerProcessSharedMutex mutex_;
  std::map<std::string, LogLevel, std::less<>> levels_;  // "" is there always
  std::atomic<LogLevel> lowest_;
};

}  // namespace cachesite::logging
