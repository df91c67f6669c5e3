#pragma once

#include "redis/channel/channel_work.hpp"
#include "unit/redis/channel/simulated_calls.hpp"
#include "unit/redis/channel/simulated_threads.hpp"

#include <algorithm>
#include <chrono>
#include <list>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace cachesite::test {

/// The event loop of a simulated channel, and the calls that it makes. One thread or a few run it.
class SimulatedLoop final : public redis::BasicChannelHome<SimulatedThreads> {
 public:
  using Channel = redis::BasicChannel<SimulatedThreads>;
  using Time = std::chrono::microseconds;
  using TimePoint = redis::TimePoint;

  struct Habits {
    bool repeat_after_timeout = false;
    bool slow = false;  // what it runs takes its time now and then
  };

  SimulatedLoop(SimulatedCalls& calls, std::optional<Channel>& channel, Habits habits)
      : calls_(calls), channel_(channel), habits_(habits) {}

  /// The wire that a channel gives as its descriptor.
  int add(std::shared_ptr<SimulatedWire> wire) {
    wires_.push_back(std::move(wire));
    return static_cast<int>(wires_.size()) - 1;
  }
  /// Plans a call. Who is no thread of the loop may do that too.
  void plan(const std::string& key, TimePoint begin, Time patience) {
    Stage& stage = Stage::current();
    Request& request = requests_.emplace_back(calls_.plan(key, stage.dice()), habits_.repeat_after_timeout);
    request.begin = begin;
    request.end = begin + patience;
    if (!fine_ && stage.dice().chance(25))
      request.end = begin + Time(stage.dice().between(0, patience.count()));
    request.deadline = begin + patience;
    request.ended = [](redis::Waiter& waiter, redis::TimePoint) noexcept {
      auto& self = static_cast<Request&>(waiter);
      self.loop->on_end(self);
    };
    request.loop = this;
    ++unfinished_;
    ++changes_;
  }
  /// Begins a call at once, in the thread that asks for it.
  void begin_now(const std::string& key, Time patience) {
    plan(key, Stage::current().now(), patience);
    begin(requests_.back());
  }
  /// From now on every call is answered.
  void expect_the_best() { fine_ = true; }
  [[nodiscard]] std::size_t unfinished() const { return unfinished_; }

  /// Runs until `over`, and what has begun has ended.
  void run(const bool& over) {
    Stage& stage = Stage::current();
    for (;;) {
      const auto changes = changes_;
      stage.wait([&] { return has_work() || changes != changes_ || (over && unfinished_ == 0); },
                 next_time());
      if (has_work())
        turn();
      else if (over && unfinished_ == 0)
        return;
    }
  }

  void deliver(redis::Waiter* ended) noexcept override {
    while (ended != nullptr)
      delivered_.push_back(std::exchange(ended, ended->next));
  }
  void wanted(Channel&) noexcept override {
    if (std::exchange(wanted_, true)) calls_.fail("the loop is asked again before it has looked");
  }
  bool watch(Channel&, int descriptor) noexcept override {
    if (!fine_ && Stage::current().dice().chance(1)) return false;
    wires_.at(static_cast<std::size_t>(descriptor))->watch([this] { ready_ = true; });
    return true;
  }

 private:
  enum class Phase { planned, parked, submitting, submitted, in_hand, finished };

  struct Request : redis::Waiter {
    Request(SimulatedCall& planned, bool repeat_after_timeout)
        : call(planned),
          question(call),
          attempts(call.repeatable, repeat_after_timeout, 1),
          answers(call.keys.size()) {
      for (auto& place : answers)
        places.push_back(&place);
      if (answers.size() == 1)
        reply = places.front();
      else
        replies = places;
    }
    SimulatedCall& call;
    SimulatedQuestion question;
    redis::CallAttempts attempts;
    std::vector<redis::Reply> answers;
    std::vector<redis::Reply*> places;
    SimulatedLoop* loop = nullptr;
    TimePoint begin;
    TimePoint end;  // its deadline, or when it is withdrawn before that
    Phase phase = Phase::planned;
    int submissions = 0;
    bool encoded = false;
  };

  [[nodiscard]] bool is_due(const Request& request) const {
    const auto now = Stage::current().now();
    switch (request.phase) {
      case Phase::planned:
        return now >= request.begin;
      case Phase::parked:
        return now >= request.end || channel_->is_open();
      case Phase::submitted:
        return now >= request.end;
      case Phase::submitting:
      case Phase::in_hand:
      case Phase::finished:
        return false;
    }
    return false;
  }
  [[nodiscard]] bool has_work() const {
    return wanted_ || ready_ || !delivered_.empty() || Stage::current().now() >= pause_end_ ||
           std::any_of(requests_.begin(), requests_.end(),
                       [&](const auto& request) { return is_due(request); });
  }
  [[nodiscard]] TimePoint next_time() const {
    auto next = pause_end_;
    for (const auto& request : requests_) {
      if (request.phase == Phase::planned) next = std::min(next, request.begin);
      if (request.phase == Phase::parked || request.phase == Phase::submitted)
        next = std::min(next, request.end);
    }
    return next;
  }

  void turn() {
    if (Stage::current().now() >= pause_end_) {
      pause_end_ = TimePoint::max();
      ready_ = true;
    }
    if (std::exchange(ready_, false)) attend(redis::Look::ready);
    tell(std::exchange(delivered_, {}));
    for (auto& request : requests_)
      if (is_due(request)) go_on(request);
    if (std::exchange(wanted_, false)) attend(redis::Look::wanted);
  }
  void attend(redis::Look look) {
    const auto attended = channel_->attend(look, Stage::current().now());
    if (attended.paused_until != TimePoint{}) pause_end_ = std::min(pause_end_, attended.paused_until);
    std::list<redis::Waiter*> ended;
    for (auto* waiter = attended.ended; waiter != nullptr; waiter = waiter->next)
      ended.push_back(waiter);
    tell(ended);
  }
  void tell(const std::list<redis::Waiter*>& ended) {
    for (redis::Waiter* const waiter : ended) {
      waiter->ended(*waiter, {});
      if (habits_.slow && Stage::current().dice().chance(30))
        Stage::current().sleep(Time(Stage::current().dice().between(0, 10'000)));
    }
  }

  void go_on(Request& request) {
    if (request.phase != Phase::submitted) {
      begin(request);
      return;
    }
    request.phase = Phase::in_hand;
    if (!channel_->withdraw(request)) return;  // it has ended, and that is told
    const bool sent = request.ending == redis::Ending::timed_out_sent;
    decide(request);
    if (sent && request.end == request.deadline) attend(redis::Look::overdue);
  }
  void begin(Request& request) {
    using redis::Submission;
    request.phase = Phase::in_hand;
    const auto now = Stage::current().now();
    if (now >= request.end) {
      request.ending = redis::Ending::timed_out_queued;
      decide(request);
      return;
    }
    // Its end may be told, and it may be submitted again, before the call returns.
    request.phase = Phase::submitting;
    const int submission_number = ++request.submissions;
    auto& commands = request.question.commands;
    const auto submission = std::exchange(request.encoded, false) ? channel_->submit(request, now)
                            : commands.size() == 1 ? channel_->submit(commands.front(), request, now)
                                                   : channel_->submit(commands, request, now);
    if (submission == Submission::accepted && request.phase == Phase::submitting &&
        request.submissions == submission_number)
      request.phase = Phase::submitted;
    if (submission == Submission::not_open) request.phase = Phase::parked;
    ++changes_;
    if (submission == Submission::no_room && !fine_) finish(request, request.attempts.outcome());
    if (submission == Submission::no_room && fine_) {
      request.phase = Phase::planned;
      request.begin = now + Time(1000);
    }
  }
  void on_end(Request& request) {
    if (request.phase == Phase::finished) calls_.fail("a request is told twice");
    request.phase = Phase::in_hand;
    calls_.check_attempt(request.ending, request.loss.has_value());
    decide(request);
  }
  void decide(Request& request) {
    using redis::CallAttempts;
    const auto code = request.loss ? request.loss->code() : ErrorCode::unreachable;
    switch (request.attempts.after(request.ending, code, Stage::current().now() < request.end)) {
      case CallAttempts::Next::done:
        request.call.answered = true;
        finish(request, Outcome::unknown);
        break;
      case CallAttempts::Next::again:
      case CallAttempts::Next::reconnect:
        request.encoded = Stage::current().dice().chance(50);  // else it is encoded once more
        request.phase = Phase::parked;
        break;
      default:
        finish(request, request.attempts.outcome());
    }
  }
  void finish(Request& request, Outcome outcome) {
    request.phase = Phase::finished;
    if (fine_ && !request.call.answered) calls_.fail("a call of the loop on a fine day failed");
    calls_.end(request.call, outcome, request.answers);
    if (!habits_.slow && Stage::current().now() > request.end)
      calls_.fail(request.call.keys[0] + " ended after its deadline");
    --unfinished_;
  }

  SimulatedCalls& calls_;
  std::optional<Channel>& channel_;
  const Habits habits_;
  std::vector<std::shared_ptr<SimulatedWire>> wires_;
  std::list<Request> requests_;
  std::list<redis::Waiter*> delivered_;
  bool wanted_ = false;
  bool ready_ = false;
  TimePoint pause_end_ = TimePoint::max();
  std::size_t unfinished_ = 0;
  std::size_t changes_ = 0;  // of when something is due
  bool fine_ = false;
};

}  // namespace cachesite::test
