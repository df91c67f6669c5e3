#pragma once

#include <cachesite/logger.hpp>

#include <string_view>
#include <utility>

namespace cachesite::basics {

/// Writes the message that `text` makes, for places that must not throw: without memory for it there is no
/// message.
template <class Text>
void log_guarded(ILogger& logger, LogLevel level, std::string_view topic, Text&& text) noexcept {
  if (!logger.enabled(level)) return;
  try {
    logger.log(level, topic, std::forward<Text>(text)());
  } catch (...) {
  }
}

}  // namespace cachesite::basics
