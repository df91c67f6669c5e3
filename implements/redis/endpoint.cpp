#include "redis/endpoint.hpp"

#include "redis/background_thread.hpp"
#include "redis/considerate_transport.hpp"

#include <algorithm>
#include <array>
#include <ctime>
#include <random>
#include <system_error>
#include <utility>

namespace cachesite::redis {

namespace {

// How long calls wait for a connection that ended just now to be replaced.
constexpr std::chrono::milliseconds recovery_patience{200};

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
      since_(std::chrono::system_clock::now()),
      heartbeat_(options_.health_check_interval, [this] { check_channels(); }) {}

Endpoint::~Endpoint() {
  stop();
}

void Endpoint::start() {
  if (fork_mark_.forked()) return;
  Lock lock(mutex_);
  if (state_ != State::idle) return;
  set_state(State::connecting);
  begin_work(lock);
}

void Endpoint::await_started() {
  if (fork_mark_.forked()) return;
  Lock lock(mutex_);
  changed_.wait(lock, [&] { return state_ != State::connecting; });
}

void Endpoint::stop() noexcept {
  if (fork_mark_.forked()) {
    // The thread is the parent's; here there is nothing to wait for.
    if (worker_.joinable()) worker_.detach();
    heartbeat_.forget();
    return;
  }
  {
    const Lock lock(mutex_);
    if (state_ != State::stopped) {
      set_state(State::stopped);
      stop_signal_.raise();
      if (handshaking_ != nullptr) handshaking_->shut_down();
      changed_.notify_all();
    }
  }
  lanes_.close(Error(ErrorCode::closed, "the cache is stopped", Outcome::unknown));
  heartbeat_.stop();
  std::thread worker;
  {
    const Lock lock(mutex_);
    worker = std::move(worker_);
  }
  if (worker.joinable()) worker.join();
  lanes_.close(Error(ErrorCode::closed, "the cache is stopped", Outcome::unknown));
}

void Endpoint::set_state(State state) {
  if (state_ != state) since_ = std::chrono::system_clock::now();
  state_.store(state, std::memory_order_release);
  changed_.notify_all();
}

void Endpoint::log(LogLevel level, const std::string& message) const {
  logger_->log(level, "redis", label_ + ": " + message);
}

Error Endpoint::down_error() const {
  return reason_ ? *reason_ : Error(ErrorCode::unreachable, place_ + " is not connected");
}

Status Endpoint::call(const Command& command, Reply& reply, CallTime time) {
  Status status = carry_out(
      [&](Channel* channel, TimePoint now, std::optional<Error>& loss) {
        return channel->call(command, reply, now, time.deadline, loss);
      },
      needs_of(command), time);
  if (!status.ok() && !fork_mark_.forked()) meter_.failed(status.error());
  return status;
}

Status Endpoint::call(std::span<const Command> commands, std::span<Reply* const> replies, CallTime time) {
  return collect({}, commands, replies, time);
}

Channel::Pending Endpoint::send(std::span<const Command> commands) {
  if (commands.empty() || fork_mark_.forked() || state_.load(std::memory_order_acquire) != State::up)
    return {};
  return pick(needs_of(commands)).begin(commands, SteadyTime::now());
}

Status Endpoint::collect(Channel::Pending sent, std::span<const Command> commands,
                         std::span<Reply* const> replies, CallTime time) {
  if (commands.empty()) return Done{};
  const bool sent_already = static_cast<bool>(sent);
  Status status = carry_out(
      [&](Channel* channel, TimePoint, std::optional<Error>& loss) {
        const auto now = SteadyTime::now();  // others may have been waited for since the call began
        if (channel == nullptr) return Channel::finish(std::move(sent), replies, now, time.deadline, loss);
        return channel->call(commands, replies, now, time.deadline, loss);
      },
      needs_of(commands), time, sent_already);
  if (!status.ok() && !fork_mark_.forked()) meter_.failed(status.error());
  return status;
}

template <class Send>
Status Endpoint::carry_out(Send&& send, LaneNeeds needs, CallTime time, bool sent_already) {
  if (fork_mark_.forked())
    return Error(ErrorCode::closed,
                 place_ + ": the process was forked; make the component anew in the child");
  auto now = time.begin;
  const auto deadline = time.deadline;
  const auto late = [&](bool sent, Outcome outcome) {
    meter_.timed_out(sent);
    const auto patience = std::chrono::duration_cast<std::chrono::milliseconds>(deadline - time.begin);
    return Error(ErrorCode::timeout,
                 place_ + ": no answer within " + duration_text(patience) +
                     (sent ? " (the command was sent)" : " (the command was not sent)"),
                 outcome);
  };
  CallAttempts attempts(needs.repeatable, options_.retry_on_timeout);
  std::optional<Error> loss;
  for (;;) {
    const bool sent = std::exchange(sent_already, false);
    if (!sent && state_.load(std::memory_order_acquire) != State::up) {
      if (auto error = await_up(deadline))
        return Error(error->code(), std::string(error->message()), attempts.outcome());
      now = SteadyTime::now();
    }
    const Ending ending = send(sent ? nullptr : &pick(needs), now, loss);
    now = SteadyTime::now();
    if (ending == Ending::answered) {
      meter_.answered(now - time.begin);
      return Done{};
    }
    switch (attempts.after(ending, loss ? loss->code() : ErrorCode::unreachable, now < deadline)) {
      case CallAttempts::Next::done:
        return Done{};
      case CallAttempts::Next::late:
        return late(attempts.sent(), attempts.outcome());
      case CallAttempts::Next::spoilt:
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
        return down_error();
      case State::stopped:
        return Error(ErrorCode::closed, "the cache is stopped");
      case State::recovering:
        deadline = std::min(deadline, patience_ends_);
        [[fallthrough]];
      case State::idle:
      case State::connecting:
        if (SteadyTime::now() >= deadline) return down_error();
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

void Endpoint::on_loss(const Error& reason) {
  Lock lock(mutex_);
  if (state_ == State::stopped) return;
  if (state_ == State::up && !lanes_.any_open()) {
    reason_.emplace(ErrorCode::unreachable, place_ + ": " + std::string(reason.message()));
    patience_ends_ = SteadyTime::now() + recovery_patience;
    urgent_ = true;
    set_state(State::recovering);
  }
  begin_work(lock);
}

// A connection that has died in silence is found by asking for an answer.
void Endpoint::check_channels() noexcept {
  const std::array<Argument, 1> words{{{"PING"}}};
  const Command ping{words, static_cast<ReplyKinds>(ReplyKind::status), true};
  lanes_.for_each_open([&](Channel& channel) {
    try {
      Reply reply;
      std::optional<Error> loss;
      const auto now = SteadyTime::now();
      channel.call(ping, reply, now, now + options_.connector.call_timeout, loss);
    } catch (const std::exception&) {
      // No memory: the next beat asks again.
    }
  });
}

void Endpoint::begin_work(Lock&) {
  if (working_) {
    changed_.notify_all();
    return;
  }
  if (worker_.joinable()) worker_.join();  // it has finished: leaving is all it still does
  try {
    worker_ = background_thread([this] { work(); });
    working_ = true;
  } catch (const std::system_error&) {
    go_down(Error(ErrorCode::unreachable, "there is no thread for connecting"));
  }
}

void Endpoint::go_up() {
  reason_.reset();
  if (reported_down_) log(LogLevel::info, place_ + " is back");
  reported_down_ = false;
  was_up_ = true;
  heartbeat_.start();
  if (state_ == State::up) return;
  set_state(State::up);
}

void Endpoint::go_down(const Error& reason) {
  reason_.emplace(reason.code() == ErrorCode::refused ? ErrorCode::refused : ErrorCode::unreachable,
                  place_ + ": " + std::string(reason.message()));
  if (!reported_down_) {
    reported_down_ = true;
    log(LogLevel::warning, (was_up_ ? "lost " : "cannot use ") + std::string(reason_->message()) +
                               "; calls fail until it returns");
  }
  if (state_ != State::down) set_state(State::down);
}

void Endpoint::work() {
  BackOff pauses(options_.first_pause, options_.longest_pause, std::random_device{}());
  Lock lock(mutex_);
  for (;;) {
    Channel* const channel = lanes_.closed();
    if (channel == nullptr || state_ == State::stopped) {
      working_ = false;
      return;
    }
    urgent_ = false;
    lock.unlock();
    Connector::Outcome outcome;
    try {
      const auto announce = [this](Transport* transport) {
        const Lock announcing(mutex_);
        handshaking_ = transport;
        if (transport != nullptr && state_ == State::stopped) transport->shut_down();
      };
      outcome = connector_.connect(
          stop_signal_, announce, lanes_.is_bulk(*channel) ? Connector::Use::bulk : Connector::Use::ordinary);
      if (outcome.transport) {
        if (lanes_.is_bulk(*channel))
          outcome.transport = std::make_unique<ConsiderateTransport>(
              std::move(outcome.transport), [this] { return lanes_.ordinary_for_each_large(); },
              options_.connector.call_timeout / 2);
        lock.lock();
        if (state_ != State::stopped) {
          channel->open(std::move(outcome.transport));
          meter_.connected();
          pauses.reset();
          go_up();
        }
        continue;
      }
    } catch (const std::exception&) {
      outcome.error.emplace(ErrorCode::no_memory, "no memory for a connection");
    }
    if (!lock.owns_lock()) lock.lock();
    if (state_ == State::stopped) continue;
    meter_.connect_failed(*outcome.error);
    if (!lanes_.any_open()) go_down(*outcome.error);
    auto pause = pauses.next();
    if (outcome.error->code() == ErrorCode::refused)
      pause = std::max<BackOff::Pause>(pause, options_.longest_pause * 5);
    changed_.wait_for(lock, pause, [&] { return state_ == State::stopped || urgent_; });
  }
}

RedisEndpointStatistics Endpoint::statistics() const {
  RedisEndpointStatistics statistics;
  statistics.address = options_.connector.address.text();
  meter_.fill(statistics);
  const Lock lock(mutex_);
  statistics.state = state_.load(std::memory_order_relaxed);
  statistics.since = since_;
  return statistics;
}

bool Endpoint::is_refused() const {
  const Lock lock(mutex_);
  return state_ == State::down && reason_ && reason_->code() == ErrorCode::refused;
}

Health Endpoint::health() const {
  if (fork_mark_.forked()) return {HealthState::down, "the process was forked"};
  const Lock lock(mutex_);
  switch (state_.load(std::memory_order_relaxed)) {
    case State::up:
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
