#include "basics/server_call.hpp"
#include "telemetry/span.hpp"
#include "telemetry/span_recorder.hpp"
#include "telemetry/thread_trace.hpp"

#include <cachesite/hooked_cache.hpp>
#include <cachesite/open_telemetry_hook.hpp>

#include <stdexcept>
#include <utility>
#include <vector>

namespace cachesite {

namespace {

using telemetry::Span;
using telemetry::thread_trace;

// Of `HookedCache "sessions"` the name, else the class.
std::string_view name_of(std::string_view label) noexcept {
  const auto begin = label.find('"');
  if (begin == std::string_view::npos || label.size() < begin + 3 || label.back() != '"') return label;
  return label.substr(begin + 1, label.size() - begin - 2);
}

std::shared_ptr<telemetry::SpanRecorder> recorder_of(const std::shared_ptr<ITelemetry>& telemetry) {
  if (!telemetry) throw std::invalid_argument("OpenTelemetryHook: telemetry is not set");
  auto recorder = telemetry->span_recorder();
  if (!recorder) throw std::invalid_argument("OpenTelemetryHook: telemetry: this component takes no spans");
  return recorder;
}

}  // namespace

ParameterTable OpenTelemetryHookOptions::parameters() {
  return {parameter("telemetry", &OpenTelemetryHookOptions::telemetry,
                    "The ITelemetry component that the spans go to.")
              .required()};
}

OpenTelemetryHook::OpenTelemetryHook(const OpenTelemetryHookOptions& options, const ComponentContext&)
    : OpenTelemetryHook(options.telemetry.component()) {}

OpenTelemetryHook::OpenTelemetryHook(std::shared_ptr<ITelemetry> telemetry)
    : recorder_(recorder_of(telemetry)) {}

OpenTelemetryHook::~OpenTelemetryHook() = default;

// The short way is that of calls that are not recorded.
void OpenTelemetryHook::before(const CacheCall& call) {
  auto& trace = thread_trace;
  if (trace.unrecorded != 0) {
    ++trace.unrecorded;
    return;
  }
  auto& next = telemetry::next_sample;
  if (trace.inside || next.drawn_for != recorder_->ratio_number() || --next.left == 0) [[unlikely]]
    return consider(call);
  trace.unrecorded = 1;
}

[[gnu::noinline]] void OpenTelemetryHook::consider(const CacheCall& call) noexcept {
  if (thread_trace.inside) return begin(call);
  auto& next = telemetry::next_sample;
  if (next.drawn_for != recorder_->ratio_number()) {
    recorder_->draw(next);
    if (--next.left != 0) {
      thread_trace.unrecorded = 1;
      return;
    }
  }
  recorder_->draw(next);
  begin(call);
}

void OpenTelemetryHook::begin(const CacheCall& call) noexcept {
  auto& trace = thread_trace;
  Span* const span = recorder_->begin(telemetry::present_parent());
  if (span == nullptr) {
    trace.unrecorded = 1;
    return;
  }
  span->kind = Span::Kind::cache_call;
  span->hook = this;
  span->operation = call.operation;
  span->keys = call.keys;
  span->set_text(Span::Text::name, name_of(call.cache), 72);
  recorder_->set_key(*span, call.key);
  span->outer = trace.open;
  trace.open = span;
  trace.inside = true;
  basics::server_call_recorder = recorder_->server_calls();
}

void OpenTelemetryHook::after(const CacheCall&, const CacheCallResult& result,
                              std::chrono::nanoseconds duration) {
  if (thread_trace.unrecorded != 0) [[likely]] {
    --thread_trace.unrecorded;
    return;
  }
  Span* const span = take_back(duration);
  if (span == nullptr) return;
  span->result = result.kind;
  recorder_->end(*span);
}

void OpenTelemetryHook::on_error(const CacheCall&, const Error& error, std::chrono::nanoseconds duration) {
  if (thread_trace.unrecorded != 0) {
    --thread_trace.unrecorded;
    return;
  }
  Span* const span = take_back(duration);
  if (span == nullptr) return;
  span->failed = true;
  span->code = error.code();
  span->set_text(Span::Text::message, error.message());
  recorder_->end(*span);
}

// Usually the innermost one. Two hooks of one cache end in the order in which they began.
[[gnu::noinline]] Span* OpenTelemetryHook::take_back(std::chrono::nanoseconds duration) noexcept {
  Span** place = &thread_trace.open;
  while (*place != nullptr && (*place)->hook != this)
    place = &(*place)->outer;
  Span* const span = *place;
  if (span == nullptr) return nullptr;
  *place = span->outer;
  span->duration = duration.count();
  Span* const open = thread_trace.open;
  thread_trace.inside = open != nullptr || thread_trace.has_parent;
  basics::server_call_recorder = open != nullptr ? open->recorder->server_calls() : nullptr;
  return span;
}

std::shared_ptr<ICache> traced(std::shared_ptr<ICache> cache, std::shared_ptr<ITelemetry> telemetry,
                               std::string name) {
  ComponentContext context;
  if (!name.empty()) context.label = "HookedCache \"" + name + "\"";
  std::vector<std::shared_ptr<ICacheHook>> hooks{std::make_shared<OpenTelemetryHook>(std::move(telemetry))};
  return std::make_shared<HookedCache>(std::move(cache), std::move(hooks), context);
}

}  // namespace cachesite
