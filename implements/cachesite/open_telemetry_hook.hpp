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

/// Records the calls of a HookedCache as spans of a trace, and with them the calls to Redis servers that are
/// made for them on the same thread. Which calls are recorded, and in what form, is for the component to say
/// that `telemetry` names.
///
/// A call that is not recorded costs at most 25 instructions more than with a hook that does nothing; one
/// that is takes no memory and waits for nobody. Hooks of several caches may be nested, and one hook may
/// serve several caches. Safe from any thread; in a forked child nothing is recorded.
class OpenTelemetryHook final : public ICacheHook {
 public:
  using Options = OpenTelemetryHookOptions;

  /// Throws std::invalid_argument when `telemetry` is not set, or takes no spans.
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

/// A view of `cache` whose calls are recorded for `telemetry`, `name` being what traces call it. Throws
/// std::invalid_argument for a null pointer.
[[nodiscard]] std::shared_ptr<ICache> traced(std::shared_ptr<ICache> cache,
                                             std::shared_ptr<ITelemetry> telemetry, std::string name = {});

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
