#include "telemetry/sender.hpp"

#include "basics/background_thread.hpp"
#include "basics/guarded_log.hpp"
#include "basics/inherited.hpp"
#include "telemetry/gzip.hpp"
#include "telemetry/metrics_text.hpp"
#include "telemetry/span_text.hpp"
#include "telemetry/thread_trace.hpp"
#include "telemetry/unix_time.hpp"

#include <algorithm>
#include <charconv>
#include <system_error>
#include <utility>

#include <poll.h>

namespace cachesite::telemetry {

using redis::SteadyTime;

namespace {

constexpr std::size_t most_bytes = std::size_t{4} * 1024 * 1024;
constexpr std::size_t gzip_from = 1024;

SpanRecorder::Options recorder_options(const OpenTelemetryExporterOptions& options,
                                       std::shared_ptr<redis::WakeSignal> wake) {
  SpanRecorder::Options made;
  made.most = options.queue_spans;
  made.batch = options.batch_spans;
  made.sample_ratio = options.sample_ratio;
  made.keys = options.keys;
  made.cache_calls = options.traces;
  made.server_calls = options.conventions != TelemetryConventions::redis_kit;
  made.on_batch = [wake = std::move(wake)] { wake->raise(); };
  return made;
}

std::shared_ptr<redis::TlsContext> tls_of(const OpenTelemetryExporterOptions& options) {
  if (!parse_collector_url(options.endpoint)->tls) return nullptr;
  redis::TlsOptions tls;
  tls.authority_file = options.ssl_ca_certs;
  return std::make_shared<redis::TlsContext>(std::move(tls));
}

// The number behind a name in an answer, whether it is written as a number or as a text. 0 without it.
std::uint64_t number_in(std::string_view answer, std::string_view name) noexcept {
  const auto place = answer.find(name);
  if (place == std::string_view::npos) return 0;
  auto rest = answer.substr(place + name.size());
  rest.remove_prefix(std::min(rest.find_first_not_of("\": \t\r\n"), rest.size()));
  std::uint64_t number = 0;
  std::from_chars(rest.data(), rest.data() + rest.size(), number);
  return number;
}

}  // namespace

Sender::Sender(const OpenTelemetryExporterOptions& options, const ComponentContext& context)
    : options_(options),
      label_(context.label),
      logger_(context.logger),
      site_(context.site),
      recorder_(std::make_shared<SpanRecorder>(recorder_options(options, wake_))),
      envelope_(options.service_name, options.resource),
      place_("the collector at " + parse_collector_url(options.endpoint)->authority()),
      begin_(unix_now()),
      client_(*parse_collector_url(options.endpoint), options.headers, tls_of(options)) {}

Sender::~Sender() {
  stop();
}

void Sender::start() {
  if (fork_mark_.forked()) return;
  const std::lock_guard lock(mutex_);
  if (stopping() || worker_.joinable()) return;
  try {
    worker_ = basics::background_thread([this] { work(); });
  } catch (const std::system_error& failure) {
    throw std::system_error(failure.code(), label_ + ": no thread can be had that sends telemetry");
  }
}

void Sender::stop() noexcept {
  if (fork_mark_.forked()) return;
  basics::Thread worker;
  {
    const std::lock_guard lock(mutex_);
    if (!stopping()) stop_deadline_ = SteadyTime::now() + options_.timeout;
    stopping_.store(true, std::memory_order_release);
    worker = std::move(worker_);
  }
  recorder_->close();
  wake_->raise();
  if (worker.joinable()) worker.join();
  const std::lock_guard lock(mutex_);
  done_ = true;
  changed_.notify_all();
}

Status Sender::flush(std::chrono::milliseconds limit) {
  if (fork_mark_.forked()) return basics::forked_error();
  try {
    start();
  } catch (const std::system_error& failure) {
    return Error(ErrorCode::no_memory, failure.what());
  }
  const auto deadline = SteadyTime::now() + limit;
  std::unique_lock lock(mutex_);
  if (stopping()) return Error(ErrorCode::closed, "the exporter is stopped");
  const auto mine = ++flushes_wanted_;
  wake_->raise();
  if (!changed_.wait_until(lock, deadline, [&] { return done_ || flushes_done_ >= mine; }))
    return Error(ErrorCode::timeout, place_ + " has not taken everything in time", Outcome::unknown);
  if (flush_failure_) return *flush_failure_;
  return Done{};
}

Health Sender::health() const {
  if (fork_mark_.forked()) return {HealthState::down, "the process was forked"};
  const std::lock_guard lock(mutex_);
  if (stopping()) return {HealthState::down, "stopped"};
  if (trouble_.empty()) return {};
  return {HealthState::degraded, trouble_};
}

TelemetryStatistics Sender::statistics() const {
  constexpr auto relaxed = std::memory_order_relaxed;
  TelemetryStatistics statistics;
  statistics.spans_sent = spans_sent_.load(relaxed);
  statistics.spans_dropped = recorder_->dropped();
  statistics.spans_refused = spans_refused_.load(relaxed);
  statistics.spans_queued = recorder_->ended();
  statistics.metrics_sent = metrics_sent_.load(relaxed);
  statistics.metrics_refused = metrics_refused_.load(relaxed);
  statistics.repetitions = repetitions_.load(relaxed);
  return statistics;
}

void Sender::work() noexcept {
  auto next_flush = SteadyTime::now() + options_.flush_every;
  auto next_metrics = SteadyTime::now() + options_.metrics_interval;
  for (bool last = false; !last;) {
    // Asked before every wait, since a pause within a round may have taken the signal.
    last = stopping();
    const auto wanted = wanted_flushes();
    const auto now = SteadyTime::now();
    const bool all = last || wanted.has_value();
    const bool spans_due = all || now >= next_flush || recorder_->ended() >= options_.batch_spans;
    const bool metrics_due = all || now >= next_metrics;
    if (!spans_due && !metrics_due) {
      wait_until(std::min(next_flush, next_metrics));
      continue;
    }
    round_failure_.reset();
    try {
      if (spans_due) send_spans();
      if (metrics_due) send_metrics();
    } catch (const std::exception&) {
      // Without memory for a request; what was taken for it is lost.
      round_failure_.emplace(ErrorCode::no_memory);
    }
    if (now >= next_flush) next_flush = now + options_.flush_every;
    if (now >= next_metrics) next_metrics = now + options_.metrics_interval;
    if (wanted) end_round(*wanted);
  }
}

// The number of the last call of flush() that waits; nothing when none does.
std::optional<std::uint64_t> Sender::wanted_flushes() const {
  const std::lock_guard lock(mutex_);
  if (flushes_wanted_ == flushes_done_) return std::nullopt;
  return flushes_wanted_;
}

void Sender::end_round(std::uint64_t wanted) noexcept {
  const std::lock_guard lock(mutex_);
  flushes_done_ = wanted;
  flush_failure_ = round_failure_;
  changed_.notify_all();
}

// Until then, or until something happens.
void Sender::wait_until(TimePoint time) noexcept {
  pollfd poll{wake_->descriptor(), POLLIN, 0};
  ::poll(&poll, 1, redis::poll_milliseconds(SteadyTime::now(), time));
  wake_->take();
}

void Sender::send_spans() {
  struct GiveBack {
    Sender& sender;
    ~GiveBack() { sender.recorder_->give_back(std::exchange(sender.spans_, {})); }
  };
  // Of those that were taken, and that an exception keeps from being sent.
  struct Owed {
    Sender& sender;
    std::uint64_t spans = 0;
    ~Owed() { sender.spans_refused_.fetch_add(spans, std::memory_order_relaxed); }
  };
  for (auto left = recorder_->ended(); left > 0;) {
    std::vector<Request> requests;
    Owed owed{*this};
    {
      recorder_->take(spans_, std::min<std::uint64_t>(left, options_.batch_spans));
      const GiveBack give_back{*this};
      if (spans_.empty()) return;
      left -= spans_.size();
      owed.spans = spans_.size();
      for (std::size_t next = 0; next < spans_.size();) {
        JsonText text;
        const auto first = next;
        envelope_.open(text, "Spans");
        while (next < spans_.size() && (next == first || text.size() + longest_span < most_bytes))
          write_span(text, *spans_[next++], options_.conventions);
        EnvelopeText::close(text);
        requests.push_back({Signal::traces, std::move(text).take(), next - first});
      }
    }
    for (const auto& request : requests) {
      deliver(request);
      owed.spans -= request.weight;
    }
  }
}

void Sender::send_metrics() {
  if (!options_.metrics || site_ == nullptr) return;
  const auto requests = metrics_requests(envelope_, read_metrics(*site_), {begin_, unix_now()}, most_bytes);
  for (const auto& body : requests)
    deliver({Signal::metrics, body, 1});
}

HttpAnswer Sender::attempt(const Request& request) {
  auto deadline = SteadyTime::now() + options_.timeout;
  if (stopping()) {
    const std::lock_guard lock(mutex_);
    deadline = std::min(deadline, stop_deadline_);
  }
  if (SteadyTime::now() >= deadline) return {0, true, "out of time", {}, {}};
  const std::string_view path = request.signal == Signal::traces ? "/v1/traces" : "/v1/metrics";
  try {
    if (request.body.size() < gzip_from) return client_.post(path, request.body, false, deadline);
    return client_.post(path, gzip(request.body), true, deadline);
  } catch (const std::exception&) {
    return {0, true, "no memory", {}, {}};
  }
}

void Sender::deliver(const Request& request) {
  RetrySchedule schedule(SteadyTime::now(), fresh_random());
  for (;;) {
    const bool last = stopping();
    const auto answer = attempt(request);
    const auto delivery = answer.status != 0 ? delivery_of(answer.status)
                          : answer.lost      ? Delivery::again
                                             : Delivery::refused;
    if (delivery == Delivery::taken) return note_taken(request, answer.body);
    note_trouble(answer);
    if (delivery == Delivery::refused || last) return note_refused(request);
    const auto next = schedule.failed(
        SteadyTime::now(), parse_retry_after(answer.retry_after, std::chrono::system_clock::now()));
    if (!next) return note_refused(request);
    while (!stopping() && SteadyTime::now() < *next)
      wait_until(*next);
    repetitions_.fetch_add(1, std::memory_order_relaxed);
  }
}

// A collector may take a part of a request and refuse the rest for good.
void Sender::note_taken(const Request& request, std::string_view answer) {
  if (request.signal == Signal::metrics) {
    metrics_sent_.fetch_add(1, std::memory_order_relaxed);
  } else {
    const auto refused = std::min(number_in(answer, "\"rejectedSpans\""), request.weight);
    spans_refused_.fetch_add(refused, std::memory_order_relaxed);
    spans_sent_.fetch_add(request.weight - refused, std::memory_order_relaxed);
  }
  bool is_back = false;
  {
    const std::lock_guard lock(mutex_);
    is_back = !std::exchange(trouble_, {}).empty();
  }
  if (is_back)
    basics::log_guarded(*logger_, LogLevel::info, "telemetry",
                        [&] { return label_ + ": " + place_ + " works again"; });
}

void Sender::note_refused(const Request& request) noexcept {
  auto& counter = request.signal == Signal::metrics ? metrics_refused_ : spans_refused_;
  counter.fetch_add(request.weight, std::memory_order_relaxed);
  round_failure_ = failure_;
}

void Sender::note_trouble(const HttpAnswer& answer) noexcept try {
  const auto why = answer.status != 0 ? "it answers " + std::to_string(answer.status) : answer.problem;
  auto trouble = place_ + " does not take telemetry: " + why;
  const bool refused = answer.status != 0 && delivery_of(answer.status) == Delivery::refused;
  failure_.emplace(refused ? ErrorCode::refused : ErrorCode::unreachable, trouble);
  bool is_new = false;
  {
    const std::lock_guard lock(mutex_);
    is_new = trouble_.empty();
    trouble_ = trouble;
  }
  if (is_new)
    basics::log_guarded(*logger_, LogLevel::warning, "telemetry", [&] { return label_ + ": " + trouble; });
} catch (const std::exception&) {
  failure_.emplace(ErrorCode::no_memory);
}

}  // namespace cachesite::telemetry
