#pragma once

#include <cachesite/cache.hpp>
#include <cachesite/cache_hook.hpp>
#include <cachesite/component_context.hpp>
#include <cachesite/parameter.hpp>
#include <cachesite/reference.hpp>
#include <cachesite/telemetry.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace cachesite {

/// Settings of an OpenTelemetryHook, explained by `cachesite describe OpenTelemetryHook` and
/// configs/reference.md.
struct OpenTelemetryHookOptions {
  Reference<ITelemetry> telemetry;

  static ParameterTable parameters();
};

/// Records the calls of a HookedCache as spans of a trace, with their Redis calls on the same thread. The
/// component that `telemetry` names decides which calls are recorded, and in what form.
///
/// A call that is not recorded costs at most 25 instructions more than with an empty hook; a recorded call
/// allocates nothing and never waits. Hooks of several caches may be nested, and one hook may serve several
/// caches. Safe from any thread; in a forked child nothing is recorded.
class OpenTelemetryHook final : public ICacheHook {
 public:
  using Options = OpenTelemetryHookOptions;

  /// Throws std::invalid_argument when `telemetry` is not set, or records no spans.
  explicit OpenTelemetryHook(const OpenTelemetryHookOptions& options, const ComponentContext& context = {});
  /// For a program without a file. Throws as above.
  explicit OpenTelemetryHook(std::shared_ptr<ITelemetry> telemetry);
  ~OpenTelemetryHook() override;

  void before(const CacheCall& call) override;
  void after(const CacheCall& call, const CacheCallResult& result,
             std::chrono::nanoseconds duration) override;
  void on_error(const CacheCall& call, const Error& error, std::chrono::nanoseconds duration) override;

 private:
  void consider(const CacheCall& call) noexcept;
  void begin(const CacheCall& call) noexcept;
  telemetry::Span* take_back(std::chrono::nanoseconds duration) noexcept;

  const std::shared_ptr<telemetry::SpanRecorder> recorder_;
};

/// A view of `cache` whose calls are recorded for `telemetry`; `name` is its name in traces. Throws
/// std::invalid_argument for a null pointer.
[[nodiscard]] std::shared_ptr<ICache> traced(std::shared_ptr<ICache> cache,
                                             std::shared_ptr<ITelemetry> telemetry, std::string name = {});

namespace telemetry {

struct Span;

/// The position of a thread in a trace. For internal use.
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

/// Puts the calls of this thread, until the end of the scope, under the trace of a caller, given as a W3C
/// `traceparent` (from an HTTP request):
///
///     TraceScope scope(request.header("traceparent"));
///     cache->get_value("user:42");  // its span is a child of the caller's
///
/// The caller's decision whether to record is followed. With an invalid traceparent, such as an empty text,
/// calls begin their own traces, as without a scope. Scopes may be nested; each ends on the thread that began
/// it, the last one first. Allocates nothing and does not fail.
class TraceScope {
 public:
  explicit TraceScope(std::string_view traceparent) noexcept;
  ~TraceScope();
  TraceScope(const TraceScope&) = delete;
  TraceScope& operator=(const TraceScope&) = delete;

 private:
  telemetry::ThreadTrace outer_;
};

/// The `traceparent` for requests of this thread to other services: within a traced call its span, otherwise
/// the argument of the TraceScope. Empty outside of a trace. Never sent to Redis.
[[nodiscard]] std::string current_traceparent();

}  // namespace cachesite
