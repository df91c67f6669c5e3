#pragma once

#include "basics/back_off.hpp"
#include "basics/condition.hpp"
#include "basics/inherited.hpp"
#include "basics/stop_signal.hpp"
#include "basics/thread.hpp"
#include "redis/base/server_changes.hpp"
#include "redis/channel/channel.hpp"
#include "redis/channel/channel_set.hpp"
#include "redis/channel/loop_home.hpp"
#include "redis/channel/wait_list.hpp"
#include "redis/endpoint/breaker_guard.hpp"
#include "redis/endpoint/call_attempts.hpp"
#include "redis/endpoint/endpoint_meter.hpp"
#include "redis/endpoint/heartbeat.hpp"
#include "redis/endpoint/outage_log.hpp"
#include "redis/transport/connector.hpp"
#include "redis/wire/command.hpp"

#include <cachesite/component.hpp>
#include <cachesite/detail/redis_statistics.hpp>
#include <cachesite/i_event_loop.hpp>
#include <cachesite/logger.hpp>
#include <cachesite/result.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace cachesite::redis {

struct EndpointOptions {
  ConnectorOptions connector;
  ChannelLimits channel;
  ChannelSetOptions channels;
  basics::BackOff::Pause first_pause = std::chrono::milliseconds(50);
  basics::BackOff::Pause longest_pause = std::chrono::seconds(1);
  BreakerOptions breaker;
  bool retry_on_timeout = false;
  std::chrono::milliseconds health_check_interval{0};  // 0: none
  bool only_server = false;  // its errors that speak of other servers are dealt with here, for EndpointCall
  /// What calls go on with that no thread waits for; null: EventLoop::shared().
  std::shared_ptr<IEventLoop> event_loop;
  /// The number of the server among those of its topology, and who is told of its connections.
  std::uint16_t number = 0;
  std::shared_ptr<ServerChanges> changes = std::make_shared<ServerChanges>();
  /// Told whenever an attempt to connect has ended, by the thread that made it, without a lock held.
  std::function<void()> on_attempt;
};

/// One server: its channels, and what is done when it is not there. A thread, the worker, exists only while
/// something is to be connected.
///
/// The states, RedisEndpointState. They change under the lock:
///
///     idle        nobody has used it         start(), a call -> connecting
///     connecting  the first attempt to       a connection is ready -> up; the attempt has failed -> down
///                 connect goes on, and
///                 calls wait for it
///     up          a channel is open          the last open one has ended -> recovering
///     recovering  the last connection has    a connection is ready -> up; an attempt that began meanwhile
///                 just ended: calls wait     has failed -> down
///                 for `recovery_patience`
///     down        calls fail at once, and    a connection is ready -> up
///                 the worker tries again
///     stopped     calls fail, for ever       stop() and retire() lead here from every state
///
/// Each of its connections is
///
///     wanted      a channel should be open   the worker connects and logs in -> open; else tries again
///     open        calls use it               the server, the network, a call that finds it silent, renew()
///                                            or stop() ends it -> wanted, or unused when it was an extra one
///                                            and nobody can connect
///
/// In a child that the process forks, calls fail with `closed`: the connections are the
/// parent's, and so are the threads and whoever held a lock.
///
/// Calls that no thread waits for are an EndpointCall each. The first of them gives the channels a home on the
/// event loop; nothing of that is there before.
class Endpoint {
 public:
  Endpoint(EndpointOptions options, std::string label, std::shared_ptr<ILogger> logger);
  ~Endpoint();
  Endpoint(const Endpoint&) = delete;
  Endpoint& operator=(const Endpoint&) = delete;

  void start();
  void await_started();
  void stop() noexcept;
  /// `stop` for a server that is not used any more, while others are: calls end with `unreachable`.
  void retire() noexcept;
  /// Ends the connections as if the server had, since its name may lead elsewhere by now. Does nothing when
  /// it did so less than `renewal_pause` ago.
  void renew();

  /// Sends a command and gives its answer, an error of the server included. Starts the endpoint if need be.
  Status call(const Command& command, Reply& reply, CallTime time);
  /// Sends commands next to each other on one connection, with nothing between them, and gives all the
  /// answers. When the call fails, replies whose kind is no longer `none` are answers that came in time.
  Status call(std::span<const Command> commands, std::span<Reply* const> replies, CallTime time);

  /// The first half of such a call: sends the commands, as far as that is possible without waiting.
  [[nodiscard]] Channel::Pending send(std::span<const Command> commands);
  /// The second half: gives the answers to what was sent, or does all of it when nothing was.
  Status collect(Channel::Pending sent, std::span<const Command> commands, std::span<Reply* const> replies,
                 CallTime time);

  struct SentOnEach {
    std::vector<Channel::Pending> answers;
    bool on_all = true;  // false when a connection had no room
  };
  /// Sends one command on each open connection, as far as that is possible without waiting: the one that `make`
  /// gives for the connection's place. Whoever collects the answers uses Channel::collect.
  template <class Make>
  [[nodiscard]] SentOnEach send_on_each(Make&& make) {
    SentOnEach sent;
    if (fork_mark_.forked()) return sent;
    channels_.for_each_open([&](Channel& channel) {
      const Command command = make(sent.answers.size());
      if (auto pending = channel.send({&command, 1}, SteadyTime::now()))
        sent.answers.push_back(std::move(pending));
      else
        sent.on_all = false;
    });
    return sent;
  }

  /// False while the server is known to be away, or not to answer in time: a call would fail.
  [[nodiscard]] bool usable() const noexcept {
    const State state = state_.load(std::memory_order_acquire);
    if (state == State::down || state == State::stopped) return false;
    return !breaker_.troubled() || !breaker_.refuses(SteadyTime::now());
  }
  [[nodiscard]] bool is_up() const noexcept { return state_.load(std::memory_order_acquire) == State::up; }
  /// Which of its connections is the last one made; 0 while there is none.
  [[nodiscard]] std::uint64_t connection_number() const noexcept { return is_up() ? meter_.connects() : 0; }
  /// True when the server can be reached and refuses the login, or is no master where one is required.
  [[nodiscard]] bool is_refused() const;
  /// Where an EndpointCall goes on. Fails when it would, and throws when there is no event loop.
  [[nodiscard]] Result<IEventLoop*> event_loop();
  [[nodiscard]] bool requires_master() const noexcept { return options_.connector.login.requires_master; }
  [[nodiscard]] const ServerAddress& address() const noexcept { return options_.connector.address; }
  /// The number of a server that has none of its own.
  static constexpr std::uint16_t no_number = 0xFFFF;
  [[nodiscard]] std::uint16_t number() const noexcept { return options_.number; }
  [[nodiscard]] const ConnectorOptions& connector() const noexcept { return options_.connector; }

  [[nodiscard]] Health health() const;
  [[nodiscard]] RedisEndpointStatistics statistics() const;

 private:
  friend class EndpointCall;
  using State = RedisEndpointState;
  using Lock = std::unique_lock<std::mutex>;

  void end(const Error& reason) noexcept;
  Status call_or_collect(Channel::Pending sent, std::span<const Command> commands,
                         std::span<Reply* const> replies, CallTime time, TimePoint begin);
  template <class Send>
  Status carry_out(Send&& send, RequestTraits traits, CallTime time, TimePoint now,
                   bool sent_already = false);
  [[nodiscard]] bool is_refused_by_breaker(BreakerGuard& guard, CallTime time) const noexcept {
    return state_ != State::stopped && !guard.admit(time);  // a stopped one says so itself
  }
  void note_failure(CallAttempts::Next next, const CallAttempts& attempts, SteadyTime::duration waited,
                    const BreakerGuard& guard) noexcept;
  void prepare_repetition(CallAttempts::Next next) noexcept;
  std::optional<Error> await_up(TimePoint deadline);
  [[nodiscard]] bool is_to_wait(Lock& lock, TimePoint& deadline, std::optional<Error>& why);

  // For an EndpointCall.
  // Null when it is stopped. Throws when there is no event loop.
  [[nodiscard]] LoopHome* home() {
    LoopHome* const made = home_.load(std::memory_order_acquire);
    return made != nullptr ? made : make_home();
  }
  [[nodiscard]] LoopHome* make_home();
  // True when the waiter has to wait for a connection, until `limit`. False with a reason when there will be
  // none, and without when there is one.
  bool join(Waiter& waiter, TimePoint& limit, std::optional<Error>& why);
  bool withdraw(Waiter& waiter) noexcept;
  [[nodiscard]] Error no_room_error(Outcome outcome) const;
  [[nodiscard]] Error why_stopped() const;
  void end_calls() noexcept;
  // Tells of a call that is traced.
  void record(std::span<const Command> commands, std::span<Reply* const> replies, const Status& status,
              CallTime time) const noexcept;
  Channel& pick(RequestTraits traits) {
    Channel* const primary = channels_.primary(traits);
    return primary != nullptr ? *primary : pick_other(traits);
  }
  Channel& pick_other(RequestTraits traits);
  void on_loss(const Error& reason) noexcept;
  void count_unanswered(std::uint64_t probe) noexcept;
  void count_answered() noexcept;
  [[nodiscard]] std::string breaker_text() const;
  void begin_work(Lock& lock) noexcept;
  void work() noexcept;
  Connector::Outcome connect(bool bulk) noexcept;
  bool use(Channel& channel, Connector::Outcome& outcome) noexcept;
  void check_channels() noexcept;
  void go_up() noexcept;
  void tell_attempt(Lock& lock) const noexcept;
  void go_down(const Error& reason) noexcept;
  void set_state(State state) noexcept;
  [[nodiscard]] Error down_error() const;  // with the lock
  [[nodiscard]] Error why_down() const;

  EndpointMeter meter_;
  const basics::ForkMark fork_mark_;
  const EndpointOptions options_;
  const std::string place_;
  Connector connector_;  // of the worker
  basics::StopSignal stop_signal_;
  ChannelSet channels_;

  std::atomic<State> state_{State::idle};
  mutable std::mutex mutex_;
  basics::Condition changed_;
  basics::Thread worker_;
  bool working_ = false;
  bool urgent_ = false;
  bool no_master_ = false;  // it said so when it was connected to last
  TimePoint patience_ends_{};
  TimePoint next_renewal_{};
  Breaker breaker_;
  OutageLog outage_log_;
  std::chrono::system_clock::time_point since_;
  std::optional<Error> reason_;
  std::string peer_;          // the address of the last connection
  std::optional<Error> end_;  // why it is stopped
  Transport* handshaking_ = nullptr;
  Heartbeat heartbeat_;

  std::shared_ptr<LoopHome> kept_home_;
  std::atomic<LoopHome*> home_{nullptr};
  WaitList waiting_;                   // for a connection
  std::atomic<std::size_t> calls_{0};  // each an EndpointCall under way
};

/// How the channel for commands is chosen.
[[nodiscard]] inline RequestTraits traits_of(const Command& command) noexcept {
  // What makes a command large is its last argument, if anything.
  return {command.large || command.arguments.back().size() >= gather_from, command.repeatable};
}
[[nodiscard]] inline RequestTraits traits_of(std::span<const Command> commands) noexcept {
  RequestTraits all{false, true};
  for (const Command& command : commands) {
    const RequestTraits traits = traits_of(command);
    all.large = all.large || traits.large;
    all.repeatable = all.repeatable && traits.repeatable;
  }
  return all;
}

}  // namespace cachesite::redis
