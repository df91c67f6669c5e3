#pragma once

#include "telemetry/json_text.hpp"
#include "telemetry/span.hpp"

#include <cachesite/open_telemetry_exporter.hpp>

#include <cstddef>

namespace cachesite::telemetry {

/// Most bytes that one span takes as text.
inline constexpr std::size_t longest_span = std::size_t{8} * 1024;

/// Writes one span, named as the conventions have it.
void write_span(JsonText& text, const Span& span, TelemetryConventions conventions);

}  // namespace cachesite::telemetry
