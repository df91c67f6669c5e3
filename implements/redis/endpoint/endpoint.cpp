#include "redis/endpoint/endpoint.hpp"

#include "redis/endpoint/call_report.hpp"
#include "redis/transport/server_call_report.hpp"

#include <algorithm>
#include <array>
#include <ctime>
#include <random>
#include <utility>

namespace cachesite::redis {

namespace {

std::string utc_text(std::chrono::system_clock::time_point time) {
  const std::time_t seconds = std::chrono::system_clock::to_time_t(time);
  std::tm parts{};
  ::gmtime_r(&seconds, &parts);
  std::array<char, 32> text{};
  const auto size = std::strftime(text.data(), text.size(), "%Y-%m-%dT%H:%M:%SZ", &parts);
  return {text.data(), size};
}

// Options are copied for several endpoints, but each counts its own bytes.
EndpointOptions completed(EndpointOptions options, std::shared_ptr<Traffic> traffic) {
  options.connector.traffic = std::move(traffic);
  options.channel.patience = options.connector.call_timeout;
  return options;
}

}  // namespace

Endpoint::Endpoint(EndpointOptions options, std::string label, std::shared_ptr<ILogger> logger)
    : options_(completed(std::move(options), meter_.traffic())),
      place_("redis at " + options_.connector.address.text()),
      connector_(options_.connector),
      channels_(options_.channel, options_.channels,
                [this](const Error& reason) {
                  meter_.lost(reason);
                  options_.changes->connection_changed(options_.number);
                  on_loss(reason);
                }),
      breaker_(options_.breaker, std::random_device{}()),
      outage_log_(std::move(label), std::move(logger)),
      since_(std::chrono::system_clock::now()),
      heartbeat_(options_.health_check_interval, [this] { check_channels(); }) {}

Endpoint::~Endpoint() {
  stop();
}

Error Endpoint::down_error() const {
  return reason_ ? *reason_ : Error(ErrorCode::unreachable, place_ + " is not connected");
}

Status Endpoint::call(const Command& command, Reply& reply, CallTime time) {
  Status status = carry_out(
      [&](Channel* channel, TimePoint now, std::optional<Error>& loss) {
        return channel->call(command, reply, now, time.deadline, loss);
      },
      traits_of(command), time, time.begin);
  if (!status.ok() && !fork_mark_.forked()) meter_.failed(status.error());
  if (basics::server_call_recorder != nullptr) [[unlikely]] {
    Reply* const only = &reply;
    record({&command, 1}, {&only, 1}, status, time);
  }
  return status;
}

Status Endpoint::call(std::span<const Command> commands, std::span<Reply* const> replies, CallTime time) {
  return call_or_collect({}, commands, replies, time, time.begin);
}

Channel::Pending Endpoint::send(std::span<const Command> commands) {
  if (commands.empty() || fork_mark_.forked() || state_.load(std::memory_order_acquire) != State::up ||
      breaker_.state() != RedisBreakerState::closed)
    return {};
  return pick(traits_of(commands)).send(commands, SteadyTime::now());
}

Status Endpoint::collect(Channel::Pending sent, std::span<const Command> commands,
                         std::span<Reply* const> replies, CallTime time) {
  return call_or_collect(std::move(sent), commands, replies, time, SteadyTime::now());
}

Status Endpoint::call_or_collect(Channel::Pending sent, std::span<const Command> commands,
                                 std::span<Reply* const> replies, CallTime time, TimePoint begin) {
  if (commands.empty()) return Done{};
  const bool sent_already = static_cast<bool>(sent);
  Status status = carry_out(
      [&](Channel* channel, TimePoint now, std::optional<Error>& loss) {
        if (channel == nullptr) return Channel::collect(std::move(sent), replies, now, time.deadline, loss);
        return channel->call_all(commands, replies, now, time.deadline, loss);
      },
      traits_of(commands), time, begin, sent_already);
  if (!status.ok() && !fork_mark_.forked()) meter_.failed(status.error());
  if (basics::server_call_recorder != nullptr) [[unlikely]]
    record(commands, replies, status, time);
  return status;
}

// Of several errors the first is told.
[[gnu::noinline]] void Endpoint::record(std::span<const Command> commands, std::span<Reply* const> replies,
                                        const Status& status, CallTime time) const noexcept {
  if (fork_mark_.forked()) return;
  const auto refused = std::find_if(replies.begin(), replies.end(),
                                    [](const Reply* reply) { return reply->kind == ReplyKind::error; });
  basics::ServerCall call;
  call.command = commands.front().arguments.front().head;
  call.commands = commands.size();
  if (!status.ok()) call.failure = &status.error();
  call.duration = SteadyTime::now() - time.begin;
  const Lock lock(mutex_);
  call.peer = peer_;
  report_server_call(call, options_.connector, refused != replies.end() ? *refused : nullptr);
}

template <class Send>
Status Endpoint::carry_out(Send&& send, RequestTraits traits, CallTime time, TimePoint now,
                           bool sent_already) {
  if (fork_mark_.forked()) return basics::forked_error();
  BreakerGuard guard(breaker_, mutex_, options_.connector.call_timeout);
  if (breaker_.troubled() && !sent_already && is_refused_by_breaker(guard, {now, time.deadline}))
    return Error(ErrorCode::unreachable, breaker_text());
  CallAttempts attempts(traits.repeatable, options_.retry_on_timeout, options_.channels.most());
  const CallReport report(place_, attempts);
  std::optional<Error> loss;
  for (;;) {
    const bool sent = std::exchange(sent_already, false);
    if (!sent && state_.load(std::memory_order_acquire) != State::up) {
      if (auto error = await_up(time.deadline)) return report.away(*error);
      now = SteadyTime::now();
    }
    const auto attempt_began = now;
    const Ending ending = send(sent ? nullptr : &pick(traits), now, loss);
    now = SteadyTime::now();
    if (ending == Ending::answered) {
      meter_.answered(now - time.begin);
      if (breaker_.troubled()) count_answered();
      return Done{};
    }
    const auto next =
        attempts.after(ending, loss ? loss->code() : ErrorCode::unreachable, now < time.deadline);
    switch (next) {
      case CallAttempts::Next::again:
      case CallAttempts::Next::reconnect:
        prepare_repetition(next);
        continue;
      case CallAttempts::Next::away:
        return report.away(why_down());
      default:
        note_failure(next, attempts, now - attempt_began, guard);
        return report.failure(next, loss, time, now);
    }
  }
}

// What a failed call says of the server.
void Endpoint::note_failure(CallAttempts::Next next, const CallAttempts& attempts,
                            SteadyTime::duration waited, const BreakerGuard& guard) noexcept {
  if (next == CallAttempts::Next::late) {
    meter_.timed_out(attempts.sent());
    if (attempts.sent() && guard.is_conclusive(waited)) count_unanswered(guard.probe());
  } else if (next == CallAttempts::Next::spoilt && breaker_.troubled()) {
    count_answered();
  }
}

void Endpoint::prepare_repetition(CallAttempts::Next next) noexcept {
  if (next == CallAttempts::Next::again)
    meter_.repeated();
  else if (!channels_.any_open())  // the channel has just ended, and whoever saw it is about to say so
    on_loss(Error(ErrorCode::unreachable, "the connection ended"));
}

Error Endpoint::why_down() const {
  const Lock lock(mutex_);
  return down_error();
}

std::string Endpoint::breaker_text() const {
  return place_ + ": " + std::to_string(breaker_.count()) + " calls in a row were not answered in time";
}

void Endpoint::count_unanswered(std::uint64_t probe) noexcept try {
  const Lock lock(mutex_);
  const bool opened = breaker_.unanswered(SteadyTime::now(), probe);
  // One that takes too long may be a slow command.
  if ((opened || breaker_.count() > 1) && state_ != State::stopped) outage_log_.lost(breaker_text());
} catch (const std::exception&) {
  // The breaker has it; there is no memory for telling it.
}

void Endpoint::count_answered() noexcept try {
  const Lock lock(mutex_);
  breaker_.answered();
  if (state_ == State::up) outage_log_.is_back(place_);
} catch (const std::exception&) {
  // As above; the answer is there all the same.
}

std::optional<Error> Endpoint::await_up(TimePoint deadline) {
  Lock lock(mutex_);
  std::optional<Error> why;
  while (is_to_wait(lock, deadline, why))
    changed_.wait_until(lock, deadline);
  return why;
}

// False with a reason when there will be no connection before `deadline`, which this may bring forward, and
// without a reason when there is one.
bool Endpoint::is_to_wait(Lock& lock, TimePoint& deadline, std::optional<Error>& why) {
  if (state_ == State::idle) {
    set_state(State::connecting);
    begin_work(lock);
  }
  switch (state_.load(std::memory_order_relaxed)) {
    case State::up:
      return false;
    case State::down:
      if (!working_) begin_work(lock);  // there was no thread for it
      why = down_error();
      return false;
    case State::stopped:
      why = Error(end_->code(), std::string(end_->message()));
      return false;
    case State::recovering:
      deadline = std::min(deadline, patience_ends_);
      break;
    case State::idle:
    case State::connecting:
      break;
  }
  if (SteadyTime::now() < deadline) return true;
  if (state_ == State::recovering && deadline == patience_ends_) outage_log_.lost(reason_->message());
  why = down_error();
  return false;
}

Channel& Endpoint::pick_other(RequestTraits traits) {
  bool opens_another = false;
  Channel& channel = channels_.pick_other(traits, opens_another);
  if (opens_another) {
    Lock lock(mutex_);
    if (state_ == State::up) begin_work(lock);
  }
  return channel;
}

RedisEndpointStatistics Endpoint::statistics() const {
  RedisEndpointStatistics statistics;
  statistics.address = options_.connector.address.text();
  if (fork_mark_.forked()) return statistics;
  meter_.fill(statistics);
  const Lock lock(mutex_);
  statistics.state = state_.load(std::memory_order_relaxed);
  statistics.since = since_;
  statistics.breaker = breaker_.state();
  statistics.breaker_openings = breaker_.openings();
  return statistics;
}

bool Endpoint::is_refused() const {
  const Lock lock(mutex_);
  return state_ == State::down && reason_ && (no_master_ || reason_->code() == ErrorCode::refused);
}

Health Endpoint::health() const {
  if (fork_mark_.forked()) return {HealthState::down, "the process was forked"};
  const Lock lock(mutex_);
  switch (state_.load(std::memory_order_relaxed)) {
    case State::up:
      if (breaker_.refuses(SteadyTime::now())) return {HealthState::down, breaker_text()};
      return {};
    case State::idle:
      return {HealthState::down, place_ + " is not connected yet"};
    case State::connecting:
      return {HealthState::down, "connecting to " + place_};
    case State::stopped:
      return {HealthState::down, "stopped"};
    case State::recovering:
    case State::down:
      break;
  }
  return {HealthState::down, std::string(down_error().message()) + " (since " + utc_text(since_) + ")"};
}

}  // namespace cachesite::redis
