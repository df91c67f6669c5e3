#pragma once

#include "basics/condition.hpp"
#include "basics/fork_mark.hpp"
#include "basics/thread.hpp"
#include "redis/deadline.hpp"
#include "redis/wake_signal.hpp"
#include "telemetry/envelope_text.hpp"
#include "telemetry/http_client.hpp"
#include "telemetry/retry_schedule.hpp"
#include "telemetry/span_recorder.hpp"

#include <cachesite/component_context.hpp>
#include <cachesite/open_telemetry_exporter.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cachesite::telemetry {

/// Takes what was recorded and what components have counted to the collector, on a thread of its own.
///
///   idle      there is no thread                                 start() -> waiting
///   waiting   for a batch, the next turn, flush() or stop()      -> sending
///   sending   a request is under way                             taken or refused -> waiting;
///                                                                lost or put off -> pausing
///   pausing   until the next attempt                             its time, or stop() -> sending
///   stopped   after stop(), once what was left has been sent     stays
class Sender {
 public:
  Sender(const OpenTelemetryExporterOptions& options, const ComponentContext& context);
  ~Sender();

  /// Throws std::system_error when there is no thread to be had.
  void start();
  void stop() noexcept;
  Status flush(std::chrono::milliseconds limit);
  [[nodiscard]] Health health() const;
  [[nodiscard]] TelemetryStatistics statistics() const;
  [[nodiscard]] const std::shared_ptr<SpanRecorder>& recorder() const noexcept { return recorder_; }

 private:
  using TimePoint = redis::TimePoint;

  enum class Signal : std::uint8_t { traces, metrics };
  struct Request {
    Signal signal;
    std::string body;
    std::uint64_t weight;  // spans, or 1
  };

  void work() noexcept;
  void wait_until(TimePoint time) noexcept;
  [[nodiscard]] bool stopping() const noexcept { return stopping_.load(std::memory_order_acquire); }
  void send_spans();
  void send_metrics();
  void deliver(const Request& request);
  HttpAnswer attempt(const Request& request);
  void note_taken(const Request& request, std::string_view answer);
  void note_refused(const Request& request) noexcept;
  void note_trouble(const HttpAnswer& answer) noexcept;
  [[nodiscard]] std::optional<std::uint64_t> wanted_flushes() const;
  void end_round(std::uint64_t wanted) noexcept;

  const OpenTelemetryExporterOptions options_;
  const std::string label_;
  const std::shared_ptr<ILogger> logger_;
  IComponentSite* const site_;
  const basics::ForkMark fork_mark_;
  const std::shared_ptr<redis::WakeSignal> wake_ = std::make_shared<redis::WakeSignal>();
  const std::shared_ptr<SpanRecorder> recorder_;
  const EnvelopeText envelope_;
  const std::string place_;
  const std::int64_t begin_;

  // Of the thread.
  HttpClient client_;
  std::vector<Span*> spans_;
  std::optional<Error> failure_;        // of the last attempt that had one
  std::optional<Error> round_failure_;  // why something was given up since the last turn

  std::atomic<bool> stopping_{false};
  std::atomic<std::uint64_t> spans_sent_{0};
  std::atomic<std::uint64_t> spans_refused_{0};
  std::atomic<std::uint64_t> metrics_sent_{0};
  std::atomic<std::uint64_t> metrics_refused_{0};
  std::atomic<std::uint64_t> repetitions_{0};

  mutable std::mutex mutex_;
  basics::Condition changed_;
  basics::Thread worker_;
  TimePoint stop_deadline_{};
  std::uint64_t flushes_wanted_ = 0;
  std::uint64_t flushes_done_ = 0;
  bool done_ = false;
  std::optional<Error> flush_failure_;
  std::string trouble_;  // empty while the collector works
};

}  // namespace cachesite::telemetry
