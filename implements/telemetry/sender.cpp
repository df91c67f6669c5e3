#include "telemetry/sender.hpp"

#include "basics/background_thread.hpp"
#include "basics/guarded_log.hpp"
#include "basics/inherited.hpp"
#include "telemetry/gzip.hpp"
#include "telemetry/metrics_text.hpp"
#include "telemetry/span_text.hpp"
#include "telemetry/thread_trace.hpp"
#include "telemetry/unix_time.hpp"

#include <cachesite/detail/time_span.hpp>

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
  if (!parse_collector_url(*options.endpoint)->tls) return nullptr;
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
      place_("the collector at " + parse_collector_url(*options.endpoint)->authority()),
      begin_(unix_now()),
      client_(*parse_collector_url(*options.endpoint), options.headers, tls_of(options)),
      traces_(Signal::traces, options.flush_every),
      metrics_(Signal::metrics, options.metrics_interval) {}

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
    throw std::system_error(failure.code(), label_ + ": no thread could be started to send telemetry");
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
  const auto deadline = SteadyTime::now() + TimeSpan(limit).milliseconds();
  std::unique_lock lock(mutex_);
  if (stopping()) return Error(ErrorCode::closed, "the exporter is stopped");
  const auto mine = ++flushes_wanted_;
  wake_->raise();
  if (!changed_.wait_until(lock, deadline, [&] { return done_ || flushes_done_ >= mine; }))
    return Error(ErrorCode::timeout, place_ + " did not accept everything in time", Outcome::unknown);
  if (flush_failure_) return *flush_failure_;
  return Done{};
}

Health Sender::health() const {
  if (fork_mark_.forked()) return {HealthState::down, "the process was forked"};
  const std::lock_guard lock(mutex_);
  if (stopping()) return {HealthState::down, "stopped"};
  for (const auto& trouble : troubles_)
    if (!trouble.empty()) return {HealthState::degraded, trouble};
  return {};
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
  traces_.turn = SteadyTime::now() + traces_.interval;
  metrics_.turn = SteadyTime::now() + metrics_.interval;
  for (bool last = false; !last;) {
    // Asked before every wait, which takes the signal.
    last = stopping();
    see_flushes();
    for (Line* const line : {&traces_, &metrics_})
      serve(*line, last);
    end_flush();
    if (!last)
      wait_until(std::min(traces_.requests.empty() ? traces_.turn : traces_.retry,
                          metrics_.requests.empty() ? metrics_.turn : metrics_.retry));
  }
}

void Sender::see_flushes() noexcept {
  const std::lock_guard lock(mutex_);
  if (flushes_wanted_ == flush_) return;
  if (flushes_done_ == flush_) given_up_since_.reset();
  flush_ = flushes_wanted_;
}

// When both lines have had their turn for it, and nothing of that is left.
void Sender::end_flush() noexcept {
  for (const Line* const line : {&traces_, &metrics_})
    if (line->flush != flush_ || line->left != 0 || !line->requests.empty()) return;
  const std::lock_guard lock(mutex_);
  if (flushes_done_ == flush_) return;
  flushes_done_ = flush_;
  flush_failure_ = given_up_since_;
  changed_.notify_all();
}

bool Sender::is_due(const Line& line) const noexcept {
  return line.flush != flush_ || SteadyTime::now() >= line.turn ||
         (line.signal == Signal::traces && recorder_->ended() >= options_.batch_spans);
}

void Sender::begin_turn(Line& line) noexcept {
  line.flush = flush_;
  line.turn = SteadyTime::now() + line.interval;
  line.left = line.signal == Signal::traces          ? recorder_->ended()
              : options_.metrics && site_ != nullptr ? 1U
                                                     : 0U;
}

void Sender::serve(Line& line, bool last) noexcept try {
  bool due = last || is_due(line);
  for (;;) {
    while (!line.requests.empty())
      if (!send_first(line, last)) return;
    if (line.left == 0) {
      if (!std::exchange(due, false)) return;
      begin_turn(line);
    }
    if (line.left != 0) read(line);
  }
} catch (const std::exception&) {
  // Without memory for a request; what was read for it is lost.
  line.left = 0;
  given_up_since_.emplace(ErrorCode::no_memory);
}

// Until then, or until something happens.
void Sender::wait_until(TimePoint time) noexcept {
  pollfd poll{wake_->descriptor(), POLLIN, 0};
  ::poll(&poll, 1, redis::poll_milliseconds(SteadyTime::now(), time));
  wake_->take();
}

void Sender::read(Line& line) {
  if (line.signal == Signal::traces) return read_spans(line);
  line.left = 0;
  for (auto& body : metrics_requests(envelope_, read_metrics(*site_), {begin_, unix_now()}, most_bytes))
    line.requests.push_back({std::move(body), 1});
}

// One batch.
void Sender::read_spans(Line& line) {
  struct GiveBack {
    Sender& sender;
    ~GiveBack() { sender.recorder_->give_back(std::exchange(sender.spans_, {})); }
  };
  // Of those that were read, and that an exception keeps from being sent.
  struct Owed {
    Sender& sender;
    std::uint64_t spans = 0;
    ~Owed() { sender.spans_refused_.fetch_add(spans, std::memory_order_relaxed); }
  };
  Owed owed{*this};
  recorder_->take(spans_, std::min<std::uint64_t>(line.left, options_.batch_spans));
  const GiveBack give_back{*this};
  owed.spans = spans_.size();
  line.left = spans_.empty() ? 0 : line.left - spans_.size();
  for (std::size_t next = 0; next < spans_.size();) {
    JsonText text;
    const auto first = next;
    envelope_.open(text, "Spans");
    while (next < spans_.size() && (next == first || text.size() + longest_span < most_bytes))
      write_span(text, *spans_[next++], options_.conventions);
    EnvelopeText::close(text);
    line.requests.push_back({std::move(text).take(), next - first});
    owed.spans -= next - first;
  }
}

HttpAnswer Sender::attempt(Signal signal, const Request& request) {
  auto deadline = SteadyTime::now() + options_.timeout;
  if (stopping()) {
    const std::lock_guard lock(mutex_);
    deadline = std::min(deadline, stop_deadline_);
  }
  if (SteadyTime::now() >= deadline) return {0, true, "out of time", {}, {}};
  const std::string_view path = signal == Signal::traces ? "/v1/traces" : "/v1/metrics";
  try {
    if (request.body.size() < gzip_from) return client_.post(path, request.body, false, deadline);
    return client_.post(path, gzip(request.body), true, deadline);
  } catch (const std::exception&) {
    return {0, true, "no memory", {}, {}};
  }
}

// True when the first request is done with; false when it is put off.
bool Sender::send_first(Line& line, bool last) {
  const auto now = SteadyTime::now();
  if (line.schedule) {
    if (!last && now < line.retry) return false;
    repetitions_.fetch_add(1, std::memory_order_relaxed);
  } else {
    line.schedule.emplace(now, fresh_random());
  }
  const Request& request = line.requests.front();
  const auto answer = attempt(line.signal, request);
  const auto delivery = answer.status != 0 ? delivery_of(answer.status)
                        : answer.lost      ? Delivery::again
                                           : Delivery::refused;
  if (delivery == Delivery::taken) {
    note_taken(line.signal, request, answer.body);
  } else {
    note_trouble(line.signal, answer);
    if (delivery == Delivery::again && !last) {
      const auto wish = parse_retry_after(answer.retry_after, std::chrono::system_clock::now());
      if (const auto next = line.schedule->failed(SteadyTime::now(), wish)) {
        line.retry = *next;
        return false;
      }
    }
    note_given_up(line.signal, request);
  }
  line.schedule.reset();
  line.requests.pop_front();
  return true;
}

// A collector may take a part of a request and refuse the rest for good.
void Sender::note_taken(Signal signal, const Request& request, std::string_view answer) {
  if (signal == Signal::metrics) {
    metrics_sent_.fetch_add(1, std::memory_order_relaxed);
  } else {
    const auto refused = std::min(number_in(answer, "\"rejectedSpans\""), request.weight);
    spans_refused_.fetch_add(refused, std::memory_order_relaxed);
    spans_sent_.fetch_add(request.weight - refused, std::memory_order_relaxed);
  }
  bool is_back = false;
  bool all_works = false;
  {
    const std::lock_guard lock(mutex_);
    const auto trouble = std::exchange(trouble_of(signal), {});
    is_back = !trouble.empty() && !is_known(trouble);
    all_works =
        std::all_of(troubles_.begin(), troubles_.end(), [](const auto& each) { return each.empty(); });
  }
  if (is_back)
    basics::log_guarded(*logger_, LogLevel::info, "telemetry", [&] {
      return label_ + ": " + place_ + (all_works ? " works again" : " takes " + name_of(signal) + " again");
    });
}

void Sender::note_given_up(Signal signal, const Request& request) noexcept {
  auto& counter = signal == Signal::metrics ? metrics_refused_ : spans_refused_;
  counter.fetch_add(request.weight, std::memory_order_relaxed);
  given_up_since_ = failure_;
}

// What both signals meet is told once. Needs the lock.
bool Sender::is_known(const std::string& trouble) const noexcept {
  return std::find(troubles_.begin(), troubles_.end(), trouble) != troubles_.end();
}

void Sender::note_trouble(Signal signal, const HttpAnswer& answer) noexcept try {
  const auto why = answer.status != 0
                       ? "it answers " + std::to_string(answer.status) + " to " + name_of(signal)
                       : answer.problem;
  auto text = place_ + " does not accept telemetry: " + why;
  const bool refused = answer.status != 0 && delivery_of(answer.status) == Delivery::refused;
  failure_.emplace(refused ? ErrorCode::refused : ErrorCode::unreachable, text);
  bool is_new = false;
  {
    const std::lock_guard lock(mutex_);
    auto& trouble = trouble_of(signal);
    is_new = trouble.empty() && !is_known(text);
    trouble = text;
  }
  if (is_new)
    basics::log_guarded(*logger_, LogLevel::warning, "telemetry", [&] { return label_ + ": " + text; });
} catch (const std::exception&) {
  failure_.emplace(ErrorCode::no_memory);
}

}  // namespace cachesite::telemetry
