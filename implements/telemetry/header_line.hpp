#pragma once

#include <optional>
#include <string_view>

namespace cachesite::telemetry {

/// What is wrong with a header `name: value` that a program wants to send; nothing when it is sound. Says
/// nothing of what stands in it.
[[nodiscard]] std::optional<std::string_view> complaint_of_header(std::string_view line);

}  // namespace cachesite::telemetry
