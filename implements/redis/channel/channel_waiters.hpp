#pragma once

// What a channel does for those who do not wait: requests whose waiters are told, and the looks of the home.

#include "redis/channel/channel_lead.hpp"

#include <algorithm>
#include <span>
#include <utility>

namespace cachesite::redis {

// The question first: whoever is told may end the channel.
template <class Threads>
void BasicChannel<Threads>::HomeNotice::tell_all() noexcept {
  if (std::exchange(wanted, false)) channel_.home_->wanted(channel_);
  if (ended_ != nullptr) channel_.home_->deliver(take());
}

template <class Threads>
Waiter* BasicChannel<Threads>::HomeNotice::take() noexcept {
  Waiter* first = nullptr;
  while (ended_ != nullptr) {
    Waiter* const last = std::exchange(ended_, ended_->next);
    last->next = std::exchange(first, last);
  }
  return first;
}

template <class Threads>
void BasicChannel<Threads>::set_home(Home& home) {
  const Lock lock(mutex_);
  home_ = &home;
}

template <class Threads>
Submission BasicChannel<Threads>::submit(const Command& command, Waiter& waiter, TimePoint now) {
  return submit_filled(waiter, now, [&](Question& question) {
    if (&question == &waiter.question) question.clear();
    ask_one(question, command);
  });
}

template <class Threads>
Submission BasicChannel<Threads>::submit(std::span<const Command> commands, Waiter& waiter, TimePoint now) {
  return submit_filled(waiter, now, [&](Question& question) {
    if (&question == &waiter.question) question.clear();
    ask_several(question, commands);
  });
}

template <class Threads>
void BasicChannel<Threads>::prepare(std::span<const Command> commands, Waiter& waiter) {
  waiter.question.clear();
  if (waiter.replies.empty())
    ask_one(waiter.question, commands.front());
  else
    ask_several(waiter.question, commands);
}

template <class Threads>
inline void BasicChannel<Threads>::ask_one(Question& question, const Command& command) {
  question.output.add(command);
  question.expected = command.expected;
  own_bytes(question, {&command, 1});
}

template <class Threads>
void BasicChannel<Threads>::ask_several(Question& question, std::span<const Command> commands) {
  encode_all(question, commands);
  own_bytes(question, commands);
}

template <class Threads>
Submission BasicChannel<Threads>::submit(Waiter& waiter, TimePoint now) {
  return submit_filled(waiter, now, [&](Question& question) {
    if (&question != &waiter.question) std::swap(question, waiter.question);
  });
}

// Nothing of the caller is read later.
template <class Threads>
void BasicChannel<Threads>::own_bytes(Question& question, std::span<const Command> commands) {
  if (question.output.owns_all()) return;
  const Value* const shared = commands.back().shared;
  if (shared != nullptr)
    question.output.own_all(*shared);
  else
    question.output.own_all();
}

template <class Threads>
template <class Fill>
Submission BasicChannel<Threads>::submit_filled(Waiter& waiter, TimePoint now, Fill&& fill) {
  if (fork_mark_.forked()) return Submission::not_open;
  Turn turn(*this, now);
  if (!is_open()) return Submission::not_open;
  RequestSlot* const slot = room_.empty() ? pool_.take() : nullptr;
  if (slot == nullptr && room_.size() >= limits_.most_waiting) return Submission::no_room;
  waiter.patience = waiter.deadline - now;
  if (slot == nullptr) {
    fill(waiter.question);
    wait_for_room(turn, waiter);
  } else {
    or_put_back(turn, slot, [&] { fill(*slot); });
    begin_request(turn, *slot, waiter);
  }
  return Submission::accepted;
}

template <class Threads>
void BasicChannel<Threads>::wait_for_room(Turn& turn, Waiter& waiter) noexcept {
  waiter.state = Waiter::State::waiting;
  room_.push(waiter);
  pool_.begin_waiting();
  // A slot may have come back without the lock.
  if (room_.size() == 1) admit_waiting(turn);
}

template <class Threads>
void BasicChannel<Threads>::admit_waiting(Turn& turn) noexcept {
  RequestSlot* const slot = room_.empty() ? nullptr : pool_.take();
  if (slot == nullptr) return;
  Waiter& waiter = room_.pop();
  pool_.end_waiting();
  std::swap(static_cast<Question&>(*slot), waiter.question);
  begin_request(turn, *slot, waiter);
}

template <class Threads>
inline void BasicChannel<Threads>::begin_request(Turn& turn, RequestSlot& slot, Waiter& waiter) noexcept {
  waiter.state = Waiter::State::under_way;
  waiter.slot = &slot;
  slot.waiter = &waiter;
  slot.caller = RequestSlot::Caller::is_told;
  slot.patience = waiter.patience;
  if (slot.parts.empty()) clear_reply(slot.reply, *waiter.reply);
  std::size_t place = 0;
  for (Reply* const reply : waiter.replies) {
    clear_reply(slot.parts[place++].reply, *reply);
    reply->kind = ReplyKind::none;
  }
  ++waiters_;
  enqueue(&slot);
  if (!leading_) ask_home(turn);
}

// The answers go to the waiter, or the question does, which may be asked again.
template <class Threads>
inline void BasicChannel<Threads>::tell_waiter(Turn& turn, RequestSlot& slot) noexcept {
  Waiter& waiter = *std::exchange(slot.waiter, nullptr);
  --waiters_;
  waiter.slot = nullptr;
  waiter.state = Waiter::State::ended;
  waiter.ending = slot.ending;
  waiter.loss.reset();
  if (!waiter.replies.empty()) give_answers(slot, waiter.replies);
  if (slot.ending != Ending::answered) {
    waiter.loss = slot.loss;
    std::swap(static_cast<Question&>(slot), waiter.question);
  } else if (slot.parts.empty()) {
    move_reply(slot.reply, *waiter.reply);
  }
  turn.notice.add(waiter);
}

// Ends those whose requests have no slot yet.
template <class Threads>
void BasicChannel<Threads>::end_waiting(Turn& turn, const Error& reason) noexcept {
  while (!room_.empty()) {
    Waiter& waiter = room_.pop();
    pool_.end_waiting();
    waiter.state = Waiter::State::ended;
    waiter.ending = Ending::lost_unsent;
    waiter.loss = reason;
    turn.notice.add(waiter);
  }
}

template <class Threads>
bool BasicChannel<Threads>::withdraw(Waiter& waiter) noexcept {
  if (fork_mark_.forked()) {
    waiter.ending = Ending::timed_out_sent;
    return std::exchange(waiter.state, Waiter::State::idle) != Waiter::State::idle;
  }
  Turn turn(*this, {});
  switch (waiter.state) {
    case Waiter::State::waiting:
      room_.unlink(waiter);
      pool_.end_waiting();
      waiter.ending = Ending::timed_out_queued;
      break;
    case Waiter::State::under_way:
      waiter.slot->waiter = nullptr;
      --waiters_;
      waiter.ending = ending_of(leave(turn, std::exchange(waiter.slot, nullptr)));
      break;
    case Waiter::State::idle:
    case Waiter::State::ended:
      return false;
  }
  waiter.state = Waiter::State::idle;
  return true;
}

template <class Threads>
Attended BasicChannel<Threads>::attend(Look look, TimePoint now) noexcept {
  if (fork_mark_.forked()) return {};
  Turn turn(*this, now);
  if (look == Look::wanted)
    asked_ = false;
  else
    unread_ = true;
  if (!is_open() || leading_) return {};
  leading_ = true;
  batches_ = 0;
  auto attended = lead_once(turn, look, now);
  attended.ended = turn.notice.take();
  return attended;
}

template <class Threads>
Attended BasicChannel<Threads>::lead_once(Turn& turn, Look look, TimePoint now) {
  if (begin_lead(turn, now) != CallerExit::none) return {};
  take_batch(nullptr);
  const bool reads = std::exchange(unread_, false);
  const RequestSlot* const oldest = pipeline_->requests().oldest();
  const Waiter* const waiter = oldest != nullptr ? oldest->waiter : nullptr;
  const TimePoint deadline = waiter != nullptr ? waiter->deadline : TimePoint::max();
  RequestQueue answered;
  turn.lock.unlock();
  watched_ = watched_ || home_->watch(*this, pipeline_->descriptor());
  auto result = LookResult::lost;
  if (watched_)
    result = pipeline_->look(reads, deadline, answered);
  else
    pipeline_->lose(unwatched_);
  turn.lock.lock();
  Attended attended;
  attended.wants_to_send = pipeline_->wants_to_send();
  if (result == LookResult::paused) attended.paused_until = pipeline_->pause_end();
  if (!answered.empty()) unanswered_since_ = now;
  end_answered(turn, answered);
  judge_look(turn, result, look, now);
  return attended;
}

// Ends the connection, or passes the lead on.
template <class Threads>
void BasicChannel<Threads>::judge_look(Turn& turn, LookResult result, Look look, TimePoint now) {
  if (clogged() != pipeline_->is_clogged()) clogged_.store(!clogged(), std::memory_order_relaxed);
  const bool stalled = look == Look::overdue && is_stalled_for_all(now);
  if (result != LookResult::lost && stalled) pipeline_->lose(stalled_);
  if (result == LookResult::lost || stalled || closing_) {
    end_connection(turn);
    return;
  }
  const bool unread = unread_ || result == LookResult::incomplete;  // some of it while it was reading
  unread_ = unread || result == LookResult::paused;
  if (pass_to_sleeper(turn.wakes)) return;
  leading_ = false;
  if (unread || !queue_.empty()) ask_home(turn);
}

template <class Threads>
bool BasicChannel<Threads>::is_stalled_for_all(TimePoint now) const noexcept {
  SteadyTime::duration patience{0};
  for_each_of_others(nullptr, [&](const RequestSlot& slot) { patience = std::max(patience, slot.patience); });
  return pipeline_->requests().awaiting() && is_stalled(patience, now);
}

// Never when a caller has to write its own request: whoever finds the lead free could not get past that.
template <class Threads>
bool BasicChannel<Threads>::is_turn_of_home() noexcept {
  if (waiters_ == 0 || batches_ < limits_.most_batches) return false;
  for (const RequestSlot* slot = queue_.front(); slot != nullptr; slot = slot->next)
    if (slot->own_write()) return false;
  batches_ = 0;
  return true;
}

}  // namespace cachesite::redis
