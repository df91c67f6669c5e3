#pragma once

#include "basics/fork_mark.hpp"
#include "basics/server_call.hpp"
#include "telemetry/index_ring.hpp"
#include "telemetry/span.hpp"
#include "telemetry/thread_trace.hpp"
#include "telemetry/trace_parent.hpp"

#include <cachesite/open_telemetry_exporter.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <vector>

namespace cachesite::telemetry {

/// Takes spans from any thread and keeps them until they are sent, in a fixed number of places. No call of
/// it waits, takes memory or fails. What a place is:
///
///   free     nobody has it           begin() -> open, record() -> ended; without one the span is dropped
///   open     the call is under way   end() -> ended
///   ended    it waits to be sent     take() -> taken
///   taken    it is being written     give_back() -> free
///
/// In a forked child every span is dropped: the places are its parent's.
class SpanRecorder final : private basics::IServerCallRecorder {
 public:
  struct Options {
    std::size_t most = 2048;
    std::size_t batch = 512;
    double sample_ratio = 0.01;
    TelemetryKeys keys = TelemetryKeys::none;
    bool cache_calls = true;
    bool server_calls = true;
    /// Told when a batch is together, by the thread whose span makes it one.
    std::function<void()> on_batch = [] {};
  };
  explicit SpanRecorder(Options options);
  ~SpanRecorder() = default;

  void set_sample_ratio(double ratio) noexcept;
  /// A number for the present ratio, which no other recorder has.
  [[nodiscard]] std::uint32_t ratio_number() const noexcept {
    return ratio_number_.load(std::memory_order_acquire);
  }
  /// Draws how many calls there are until one is recorded, that one included: instead of a decision for each
  /// call, which would cost more than all else.
  void draw(NextSample& next) const noexcept;
  /// From now on nothing is recorded.
  void close() noexcept;

  /// An open span below `parent`, or one that begins a trace. Null when there is no place.
  Span* begin(const TraceParent& parent) noexcept;
  void end(Span& span) noexcept;
  void set_key(Span& span, std::string_view key) const noexcept;
  /// Whom the calls to servers are told to that belong to a recorded call; may be null.
  [[nodiscard]] basics::IServerCallRecorder* server_calls() noexcept {
    return options_.server_calls ? this : nullptr;
  }

  /// Ended spans, `most` at most.
  void take(std::vector<Span*>& spans, std::size_t most);
  void give_back(const std::vector<Span*>& spans) noexcept;

  [[nodiscard]] std::uint64_t dropped() const noexcept { return dropped_.load(std::memory_order_relaxed); }
  [[nodiscard]] std::uint64_t ended() const noexcept { return ended_.load(std::memory_order_relaxed); }

 private:
  void record(const basics::ServerCall& call) noexcept override;
  Span* claim() noexcept;
  [[nodiscard]] std::uint64_t sampled_trace() const noexcept;

  const Options options_;
  const basics::ForkMark fork_mark_;
  const std::unique_ptr<Span[]> spans_;
  IndexRing free_;
  IndexRing ready_;
  std::atomic<double> ratio_{0};
  std::atomic<std::uint32_t> ratio_number_{0};
  std::atomic<bool> closed_{false};
  alignas(64) std::atomic<std::uint64_t> ended_{0};  // and not taken
  std::atomic<std::uint64_t> dropped_{0};
};

}  // namespace cachesite::telemetry
