#pragma once

#include <string>
#include <string_view>

namespace cachesite::telemetry {

/// The text in the format of gzip. Throws std::bad_alloc.
[[nodiscard]] std::string gzip(std::string_view text);

}  // namespace cachesite::telemetry
