#include "telemetry/thread_trace.hpp"

#include "basics/process_number.hpp"
#include "basics/server_call.hpp"
#include "telemetry/span.hpp"
#include "telemetry/span_recorder.hpp"

#include <chrono>

#include <sys/random.h>

namespace cachesite::telemetry {

thread_local constinit ThreadTrace thread_trace;
thread_local constinit NextSample next_sample;

namespace {

thread_local constinit std::uint64_t random_state = 0;
thread_local constinit std::uint32_t seeded_in = 0;

// A child would go on with its parent's numbers.
void seed() noexcept {
  seeded_in = basics::process_number();
  std::uint64_t seed = 0;
  if (::getrandom(&seed, sizeof seed, GRND_NONBLOCK) != static_cast<ssize_t>(sizeof seed)) {
    const auto now = std::chrono::steady_clock::now().time_since_epoch().count();
    seed = static_cast<std::uint64_t>(now) ^ reinterpret_cast<std::uintptr_t>(&random_state) ^
           std::uint64_t{seeded_in} << 32U;
  }
  random_state = seed;
}

}  // namespace

std::uint64_t fresh_random() noexcept {
  if (seeded_in != basics::process_number()) [[unlikely]]
    seed();
  random_state += 0xa0761d6478bd642fU;
  __extension__ using Wide = unsigned __int128;
  const auto product = static_cast<Wide>(random_state) * (random_state ^ 0xe7037ed1a0b428dbU);
  const auto number = static_cast<std::uint64_t>(product >> 64U) ^ static_cast<std::uint64_t>(product);
  return number != 0 ? number : 1;
}

TraceParent present_parent() noexcept {
  const auto& trace = thread_trace;
  if (trace.open != nullptr) return {trace.open->trace_high, trace.open->trace_low, trace.open->id, true};
  if (trace.has_parent) return {trace.trace_high, trace.trace_low, trace.parent, trace.parent_sampled};
  return {};
}

}  // namespace cachesite::telemetry

namespace cachesite {

using telemetry::thread_trace;

TraceScope::TraceScope(std::string_view traceparent) noexcept : outer_(thread_trace) {
  thread_trace = {};
  basics::server_call_recorder = nullptr;
  const auto parent = telemetry::parse_trace_parent(traceparent);
  if (!parent) return;
  thread_trace.has_parent = thread_trace.inside = true;
  thread_trace.parent_sampled = parent->sampled;
  thread_trace.unrecorded = parent->sampled ? 0 : 1;
  thread_trace.trace_high = parent->trace_high;
  thread_trace.trace_low = parent->trace_low;
  thread_trace.parent = parent->span;
}

TraceScope::~TraceScope() {
  thread_trace = outer_;
  basics::server_call_recorder = outer_.open != nullptr ? outer_.open->recorder->server_calls() : nullptr;
}

std::string current_traceparent() {
  auto parent = telemetry::present_parent();
  if (parent.span != 0) return telemetry::to_text(parent);
  if (thread_trace.unrecorded == 0) return {};
  // A call of a trace that begins here, and is not recorded: that is handed on, too.
  return telemetry::to_text(
      {telemetry::fresh_random(), telemetry::fresh_random(), telemetry::fresh_random(), false});
}

}  // namespace cachesite
