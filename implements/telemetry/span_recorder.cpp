#include "telemetry/span_recorder.hpp"

#include "telemetry/unix_time.hpp"

#include <cachesite/detail/stable_hash.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>

namespace cachesite::telemetry {

namespace {

constexpr std::uint64_t all_decisions = std::uint64_t{1} << 56U;

}  // namespace

SpanRecorder::SpanRecorder(Options options)
    : options_(std::move(options)),
      spans_(std::make_unique<Span[]>(options_.most)),
      free_(options_.most),
      ready_(options_.most) {
  for (std::size_t index = 0; index < options_.most; ++index)
    free_.push(static_cast<std::uint32_t>(index));
  set_sample_ratio(options_.sample_ratio);
}

void SpanRecorder::set_sample_ratio(double ratio) noexcept {
  static std::atomic<std::uint32_t> numbers{0};
  ratio_.store(options_.cache_calls ? std::clamp(ratio, 0.0, 1.0) : 0.0, std::memory_order_relaxed);
  ratio_number_.store(numbers.fetch_add(1, std::memory_order_relaxed) + 1, std::memory_order_release);
}

// The lengths between calls that are each recorded with the same probability: a geometric distribution.
void SpanRecorder::draw(NextSample& next) const noexcept {
  constexpr double longest = 1e18;
  next.drawn_for = ratio_number();
  const double ratio = ratio_.load(std::memory_order_relaxed);
  const double share = static_cast<double>((fresh_random() >> 11U) + 1) * 0x1p-53;  // above 0, up to 1
  const double length = ratio >= 1.0 ? 0.0 : ratio <= 0.0 ? longest : std::log(share) / std::log1p(-ratio);
  next.left = static_cast<std::uint64_t>(std::min(length, longest)) + 1;
}

// Who looks at its lower 56 bits comes to the same decision, as consistent sampling wants it.
std::uint64_t SpanRecorder::sampled_trace() const noexcept {
  __extension__ using Wide = unsigned __int128;
  const double declined = (1.0 - ratio_.load(std::memory_order_relaxed)) * static_cast<double>(all_decisions);
  const auto least = std::min(static_cast<std::uint64_t>(declined), all_decisions - 1);
  const auto random = fresh_random();
  const auto decision =
      least + static_cast<std::uint64_t>(static_cast<Wide>(random) * (all_decisions - least) >> 64U);
  return random << 56U | decision;
}

void SpanRecorder::close() noexcept {
  closed_.store(true, std::memory_order_relaxed);
}

Span* SpanRecorder::claim() noexcept {
  if (fork_mark_.forked() || closed_.load(std::memory_order_relaxed) || !options_.cache_calls) return nullptr;
  const auto index = free_.pop();
  if (!index) {
    dropped_.fetch_add(1, std::memory_order_relaxed);
    return nullptr;
  }
  Span& span = spans_[*index];
  span.clear();
  return &span;
}

Span* SpanRecorder::begin(const TraceParent& parent) noexcept {
  Span* const span = claim();
  if (span == nullptr) return nullptr;
  span->recorder = this;
  span->id = fresh_random();
  span->parent = parent.span;
  span->trace_high = parent.span != 0 ? parent.trace_high : fresh_random();
  span->trace_low = parent.span != 0 ? parent.trace_low : sampled_trace();
  span->begin = unix_now();
  return span;
}

void SpanRecorder::end(Span& span) noexcept {
  if (fork_mark_.forked()) return;
  ready_.push(static_cast<std::uint32_t>(&span - spans_.get()));
  if (ended_.fetch_add(1, std::memory_order_release) + 1 == options_.batch) options_.on_batch();
}

void SpanRecorder::set_key(Span& span, std::string_view key) const noexcept {
  if (key.empty() || options_.keys == TelemetryKeys::none) return;
  span.hashed = options_.keys == TelemetryKeys::hashed;
  if (span.hashed)
    span.hash = stable_hash(key);
  else
    span.set_text(Span::Text::key, key, Span::longest_key);
}

void SpanRecorder::record(const basics::ServerCall& call) noexcept {
  Span* const span = claim();
  if (span == nullptr) return;
  const auto parent = present_parent();
  span->trace_high = parent.trace_high;
  span->trace_low = parent.trace_low;
  span->parent = parent.span;
  span->id = fresh_random();
  span->duration = call.duration.count();
  span->begin = unix_now() - span->duration;
  span->kind = Span::Kind::server_call;
  span->keys = call.commands;
  span->database = call.database;
  span->port = call.port;
  span->failed = call.failure != nullptr || !call.error_prefix.empty();
  if (call.failure != nullptr) span->code = call.failure->code();
  span->set_text(Span::Text::name, call.command, 40);
  span->set_text(Span::Text::error_prefix, call.error_prefix, 40);
  span->set_text(Span::Text::peer, call.peer, 64);
  span->set_text(Span::Text::host, call.host);
  end(*span);
}

void SpanRecorder::take(std::vector<Span*>& spans, std::size_t most) {
  spans.clear();
  spans.reserve(most);
  while (spans.size() < most) {
    const auto index = ready_.pop();
    if (!index) break;
    spans.push_back(&spans_[*index]);
  }
  ended_.fetch_sub(spans.size(), std::memory_order_relaxed);
}

void SpanRecorder::give_back(const std::vector<Span*>& spans) noexcept {
  for (const Span* span : spans)
    free_.push(static_cast<std::uint32_t>(span - spans_.get()));
}

}  // namespace cachesite::telemetry
