// The part of an endpoint that connects, and says whether the server is there.

#include "basics/background_thread.hpp"
#include "redis/base/placed_error.hpp"
#include "redis/endpoint/endpoint.hpp"
#include "redis/transport/server_call_report.hpp"
#include "redis/transport/throttled_transport.hpp"
#include "redis/wire/only_server.hpp"

#include <cachesite/event_loop.hpp>

#include <algorithm>
#include <string>
#include <utility>

namespace cachesite::redis {

namespace {

// How long calls wait for a connection that ended just now to be replaced.
constexpr std::chrono::milliseconds recovery_patience{500};

Error out_of_memory() noexcept {
  return Error(ErrorCode::no_memory, "no memory for a connection");
}

}  // namespace

void Endpoint::start() {
  if (fork_mark_.forked()) return;
  Lock lock(mutex_);
  if (state_ == State::down && !working_) begin_work(lock);  // there was no thread for it
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
  end(Error(ErrorCode::closed, "the cache is stopped", Outcome::unknown));
}

void Endpoint::retire() noexcept {
  end(placed_error(place_, ErrorCode::unreachable,
                   Error(ErrorCode::unreachable, "the server is not used any more", Outcome::unknown)));
}

void Endpoint::end(const Error& reason) noexcept {
  if (fork_mark_.forked()) return;
  {
    const Lock lock(mutex_);
    if (state_ != State::stopped) {
      end_ = reason;
      set_state(State::stopped);
      stop_signal_.raise();
      if (handshaking_ != nullptr) handshaking_->shut_down();
      changed_.notify_all();
    }
  }
  channels_.close(reason);
  heartbeat_.stop();
  basics::Thread worker;
  {
    const Lock lock(mutex_);
    worker = std::move(worker_);
  }
  if (worker.joinable()) worker.join();
  channels_.close(reason);
  end_calls();
}

// All that wait have been told, or are in a list of the home.
void Endpoint::end_calls() noexcept {
  if (LoopHome* const home = home_.load()) home->leave_after(calls_);
}

void Endpoint::renew() {
  {
    const Lock lock(mutex_);
    const auto now = SteadyTime::now();
    if (state_ != State::up || now < next_renewal_) return;
    next_renewal_ = now + renewal_pause;
  }
  channels_.shut_down();
}

void Endpoint::set_state(State state) noexcept {
  if (state_ != state) since_ = std::chrono::system_clock::now();
  state_.store(state, std::memory_order_release);
  changed_.notify_all();
  if (!waiting_.empty()) kept_home_->deliver(waiting_.release_all());
}

LoopHome* Endpoint::make_home() {
  auto loop = options_.event_loop != nullptr ? options_.event_loop : EventLoop::shared();
  const Lock lock(mutex_);
  if (kept_home_ == nullptr && state_ != State::stopped) {
    kept_home_ = LoopHome::make(std::move(loop), channels_);
    channels_.for_each([this](Channel& channel) { channel.set_home(*kept_home_); });
    home_.store(kept_home_.get(), std::memory_order_release);
  }
  return kept_home_.get();
}

Result<IEventLoop*> Endpoint::event_loop() {
  if (fork_mark_.forked()) return basics::forked_error();
  LoopHome* const made = home();
  if (made == nullptr) return why_stopped();
  return &made->loop();
}

bool Endpoint::join(Waiter& waiter, TimePoint& limit, std::optional<Error>& why) {
  Lock lock(mutex_);
  if (!is_to_wait(lock, limit, why)) return false;
  if (waiting_.size() < options_.channel.most_waiting)
    waiting_.join(waiter);
  else
    why = no_room_error(Outcome::not_done);
  return !why;
}

bool Endpoint::withdraw(Waiter& waiter) noexcept {
  const Lock lock(mutex_);
  return waiting_.withdraw(waiter);
}

Error Endpoint::no_room_error(Outcome outcome) const {
  return Error(ErrorCode::refused,
               place_ + ": " + std::to_string(options_.channel.most_waiting) + " calls wait already",
               outcome);
}

Error Endpoint::why_stopped() const {
  const Lock lock(mutex_);
  return Error(end_->code(), std::string(end_->message()));
}

void Endpoint::on_loss(const Error& reason) noexcept {
  Lock lock(mutex_);
  if (state_ == State::stopped) return;
  if (state_ == State::up && !channels_.any_open()) {
    reason_ = placed_error(place_, ErrorCode::unreachable, reason);
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
  channels_.for_each_open([&](Channel& channel) {
    try {
      Reply reply;
      std::optional<Error> loss;
      const auto now = SteadyTime::now();
      const auto ending = channel.call(ping, reply, now, now + options_.connector.call_timeout, loss);
      if (ending == Ending::answered && breaker_.troubled()) count_answered();
    } catch (const std::exception&) {
      // No memory: the next beat asks again.
    }
  });
}

void Endpoint::begin_work(Lock&) noexcept {
  if (working_) {
    changed_.notify_all();
    return;
  }
  if (worker_.joinable()) worker_.join();  // it has finished: leaving is all it still does
  try {
    worker_ = basics::background_thread([this] { work(); });
    working_ = true;
  } catch (const std::exception&) {
    if (channels_.any_open())
      channels_.forget_wanted();  // what is open goes on, and the next call that needs more wishes anew
    else
      go_down(Error(ErrorCode::unreachable, "no thread could be started to connect"));
  }
}

void Endpoint::go_up() noexcept {
  reason_.reset();
  // One that has left calls without an answer has to answer one first.
  if (!breaker_.troubled()) outage_log_.is_back(place_);
  outage_log_.connected();
  heartbeat_.start();
  if (state_ == State::up) return;
  set_state(State::up);
}

void Endpoint::tell_attempt(Lock& lock) const noexcept {
  if (!options_.on_attempt) return;
  lock.unlock();
  options_.on_attempt();
  lock.lock();
}

void Endpoint::go_down(const Error& reason) noexcept {
  reason_ = placed_error(
      place_, reason.code() == ErrorCode::refused ? ErrorCode::refused : ErrorCode::unreachable, reason);
  outage_log_.lost(reason_->message());
  if (state_ != State::down) set_state(State::down);
}

void Endpoint::work() noexcept {
  basics::BackOff pauses(options_.first_pause, options_.longest_pause,
                         reinterpret_cast<std::uintptr_t>(this));
  Lock lock(mutex_);
  for (;;) {
    Channel* const channel = channels_.closed();
    if (channel == nullptr || state_ == State::stopped) {
      working_ = false;
      return;
    }
    urgent_ = false;
    lock.unlock();
    auto outcome = connect(channels_.is_bulk(*channel));
    lock.lock();
    if (state_ == State::stopped) continue;
    if (!outcome.error && use(*channel, outcome)) {
      pauses.reset();
      tell_attempt(lock);
      continue;
    }
    meter_.connect_failed(*outcome.error);
    no_master_ = outcome.no_master;
    // One that began before the last connection ended says nothing of the server now.
    if (!channels_.any_open() && state_ != State::up && !urgent_) go_down(*outcome.error);
    tell_attempt(lock);
    auto pause = pauses.next();
    if (outcome.error->code() == ErrorCode::refused)
      pause = std::max<basics::BackOff::Pause>(pause, options_.longest_pause * 5);
    changed_.wait_for(lock, pause, [&] { return state_ == State::stopped || urgent_; });
  }
}

// Without the lock. Gives a transport or an error.
Connector::Outcome Endpoint::connect(bool bulk) noexcept try {
  const auto announce = [this](Transport* transport) {
    const Lock announcing(mutex_);
    handshaking_ = transport;
    if (transport != nullptr && state_ == State::stopped) transport->shut_down();
  };
  auto outcome =
      connector_.connect(stop_signal_, announce, bulk ? Connector::Use::bulk : Connector::Use::ordinary);
  if (outcome.transport && bulk)
    outcome.transport = std::make_unique<ThrottledTransport>(
        std::move(outcome.transport), [this] { return channels_.ordinary_for_each_large(); },
        options_.connector.call_timeout / 2);
  return outcome;
} catch (const std::exception&) {
  return {nullptr, out_of_memory(), false};
}

// False without memory, which is the outcome then.
bool Endpoint::use(Channel& channel, Connector::Outcome& outcome) noexcept try {
  peer_ = peer_of(outcome.transport->descriptor());
  options_.changes->connection_changed(options_.number);
  channel.open(std::move(outcome.transport));
  options_.changes->connection_changed(options_.number);
  meter_.connected();
  go_up();
  return true;
} catch (const std::exception&) {
  outcome.error = out_of_memory();
  return false;
}

}  // namespace cachesite::redis
