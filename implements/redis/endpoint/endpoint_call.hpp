#pragma once

#include "basics/fork_mark.hpp"
#include "basics/spin_lock.hpp"
#include "event_loop/reactor.hpp"
#include "redis/base/deadline.hpp"
#include "redis/channel/channel.hpp"
#include "redis/channel/channel_set.hpp"
#include "redis/channel/deadline_line.hpp"
#include "redis/channel/loop_home.hpp"
#include "redis/channel/waiter.hpp"
#include "redis/endpoint/breaker_guard.hpp"
#include "redis/endpoint/call_attempts.hpp"
#include "redis/wire/command.hpp"
#include "redis/wire/reply.hpp"

#include <cachesite/detail/async_operation.hpp>
#include <cachesite/result.hpp>

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <span>
#include <thread>
#include <vector>

namespace cachesite::redis {

class Endpoint;

/// What a call asks of a server.
struct ServerQuestion {
  /// One, or several that are sent next to each other with nothing between them.
  std::span<const Command> commands;
  /// Sent instead of the only command when the server answers that it does not know the script.
  const Command* unless_known = nullptr;
};

/// A call to a server for which no thread waits. It does what Endpoint::call does, and has its caller told of
/// the end. It belongs to the operation that it is part of, and to itself while it is under way, so an
/// operation may be gone before.
///
///     made        begin() -> waits, submitted or ended
///     waits       for a connection, in the list of    there is one -> submitted; there will be none, its
///                 the endpoint                        deadline, cancel(), abandon() -> ended
///     submitted   its request is with a channel       answered -> ended, or submitted when the script was not
///                                                     known; the connection ends -> as CallAttempts decides;
///                                                     its deadline, cancel(), abandon() -> ended, unless the
///                                                     request has ended and this is about to be told
///     ended       has its result
///
/// The rules of AsyncOperation hold for begin(), cancel() and abandon(), but that an abandon() that comes too late
/// says so instead of waiting. When it has ended it may begin again, even while its caller is told; await_told()
/// is not for such.
class EndpointCall final : private Waiter, private event_loop::Timer, private DeadlineLine::Entry {
 public:
  struct Release {
    void operator()(EndpointCall* call) const noexcept { call->release(); }
  };
  using Pointer = std::unique_ptr<EndpointCall, Release>;

  /// Null when there is no memory.
  [[nodiscard]] static Pointer make() noexcept;

  bool begin(Endpoint& endpoint, const ServerQuestion& question, CallTime time,
             cachesite::detail::OperationCaller& caller) noexcept;
  /// False when it has ended, or has not begun: else it ends soon, or within this call.
  bool cancel() noexcept;
  /// False when it has ended, so that its caller is told or has been, or when it has not begun.
  bool abandon() noexcept;
  /// Waits until the caller of a call that has ended has been told, unless this thread does it just now.
  void await_told() noexcept;
  [[nodiscard]] IEventLoop* loop() const noexcept { return loop_; }

  // When it has ended.
  [[nodiscard]] const Status& status() const noexcept { return status_; }
  /// The answer to the only command; an error of the server is one.
  [[nodiscard]] Reply& answer() noexcept { return only_reply_; }
  /// The answers, one for each command. When the call fails, those whose kind is not `none` came in time.
  [[nodiscard]] std::span<Reply> answers() noexcept {
    return replies_of_several_.empty() ? std::span(&only_reply_, 1) : std::span(replies_of_several_);
  }

 private:
  using Lock = std::unique_lock<basics::SpinLock>;
  enum class Phase : std::uint8_t { deciding, waits, submitted, ended };
  class Kept;

  EndpointCall() noexcept;
  ~EndpointCall() = default;

  void release() noexcept;
  [[gnu::always_inline]] void reset(Endpoint& endpoint, CallTime time) noexcept;
  [[gnu::always_inline]] void prepare(const ServerQuestion& question);
  [[nodiscard]] bool is_forked() const noexcept { return fork_mark_.forked(); }

  // With the lock, while it is deciding.
  [[gnu::always_inline]] void attempt_first(const ServerQuestion& question) noexcept;
  void attempt_again(TimePoint now) noexcept;
  [[gnu::always_inline]] void attempt(std::span<const Command> commands, TimePoint now) noexcept;
  bool await_server(std::span<const Command> commands, TimePoint& now);
  [[gnu::always_inline]] bool submit_to(Channel& channel, std::span<const Command> commands, TimePoint now);
  [[gnu::always_inline]] void take_ending(TimePoint now) noexcept;
  [[gnu::always_inline]] void take_answers(TimePoint now) noexcept;
  bool asks_again() noexcept;
  bool decide(Ending how, TimePoint now) noexcept;
  void fail(const Error& error) noexcept;
  void fail_without_memory() noexcept;
  void end_cancelled() noexcept;
  [[gnu::always_inline]] void arm_for(TimePoint when) noexcept;

  bool withdraw_for_caller() noexcept;
  void on_told(TimePoint now) noexcept;
  void keep() noexcept override { owners_.fetch_add(1, std::memory_order_relaxed); }
  void overdue() noexcept override;
  void expire() noexcept override;
  void pass_deadline() noexcept;
  void finish(Lock lock) noexcept;

  basics::SpinLock mutex_;
  std::atomic<std::uint8_t> owners_{0};
  std::atomic<bool> told_{true};
  basics::ForkMark fork_mark_;
  Phase phase_ = Phase::ended;
  bool cancelled_ = false;
  bool overdue_ = false;   // it was sent, and its deadline has passed
  bool prepared_ = false;  // the question is with the waiter, or was
  Endpoint* endpoint_ = nullptr;
  LoopHome* home_ = nullptr;
  IEventLoop* loop_ = nullptr;
  Channel* channel_ = nullptr;
  cachesite::detail::OperationCaller* caller_ = nullptr;
  std::atomic<std::thread::id> teller_;
  CallTime time_{};
  TimePoint attempt_began_{};
  TimePoint armed_for_{};  // its own timer, or the deadline that is in the line
  bool in_line_ = false;
  RequestTraits traits_;
  std::optional<BreakerGuard> guard_;
  std::optional<CallAttempts> attempts_;
  Status status_ = Done{};
  Reply only_reply_;
  std::vector<Reply> replies_of_several_;
  std::vector<Reply*> reply_places_;
  std::unique_ptr<Question> unless_known_;
};

}  // namespace cachesite::redis
