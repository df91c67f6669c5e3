#pragma once

#include <cachesite/logger.hpp>

#include <chrono>
#include <span>
#include <string>
#include <string_view>

namespace cachesite::logging {

// `{"time":"2026-01-31T12:00:00.000Z","level":"info","topic":"shop","message":"...","name":"value"}`
[[nodiscard]] std::string json_line(std::chrono::system_clock::time_point time, LogLevel level,
                                    std::string_view topic, std::string_view message,
                                    std::span<const LogAttribute> attributes);

}  // namespace cachesite::logging
