#pragma once

#include "basics/condition.hpp"
#include "basics/fork_mark.hpp"
#include "basics/thread.hpp"
#include "redis/base/deadline.hpp"
#include "redis/base/wake_signal.hpp"
#include "telemetry/envelope_text.hpp"
#include "telemetry/http_client.hpp"
#include "telemetry/retry_schedule.hpp"
#include "telemetry/span_recorder.hpp"

#include <cachesite/component_context.hpp>
#include <cachesite/open_telemetry_exporter.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cachesite::telemetry {

/// Takes what was recorded and what components have counted to the collector, on a thread of its own. It has a
/// line for traces and one for metrics, so that trouble with one does not hold up the other. The states of a
/// line:
///
///   waiting  for its turn, a full batch, flush() or stop()   -> sending
///   sending  a request is under way                          taken or given up -> sending, or waiting
///                                                            after the last one; put off -> pausing
///   pausing  until the next attempt                          its time, or stop() -> sending
///
/// After stop() each line has one more turn, in which nothing is put off, and the thread ends.
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
    std::string body;
    std::uint64_t weight;  // spans, or 1
  };
  struct Line {
    Line(Signal of, std::chrono::milliseconds every) : signal(of), interval(every) {}

    const Signal signal;
    const std::chrono::milliseconds interval;
    TimePoint turn{};         // the next one
    std::uint64_t flush = 0;  // the call of flush() that its last turn was for
    std::uint64_t left = 0;   // spans, or sets of metrics, that this turn still has to read
    std::deque<Request> requests;
    std::optional<RetrySchedule> schedule;  // of the first request, once it was tried
    TimePoint retry{};
  };

  void work() noexcept;
  void wait_until(TimePoint time) noexcept;
  static std::string name_of(Signal signal) { return signal == Signal::traces ? "traces" : "metrics"; }
  [[nodiscard]] std::string& trouble_of(Signal signal) noexcept {
    return troubles_[static_cast<std::size_t>(signal)];
  }
  [[nodiscard]] bool is_known(const std::string& trouble) const noexcept;
  [[nodiscard]] bool stopping() const noexcept { return stopping_.load(std::memory_order_acquire); }
  [[nodiscard]] bool is_due(const Line& line) const noexcept;
  void begin_turn(Line& line) noexcept;
  void serve(Line& line, bool last) noexcept;
  bool send_first(Line& line, bool last);
  void read(Line& line);
  void read_spans(Line& line);
  HttpAnswer attempt(Signal signal, const Request& request);
  void note_taken(Signal signal, const Request& request, std::string_view answer);
  void note_given_up(Signal signal, const Request& request) noexcept;
  void note_trouble(Signal signal, const HttpAnswer& answer) noexcept;
  void see_flushes() noexcept;
  void end_flush() noexcept;

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
  Line traces_;
  Line metrics_;
  std::uint64_t flush_ = 0;              // the last call of flush() that is being served
  std::optional<Error> failure_;         // of the last attempt that had one
  std::optional<Error> given_up_since_;  // why something was given up since that call

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
  std::array<std::string, 2> troubles_;  // of each signal; empty while the collector takes it
};

}  // namespace cachesite::telemetry
