#pragma once

#include "answer.hpp"

#include <string_view>

namespace cachesite::tool {

/// The text format of Prometheus as JSON, by the names of metrics:
///
///     {"hits": {"type": "counter", "help": "...", "samples": [{"labels": {"cache": "hot"}, "value": 7}]},
///      "times": {"type": "histogram", "help": "...",
///                "samples": [{"labels": {}, "buckets": {"0.1": 3, "+Inf": 4}, "sum": 0.5, "count": 4}]}}
Node json_of_exposition(std::string_view text);

}  // namespace cachesite::tool
