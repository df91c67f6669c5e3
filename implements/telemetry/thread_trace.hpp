#pragma once

#include "telemetry/trace_parent.hpp"

#include <cachesite/open_telemetry_hook.hpp>

#include <cstdint>

namespace cachesite::telemetry {

extern thread_local constinit ThreadTrace thread_trace [[gnu::tls_model("initial-exec")]];

/// How many calls that begin a trace this thread makes until one is recorded, and for which recorder and
/// ratio that number was drawn.
struct NextSample {
  std::uint64_t left = 0;
  std::uint32_t drawn_for = 0;
};
extern thread_local constinit NextSample next_sample [[gnu::tls_model("initial-exec")]];

/// A random number of this thread and process, never 0. The sequence is wyrand, by Wang Yi.
[[nodiscard]] std::uint64_t fresh_random() noexcept;

/// Where a span that begins now belongs: below the innermost open span, below the caller of the scope, or
/// nowhere (`span` is 0).
[[nodiscard]] TraceParent present_parent() noexcept;

}  // namespace cachesite::telemetry
