#include "redis/endpoint/endpoint.hpp"

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

// What makes a command large is its last argument, if anything.
LaneNeeds needs_of(const Command& command) noexcept {
  return {command.large || command.arguments.back().size() >= gather_from, command.repeatable};
}

LaneNeeds needs_of(std::span<const Command> commands) noexcept {
  LaneNeeds all{false, true};
  for (const Command& command : commands) {
    const LaneNeeds needs = needs_of(command);
    all.large = all.large || needs.large;
    all.repeatable = all.repeatable && needs.repeatable;
  }
  return all;
}

std::string duration_text(std::chrono::milliseconds duration) {
  return std::to_string(duration.count()) + " ms";
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
      label_(std::move(label)),
      place_("redis at " + options_.connector.address.text()),
      logger_(std::move(logger)),
      connector_(options_.connector),
      lanes_(options_.channel, options_.lanes,
             [this](const Error& reason) {
               meter_.lost(reason);
               on_loss(reason);
             }),
      breaker_(options_.breaker, std::random_device{}()),
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
      needs_of(command), time, time.begin);
  if (!status.ok() && !fork_mark_.forked()) meter_.failed(status.error());
  if (basics::server_call_recorder != nullptr) [[unlikely]] {
    Reply* const only = &reply;
    record({&command, 1}, {&only, 1}, status, time);
  }
  return status;
}

Status Endpoint::call(std::span<const Command> commands, std::span<Reply* const> replies, CallTime time) {
  return collect({}, commands, replies, time);
}

Channel::Pending Endpoint::send(std::span<const Command> commands) {
  if (commands.empty() || fork_mark_.forked() || state_.load(std::memory_order_acquire) != State::up ||
      breaker_.state() != RedisBreakerState::closed)
    return {};
  return pick(needs_of(commands)).send(commands, SteadyTime::now());
}

Status Endpoint::collect(Channel::Pending sent, std::span<const Command> commands,
                         std::span<Reply* const> replies, CallTime time) {
  if (commands.empty()) return Done{};
  const bool sent_already = static_cast<bool>(sent);
  Status status = carry_out(
      [&](Channel* channel, TimePoint now, std::optional<Error>& loss) {
        if (channel == nullptr) return Channel::collect(std::move(sent), replies, now, time.deadline, loss);
        return channel->call_all(commands, replies, now, time.deadline, loss);
      },
      needs_of(commands), time, SteadyTime::now(), sent_already);
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
Status Endpoint::carry_out(Send&& send, LaneNeeds needs, CallTime time, TimePoint now, bool sent_already) {
  if (fork_mark_.forked()) return basics::forked_error();
  const auto deadline = time.deadline;
  Passage passage(*this);
  if (breaker_.troubled() && !sent_already) {
    if (auto error = passage.enter({now, deadline})) return *std::move(error);
  }
  auto attempt_began = now;
  const auto late = [&](bool sent, Outcome outcome) {
    meter_.timed_out(sent);
    // Neither a call of little patience nor the rest of one that waited for something else says much.
    if (sent && is_fair(now - attempt_began)) count_unanswered(passage.probe());
    // The connection may have been given up before, for want of an answer to somebody else.
    const auto waited = std::min(now, deadline) - time.begin;
    const auto patience = std::chrono::duration_cast<std::chrono::milliseconds>(waited);
    return Error(ErrorCode::timeout,
                 place_ + ": no answer within " + duration_text(patience) +
                     (sent ? " (the command was sent)" : " (the command was not sent)"),
                 outcome);
  };
  CallAttempts attempts(needs.repeatable, options_.retry_on_timeout, options_.lanes.most());
  std::optional<Error> loss;
  for (;;) {
    const bool sent = std::exchange(sent_already, false);
    if (!sent && state_.load(std::memory_order_acquire) != State::up) {
      if (auto error = await_up(deadline))
        return Error(error->code(), std::string(error->message()), attempts.outcome());
      now = SteadyTime::now();
    }
    attempt_began = now;
    const Ending ending = send(sent ? nullptr : &pick(needs), now, loss);
    now = SteadyTime::now();
    if (ending == Ending::answered) {
      meter_.answered(now - time.begin);
      if (breaker_.troubled()) count_answered();
      return Done{};
    }
    switch (attempts.after(ending, loss ? loss->code() : ErrorCode::unreachable, now < deadline)) {
      case CallAttempts::Next::done:
        return Done{};
      case CallAttempts::Next::late:
        return late(attempts.sent(), attempts.outcome());
      case CallAttempts::Next::spoilt:
        if (breaker_.troubled()) count_answered();
        return Error(loss->code(), place_ + ": " + std::string(loss->message()), attempts.outcome());
      case CallAttempts::Next::closed:
        return Error(loss->code(), std::string(loss->message()), attempts.outcome());
      case CallAttempts::Next::lost:
        return Error(ErrorCode::unreachable, place_ + ": " + std::string(loss->message()),
                     attempts.outcome());
      case CallAttempts::Next::away: {
        const Lock lock(mutex_);
        const Error error = down_error();
        return Error(error.code(), std::string(error.message()), attempts.outcome());
      }
      case CallAttempts::Next::again:
        meter_.repeated();
        break;
      case CallAttempts::Next::reconnect:
        // The channel has just ended, and whoever saw it is about to say so.
        if (!lanes_.any_open()) on_loss(Error(ErrorCode::unreachable, "the connection ended"));
        break;
    }
  }
}

std::optional<Error> Endpoint::Passage::enter(CallTime time) {
  const auto refusal = [this] { return Error(ErrorCode::unreachable, endpoint_.breaker_text()); };
  if (endpoint_.state_ == State::stopped) return std::nullopt;  // which the call is told then
  if (endpoint_.breaker_.refuses(time.begin)) return refusal();
  const bool fair = endpoint_.is_fair(time.deadline - time.begin);
  auto entry = Breaker::Entry::free;
  {
    const Lock lock(endpoint_.mutex_);
    auto& breaker = endpoint_.breaker_;
    // Long enough for it to say that there was no answer, before another call tries.
    entry = breaker.enter(time.begin, fair, 2 * endpoint_.options_.connector.call_timeout);
    if (entry == Breaker::Entry::probe) probe_ = breaker.probe();
  }
  if (entry != Breaker::Entry::refused) return std::nullopt;
  return refusal();
}

void Endpoint::Passage::leave() noexcept {
  const Lock lock(endpoint_.mutex_);
  endpoint_.breaker_.probe_ended(SteadyTime::now(), probe_);
}

std::string Endpoint::breaker_text() const {
  return place_ + ": " + std::to_string(breaker_.count()) + " calls in a row were not answered in time";
}

void Endpoint::count_unanswered(std::uint64_t probe) noexcept try {
  const Lock lock(mutex_);
  const bool opened = breaker_.unanswered(SteadyTime::now(), probe);
  // One that takes too long may be a slow command.
  if ((opened || breaker_.count() > 1) && state_ != State::stopped) tell_loss(breaker_text());
} catch (const std::exception&) {
  // The breaker has it; there is no memory for telling it.
}

void Endpoint::count_answered() noexcept try {
  const Lock lock(mutex_);
  breaker_.answered();
  if (state_ == State::up) tell_return();
} catch (const std::exception&) {
  // As above; the answer is there all the same.
}

std::optional<Error> Endpoint::await_up(TimePoint deadline) {
  Lock lock(mutex_);
  if (state_ == State::idle) {
    set_state(State::connecting);
    begin_work(lock);
  }
  for (;;) {
    switch (state_.load(std::memory_order_relaxed)) {
      case State::up:
        return std::nullopt;
      case State::down:
        if (!working_) begin_work(lock);  // there was no thread for it
        return down_error();
      case State::stopped:
        return Error(end_->code(), std::string(end_->message()));
      case State::recovering:
        deadline = std::min(deadline, patience_ends_);
        [[fallthrough]];
      case State::idle:
      case State::connecting:
        if (SteadyTime::now() >= deadline) {
          if (state_ == State::recovering && deadline == patience_ends_) tell_loss(reason_->message());
          return down_error();
        }
        changed_.wait_until(lock, deadline);
    }
  }
}

Channel& Endpoint::pick_other(LaneNeeds needs) {
  bool wish = false;
  Channel& channel = lanes_.pick_other(needs, wish);
  if (wish) {
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
