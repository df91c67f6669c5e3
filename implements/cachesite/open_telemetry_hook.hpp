#pragma once

#include <cachesite/cache.hpp>
#include <cachesite/cache_hook.hpp>
#include <cachesite/component_context.hpp>
#include <cachesite/parameter.hpp>
#include <cachesite/reference.hpp>
#include <cachesite/telemetry.hpp>

#include <chrono>
#include <memory>
#include <string>

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

}  // namespace cachesite
