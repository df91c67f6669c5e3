#include "redis/endpoint/endpoint_call.hpp"

#include "basics/inherited.hpp"
#include "redis/endpoint/call_report.hpp"
#include "redis/endpoint/endpoint.hpp"
#include "redis/wire/only_server.hpp"

#include <exception>
#include <new>
#include <utility>

namespace cachesite::redis {

// Calls that are over, kept by the thread for further ones.
class EndpointCall::Kept {
 public:
  ~Kept() {
    thread_ends = true;
    while (EndpointCall* const call = pop())
      delete call;
  }
  [[nodiscard]] static EndpointCall* take() noexcept { return thread_ends ? nullptr : of_thread().pop(); }
  [[nodiscard]] static bool put(EndpointCall& call) noexcept {
    return !thread_ends && of_thread().push(call);
  }

 private:
  static constexpr std::size_t most = 1024;

  static Kept& of_thread() noexcept {
    static thread_local Kept kept;
    return kept;
  }
  EndpointCall* pop() noexcept {
    if (first_ == nullptr) return nullptr;
    auto* const call = static_cast<EndpointCall*>(first_);
    first_ = call->next;
    --count_;
    return call;
  }
  bool push(EndpointCall& call) noexcept {
    if (count_ == most) return false;
    call.next = first_;
    first_ = &call;
    ++count_;
    return true;
  }

  // Apart from what it is about, which is gone then.
  static inline constinit thread_local bool thread_ends = false;

  Waiter* first_ = nullptr;
  std::size_t count_ = 0;
};

EndpointCall::EndpointCall() noexcept {
  ended = [](Waiter& waiter, TimePoint now) noexcept { static_cast<EndpointCall&>(waiter).on_told(now); };
}

EndpointCall::Pointer EndpointCall::make() noexcept {
  EndpointCall* call = Kept::take();
  if (call == nullptr) call = new (std::nothrow) EndpointCall;
  if (call == nullptr) return nullptr;
  call->owners_.store(1, std::memory_order_relaxed);
  call->fork_mark_ = basics::ForkMark();
  return Pointer(call);
}

void EndpointCall::release() noexcept {
  if (owners_.fetch_sub(1, std::memory_order_acq_rel) != 1) return;
  if (question.output.size() != 0) question.clear();
  unless_known_.reset();
  if (only_reply_.value.size() > Question::most_kept) only_reply_.value.clear();
  if (!only_reply_.elements.empty()) only_reply_.elements = {};
  only_reply_.kind = ReplyKind::none;
  replies_of_several_.clear();
  if (!Kept::put(*this)) delete this;
}

inline void EndpointCall::reset(Endpoint& endpoint, CallTime time) noexcept {
  phase_ = Phase::deciding;
  cancelled_ = overdue_ = prepared_ = in_line_ = false;
  home_ = nullptr;
  loop_ = nullptr;
  channel_ = nullptr;
  endpoint_ = &endpoint;
  time_ = time;
  deadline = time.deadline;
  armed_for_ = {};
  status_ = Done{};
}

inline void EndpointCall::prepare(const ServerQuestion& asked) {
  const auto commands = asked.commands;
  traits_ = traits_of(commands);
  if (commands.size() == 1) {
    replies_of_several_.clear();
    replies = {};
    reply = &only_reply_;
  } else {
    replies_of_several_ = std::vector<Reply>(commands.size());
    reply_places_.clear();
    for (Reply& each : replies_of_several_)
      reply_places_.push_back(&each);
    replies = reply_places_;
  }
  if (asked.unless_known == nullptr) return;
  unless_known_ = std::make_unique<Question>();
  Channel::prepare({asked.unless_known, 1}, *this);
  std::swap(question, *unless_known_);
}

bool EndpointCall::begin(Endpoint& endpoint, const ServerQuestion& asked, CallTime time,
                         cachesite::detail::OperationCaller& caller) noexcept {
  if (endpoint.fork_mark_.forked()) {
    status_ = basics::forked_error();
    return true;
  }
  Lock lock(mutex_);
  reset(endpoint, time);
  owners_.fetch_add(1, std::memory_order_relaxed);
  endpoint.calls_.fetch_add(1);
  attempt_first(asked);
  if (phase_ != Phase::ended) {
    caller_ = &caller;
    return false;
  }
  finish(std::move(lock));
  return true;
}

inline void EndpointCall::attempt_first(const ServerQuestion& asked) noexcept try {
  guard_.emplace(endpoint_->breaker_, endpoint_->mutex_, endpoint_->options_.connector.call_timeout);
  prepare(asked);
  attempts_.emplace(traits_.repeatable, endpoint_->options_.retry_on_timeout,
                    endpoint_->options_.channels.most());
  if (endpoint_->breaker_.troubled() && endpoint_->is_refused_by_breaker(*guard_, time_))
    return fail(Error(ErrorCode::unreachable, endpoint_->breaker_text()));
  home_ = endpoint_->home();
  if (home_ == nullptr) return fail(endpoint_->why_stopped());
  loop_ = &home_->loop();
  attempt(asked.commands, time_.begin);
} catch (const std::exception&) {
  fail_without_memory();
}

// Only the first attempt is worth the code of its own place.
void EndpointCall::attempt_again(TimePoint now) noexcept {
  attempt({}, now);
}

// `commands` are what is to be asked, unless that has been prepared. All of them stay together: to look for an idle
// channel would spare no thread a wait.
inline void EndpointCall::attempt(std::span<const Command> commands, TimePoint now) noexcept try {
  for (;;) {
    if (endpoint_->state_.load(std::memory_order_acquire) != Endpoint::State::up &&
        !await_server(commands, now))
      return;
    attempt_began_ = now;
    bool again = false;
    if (now >= time_.deadline)
      again = decide(Ending::timed_out_queued, now);
    else if (!submit_to(endpoint_->pick({traits_.large, false}), commands, now))
      again = decide(Ending::not_open, SteadyTime::now());
    if (!again) return;
    now = SteadyTime::now();
  }
} catch (const std::exception&) {
  fail_without_memory();
}

// True when there is a connection. Else it waits for one, or has ended.
bool EndpointCall::await_server(std::span<const Command> commands, TimePoint& now) {
  if (!std::exchange(prepared_, true)) Channel::prepare(commands, *this);
  TimePoint limit = time_.deadline;
  std::optional<Error> why;
  phase_ = Phase::waits;
  if (endpoint_->join(*this, limit, why)) {
    arm_for(limit);
    return false;
  }
  phase_ = Phase::deciding;
  if (why) {
    fail(CallReport(endpoint_->place_, *attempts_).away(*why));
    return false;
  }
  now = SteadyTime::now();
  return true;
}

// False when the channel is not open.
inline bool EndpointCall::submit_to(Channel& channel, std::span<const Command> commands, TimePoint now) {
  auto submission = Submission::not_open;
  channel_ = &channel;
  phase_ = Phase::submitted;
  try {
    if (prepared_)
      submission = channel.submit(*this, now);
    else if (commands.size() == 1)
      submission = channel.submit(commands.front(), *this, now);
    else
      submission = channel.submit(commands, *this, now);
  } catch (...) {
    phase_ = Phase::deciding;
    throw;
  }
  if (submission == Submission::accepted) {
    prepared_ = true;
    arm_for(time_.deadline);
    return true;
  }
  phase_ = Phase::deciding;
  if (submission == Submission::no_room) fail(endpoint_->no_room_error(attempts_->outcome()));
  return submission == Submission::no_room;
}

void EndpointCall::on_told(TimePoint now) noexcept {
  Lock lock(mutex_);
  const Phase before = std::exchange(phase_, Phase::deciding);
  if (before == Phase::submitted)
    take_ending(now);
  else if (cancelled_)
    end_cancelled();
  else
    attempt_again(SteadyTime::now());
  finish(std::move(lock));
}

// The request has ended, or was withdrawn.
inline void EndpointCall::take_ending(TimePoint now) noexcept {
  if (ending != Ending::answered) {
    if (decide(ending, SteadyTime::now())) attempt_again(SteadyTime::now());
    return;
  }
  take_answers(now);
}

inline void EndpointCall::take_answers(TimePoint now) noexcept {
  endpoint_->meter_.answered(now - time_.begin);
  if (endpoint_->breaker_.troubled()) endpoint_->count_answered();
  if (asks_again()) return attempt_again(SteadyTime::now());
  if (endpoint_->options_.only_server) {
    for (Reply& each : answers())
      if (each.kind == ReplyKind::error && heed_only_server(each)) endpoint_->renew();
  }
  phase_ = Phase::ended;
}

// True when the script was not known, and is sent next.
bool EndpointCall::asks_again() noexcept {
  if (unless_known_ == nullptr || only_reply_.kind != ReplyKind::error || cancelled_ ||
      !only_reply_.text().starts_with("NOSCRIPT"))
    return false;
  std::swap(question, *unless_known_);
  unless_known_.reset();
  attempts_.emplace(traits_.repeatable, endpoint_->options_.retry_on_timeout,
                    endpoint_->options_.channels.most());
  return true;
}

// True for one more attempt; else it has ended.
bool EndpointCall::decide(Ending how, TimePoint now) noexcept {
  using Next = CallAttempts::Next;
  if (how == Ending::not_open || how == Ending::timed_out_queued) loss.reset();
  const auto decision =
      attempts_->after(how, loss ? loss->code() : ErrorCode::unreachable, now < time_.deadline);
  if (decision == Next::again || decision == Next::reconnect) {
    if (cancelled_) {
      end_cancelled();
      return false;
    }
    endpoint_->prepare_repetition(decision);
    return true;
  }
  const CallReport report(endpoint_->place_, *attempts_);
  try {
    if (decision == Next::away) {
      fail(report.away(endpoint_->why_down()));
    } else {
      endpoint_->note_failure(decision, *attempts_, now - attempt_began_, *guard_);
      fail(report.failure(decision, loss, time_, now));
    }
  } catch (const std::exception&) {
    fail_without_memory();
  }
  return false;
}

void EndpointCall::fail(const Error& error) noexcept {
  status_ = error;
  endpoint_->meter_.failed(error);
  phase_ = Phase::ended;
}

void EndpointCall::fail_without_memory() noexcept {
  fail(Error(ErrorCode::no_memory, "", attempts_ ? attempts_->outcome() : Outcome::not_done));
}

void EndpointCall::end_cancelled() noexcept {
  fail(Error(ErrorCode::closed, "the caller has asked for the end of the call", attempts_->outcome()));
}

inline void EndpointCall::arm_for(TimePoint when) noexcept {
  if (when == armed_for_) return;
  const bool had_timer = armed_for_ != TimePoint{} && !in_line_;
  if (in_line_) home_->deadlines().leave(*this);
  armed_for_ = when;
  in_line_ = !had_timer && home_->deadlines().join(*this, when);
  if (!in_line_) home_->reactor().arm(*this, when);
}

void EndpointCall::overdue() noexcept {
  pass_deadline();
  release();
}

void EndpointCall::expire() noexcept {
  pass_deadline();
}

// It may have ended, and begun again, since this was on its way.
void EndpointCall::pass_deadline() noexcept {
  Lock lock(mutex_);
  if (armed_for_ == TimePoint{} || home_->reactor().now() < armed_for_) return;
  armed_for_ = {};
  in_line_ = false;
  if (phase_ == Phase::waits) {
    if (!endpoint_->withdraw(*this)) return;
    phase_ = Phase::deciding;
    attempt_again(SteadyTime::now());
  } else if (phase_ == Phase::submitted) {
    if (!channel_->withdraw(*this)) return;
    phase_ = Phase::deciding;
    overdue_ = ending == Ending::timed_out_sent;
    (void)decide(ending, SteadyTime::now());
  } else {
    return;
  }
  finish(std::move(lock));
}

// False when it ends by itself, or has ended.
bool EndpointCall::withdraw_for_caller() noexcept {
  cancelled_ = true;
  if (phase_ == Phase::waits ? !endpoint_->withdraw(*this)
                             : phase_ != Phase::submitted || !channel_->withdraw(*this))
    return false;
  if (phase_ == Phase::submitted) (void)attempts_->after(ending, ErrorCode::timeout, true);
  phase_ = Phase::deciding;
  end_cancelled();
  return true;
}

bool EndpointCall::cancel() noexcept {
  if (is_forked()) return true;
  Lock lock(mutex_);
  if (phase_ == Phase::ended) return false;
  if (withdraw_for_caller()) finish(std::move(lock));
  return true;
}

bool EndpointCall::abandon() noexcept {
  if (is_forked()) return true;
  Lock lock(mutex_);
  if (phase_ == Phase::ended) return false;
  caller_ = nullptr;
  if (withdraw_for_caller()) finish(std::move(lock));
  return true;
}

void EndpointCall::await_told() noexcept {
  if (is_forked() || teller_ == std::this_thread::get_id()) return;
  while (!told_.load(std::memory_order_acquire))
    std::this_thread::yield();
}

// Tells of the end, if it has come. Nothing of the call may be touched afterwards.
inline void EndpointCall::finish(Lock lock) noexcept {
  if (phase_ != Phase::ended) return;
  auto* const caller = std::exchange(caller_, nullptr);
  told_.store(caller == nullptr, std::memory_order_relaxed);
  if (caller != nullptr) teller_.store(std::this_thread::get_id(), std::memory_order_relaxed);
  const bool in_line = std::exchange(in_line_, false);
  const bool armed = std::exchange(armed_for_, {}) != TimePoint{} && !in_line;
  lock.unlock();
  if (in_line) home_->deadlines().leave(*this);
  if (armed) home_->reactor().disarm(*this);
  guard_.reset();
  if (overdue_) home_->overdue(*channel_);
  endpoint_->calls_.fetch_sub(1);
  if (caller != nullptr) {
    caller->ended();
    teller_.store({}, std::memory_order_relaxed);
    told_.store(true, std::memory_order_release);
  }
  release();
}

}  // namespace cachesite::redis
