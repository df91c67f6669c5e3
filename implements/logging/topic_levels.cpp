#include "logging/topic_levels.hpp"

#include <algorithm>
#include <mutex>

namespace cachesite::logging {

TopicLevels::TopicLevels(LogLevel usual) : levels_{{"", usual}}, lowest_(usual) {}

void TopicLevels::set(std::string_view topic, LogLevel level) {
  const std::unique_lock lock(mutex_);
  levels_.insert_or_assign(std::string(topic), level);
  LogLevel lowest = LogLevel::off;
  for (const auto& [name, each] : levels_)
    lowest = std::min(lowest, each);
  lowest_.store(lowest, std::memory_order_relaxed);
}

LogLevel TopicLevels::of(std::string_view topic) const noexcept {
  const std::shared_lock lock(mutex_);
  for (;;) {
    if (const auto found = levels_.find(topic); found != levels_.end()) return found->second;
    const auto dot = topic.rfind('.');
    topic = dot == std::string_view::npos ? std::string_view() : topic.substr(0, dot);
  }
}

}  // namespace cachesite::logging
