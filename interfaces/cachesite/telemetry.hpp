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

/// Counters of traces and metrics since the component was created.
struct TelemetryStatistics {
  std::uint64_t spans_sent = 0;       ///< spans that the collector accepted
  std::uint64_t spans_dropped = 0;    ///< traced calls without room in the queue
  std::uint64_t spans_refused = 0;    ///< spans that could not be delivered
  std::uint64_t spans_queued = 0;     ///< ended spans that are not sent yet
  std::uint64_t metrics_sent = 0;     ///< requests with metrics that the collector accepted
  std::uint64_t metrics_refused = 0;  ///< requests with metrics that could not be delivered
  std::uint64_t repetitions = 0;      ///< repeated requests
};

/// Sends traces of calls, and metrics, to a collector. OpenTelemetryExporter is one; an OpenTelemetryHook
/// records the calls of a cache for it.
class ITelemetry : public Interface<ITelemetry, "ITelemetry"> {
 public:
  /// Sends all ended spans and the metrics now, and waits for the answer of the collector, at most `limit`.
  /// Fails with `timeout` after that, and with `unreachable` or `refused` when something could not be
  /// delivered. Safe from any thread.
  virtual Status flush(std::chrono::milliseconds limit) = 0;

  /// Counters since the component was created. Safe from any thread; never waits for the collector.
  [[nodiscard]] virtual TelemetryStatistics statistics() const = 0;

  /// Used by the hooks of this library to record calls. Null when the component records none.
  [[nodiscard]] virtual std::shared_ptr<telemetry::SpanRecorder> span_recorder() const { return nullptr; }
};

}  // namespace cachesite
