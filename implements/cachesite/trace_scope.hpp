#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace cachesite {

namespace telemetry {

struct Span;

/// Where the calls of a thread belong. For this library's own use.
struct ThreadTrace {
  Span* open = nullptr;          // the innermost call that is being recorded
  std::uint32_t unrecorded = 0;  // calls under way that are not, and a scope that forbids it
  bool inside = false;           // a call that begins now does not begin a trace
  bool has_parent = false;       // the rest is from a TraceScope
  bool parent_sampled = false;
  std::uint64_t trace_high = 0;
  std::uint64_t trace_low = 0;
  std::uint64_t parent = 0;
};

}  // namespace telemetry

/// Puts the calls that this thread makes until the scope ends under a trace of the caller's, which is named
/// in the words of the W3C (`traceparent` of an HTTP request):
///
///     TraceScope scope(request.header("traceparent"));
///     cache->get_value("user:42");  // its span is a child of the caller's
///
/// The caller's decision whether to record is followed. With a text that is no valid traceparent, such as an
/// empty one, calls begin traces of their own, as they do without a scope. Scopes may stand within each
/// other; each ends on the thread that began it, the last one first. Takes no memory and does not fail.
class TraceScope {
 public:
  explicit TraceScope(std::string_view traceparent) noexcept;
  ~TraceScope();
  TraceScope(const TraceScope&) = delete;
  TraceScope& operator=(const TraceScope&) = delete;

 private:
  telemetry::ThreadTrace outer_;
};

/// What this thread hands on to others whom it asks for something, as their `traceparent`: within a traced
/// call its span, otherwise what the TraceScope was given. Empty outside of any trace. Never sent to Redis.
[[nodiscard]] std::string current_traceparent();

}  // namespace cachesite
