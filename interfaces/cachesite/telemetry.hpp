#pragma once

#include <cachesite/component.hpp>
#include <cachesite/result.hpp>

#include <chrono>
#include <cstdint>
#include <memory>

namespace cachesite {

namespace telemetry {
class SpanRecorder;
struct Span;
}  // namespace telemetry

/// What became of the traces and metrics of a component since it was made.
struct TelemetryStatistics {
  std::uint64_t spans_sent = 0;     ///< spans that the collector took
  std::uint64_t spans_dropped = 0;  ///< traced calls that the full queue had no room for
  std::uint64_t spans_refused =
      0;  ///< spans that the collector did not take, or that no attempt brought there
  std::uint64_t spans_queued = 0;     ///< spans that have ended and are not sent yet
  std::uint64_t metrics_sent = 0;     ///< requests with metrics that the collector took
  std::uint64_t metrics_refused = 0;  ///< those that it did not take, or that no attempt brought there
  std::uint64_t repetitions = 0;      ///< requests that were sent again
};

/// Sends traces of calls, and metrics, to a collector. OpenTelemetryExporter is one; an OpenTelemetryHook
/// records the calls of a cache for it.
class ITelemetry : public Interface<ITelemetry, "ITelemetry"> {
 public:
  /// Sends what has ended by now without waiting for its turn, and waits until the collector has answered,
  /// for `limit` at most. Fails with `timeout` when that is over, and with `unreachable` or `refused` when
  /// something could not be delivered. Safe from any thread.
  virtual Status flush(std::chrono::milliseconds limit) = 0;

  /// Counters since the component was made. Safe from any thread; never waits for the collector.
  [[nodiscard]] virtual TelemetryStatistics statistics() const = 0;

  /// Used by the hooks of this library: where calls are recorded. Null when the component offers no such
  /// thing.
  [[nodiscard]] virtual std::shared_ptr<telemetry::SpanRecorder> span_recorder() const { return nullptr; }
};

}  // namespace cachesite
