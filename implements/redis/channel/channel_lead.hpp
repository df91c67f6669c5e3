#pragma once

// What the leader of a channel does. See the list of its duties in channel.hpp.

#include "redis/channel/channel.hpp"

#include <algorithm>
#include <cstddef>
#include <utility>

namespace cachesite::redis {

// `done` when the connection turns out to have ended while nobody used it.
template <class Threads>
CallerExit BasicChannel<Threads>::begin_lead(Turn& turn, TimePoint now) {
  const bool rested = now - last_lead_ > rest_before_check;
  last_lead_ = now;
  if (pipeline_->requests().awaiting()) return CallerExit::none;
  unanswered_since_ = now;
  if (!rested || pipeline_->is_quiet()) return CallerExit::none;
  take_batch(turn.own);
  return end_connection(turn);
}

template <class Threads>
CallerExit BasicChannel<Threads>::lead(Turn& turn) {
  for (bool keeps_company = false;;) {
    if (turn.own->stage != RequestSlot::Stage::done)
      take_batch(turn.own);
    else if (!std::exchange(keeps_company, true))
      turn.deadline = std::min(turn.deadline, Threads::now() + company);
    ++batches_;
    turn.lock.unlock();
    turn.wakes.wake();
    turn.notice.tell();
    const auto patience = std::exchange(turn.patience, Transport::Patience::none);
    const TransferResult transfer = pipeline_->transfer(turn.deadline, patience);
    turn.lock.lock();
    if (const CallerExit exit = judge(turn, transfer); exit != CallerExit::none) return exit;
  }
}

template <class Threads>
void BasicChannel<Threads>::take_batch(const RequestSlot* own) noexcept {
  std::size_t size = 0;
  while (RequestSlot* const slot = queue_.front()) {
    if (slot->own_write() && slot != own) break;
    if (size != 0 && size + slot->output.size() > limits_.largest_batch) break;
    size += slot->output.size();
    queue_.pop();
    slot->stage = RequestSlot::Stage::in_flight;
    pipeline_->requests().admit(slot);
  }
}

template <class Threads>
CallerExit BasicChannel<Threads>::judge(Turn& turn, TransferResult transfer) {
  auto& requests = pipeline_->requests();
  const bool progress = !requests.finished().empty();
  if (clogged()) clogged_.store(false, std::memory_order_relaxed);
  end_answered(turn, requests.finished());
  if (transfer == TransferResult::lost || closing_) return end_connection(turn);
  if (requests.awaiting() && progress) unanswered_since_ = Threads::now();
  if (turn.own->stage == RequestSlot::Stage::done &&
      (transfer == TransferResult::timed_out || !requests.awaiting() || only_waiters_wait())) {
    pass_lead(turn);
    return CallerExit::done;
  }
  return transfer == TransferResult::timed_out ? judge_deadline(turn) : CallerExit::none;
}

// The leader's deadline has passed, and its request has not ended.
template <class Threads>
CallerExit BasicChannel<Threads>::judge_deadline(Turn& turn) {
  bool wanted = false;  // by somebody who does not wait yet, but will come for an answer
  SteadyTime::duration patience{0};
  for_each_of_others(turn.own, [&](const RequestSlot& slot) {
    wanted = true;
    patience = std::max(patience, slot.patience);
  });
  // Who has less patience than others does not end their calls.
  const bool stalled = is_stalled(patience, Threads::now());
  // The caller's own bytes, half of them written, cannot be left to others.
  const bool entangled = turn.own->own_write() && pipeline_->requests().has_output();
  if (!stalled && !entangled && (pass_lead(turn) || wanted)) return leave(turn, turn.own);
  pipeline_->lose(stalled_);
  return end_connection(turn);
}

template <class Threads>
bool BasicChannel<Threads>::is_stalled(SteadyTime::duration patience, TimePoint now) const noexcept {
  const auto silence = now - unanswered_since_;
  return silence >= limits_.stall && silence >= patience;
}

template <class Threads>
void BasicChannel<Threads>::end_request(RequestSlot* slot, Turn& turn) noexcept {
  slot->stage = RequestSlot::Stage::done;
  count_load(-1);
  switch (slot->caller) {
    case RequestSlot::Caller::is_told:
      tell_waiter(turn, *slot);
      [[fallthrough]];
    case RequestSlot::Caller::left:
      give_back(turn, slot);
      break;
    case RequestSlot::Caller::waits:
      turn.wakes.add(*slot);
      slot->signal.store(RequestSlot::Signal::done, std::memory_order_release);
      break;
    case RequestSlot::Caller::elsewhere:
    case RequestSlot::Caller::leads:
      break;
  }
}

template <class Threads>
void BasicChannel<Threads>::end_answered(Turn& turn, RequestQueue& answered) noexcept {
  while (!answered.empty())
    end_request(answered.pop(), turn);
}

template <class Threads>
template <class Visit>
void BasicChannel<Threads>::for_each_of_others(const RequestSlot* own, Visit&& visit) const noexcept {
  for (RequestSlot* const first : {pipeline_->requests().oldest(), queue_.front()})
    for (RequestSlot* slot = first; slot != nullptr; slot = slot->next)
      if (slot != own && slot->caller != RequestSlot::Caller::left) visit(*slot);
}

// Makes somebody else the leader. False when nobody waits; then the lead is free.
template <class Threads>
bool BasicChannel<Threads>::pass_lead(Turn& turn) noexcept {
  if (!is_turn_of_home() && pass_to_sleeper(turn.wakes)) return true;
  leading_ = false;
  if (waiters_ == 0) return false;
  unread_ = true;
  ask_home(turn);
  return true;
}

template <class Threads>
bool BasicChannel<Threads>::pass_to_sleeper(WakeList& wakes) noexcept {
  for (RequestSlot* const first : {pipeline_->requests().oldest(), queue_.front()}) {
    for (RequestSlot* slot = first; slot != nullptr; slot = slot->next) {
      if (slot->caller != RequestSlot::Caller::waits) continue;
      slot->caller = RequestSlot::Caller::leads;
      slot->signal.store(RequestSlot::Signal::leads, std::memory_order_release);
      wakes.add_leader(*slot);
      return true;
    }
  }
  return false;
}

// Ends the connection and everybody's requests, because of `closing_` or of the loss of the pipeline.
template <class Threads>
CallerExit BasicChannel<Threads>::end_connection(Turn& turn) {
  const bool asked_for = closing_.has_value();
  const Error reason = asked_for ? *closing_ : pipeline_->loss();
  pipeline_->requests().lose(reason);
  end_answered(turn, pipeline_->requests().finished());
  while (!queue_.empty()) {
    RequestSlot* const slot = queue_.pop();
    slot->ending = Ending::lost_unsent;
    slot->loss = reason;
    end_request(slot, turn);
  }
  end_waiting(turn, reason);
  closing_.reset();
  clogged_.store(false, std::memory_order_relaxed);
  open_.store(false, std::memory_order_release);
  leading_ = false;
  pipeline_.reset();
  pool_.wake_all();
  if (asked_for) return CallerExit::done;
  turn.lock.unlock();
  turn.wakes.wake();
  on_loss_(reason);
  turn.lock.lock();
  return CallerExit::done;
}

}  // namespace cachesite::redis
