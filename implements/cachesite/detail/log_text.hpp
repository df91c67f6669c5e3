#pragma once

#include <cachesite/logger.hpp>

#include <span>
#include <string>
#include <string_view>

namespace cachesite::detail {

/// `[topic] message name=value`, on one line whatever the parts hold; without a topic no brackets.
[[nodiscard]] std::string log_text(std::string_view topic, std::string_view message,
                                   std::span<const LogAttribute> attributes);

}  // namespace cachesite::detail
