#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cachesite::telemetry {

/// A place in a trace, as `traceparent` names it (W3C Trace Context).
struct TraceParent {
  std::uint64_t trace_high = 0;
  std::uint64_t trace_low = 0;
  std::uint64_t span = 0;
  bool sampled = false;
};

/// Nothing for a text that is not valid. Of a version to come, what is known of it is read.
[[nodiscard]] std::optional<TraceParent> parse_trace_parent(std::string_view text) noexcept;
[[nodiscard]] std::string to_text(const TraceParent& parent);

/// Appends the 16 hexadecimal digits of a number.
void append_hex(std::string& text, std::uint64_t number);

}  // namespace cachesite::telemetry
