#pragma once

// What channel.hpp declares, for whoever makes channels of another kind of threads. Here is what callers do.

#include "redis/channel/channel_lead.hpp"
#include "redis/channel/channel_waiters.hpp"

#include <algorithm>
#include <memory>
#include <optional>
#include <span>
#include <utility>

namespace cachesite::redis {

template <class Threads>
BasicChannel<Threads>::BasicChannel(ChannelLimits limits, LossListener on_loss)
    : limits_(limits), on_loss_(std::move(on_loss)), pool_(limits.most_requests) {}

template <class Threads>
BasicChannel<Threads>::~BasicChannel() = default;

template <class Threads>
void BasicChannel<Threads>::open(std::unique_ptr<Transport> transport) {
  auto pipeline = std::make_unique<Pipeline>(std::move(transport), limits_.frame, clogged_);
  const Lock lock(mutex_);
  pipeline_ = std::move(pipeline);
  closing_.reset();
  last_lead_ = Threads::now();
  watched_ = unread_ = false;
  open_.store(true, std::memory_order_release);
}

template <class Threads>
void BasicChannel<Threads>::close(const Error& reason) {
  Turn turn(*this, {});
  if (!is_open()) return;
  closing_ = reason;
  if (leading_)
    pipeline_->shut_down();  // its leader notices
  else
    end_connection(turn);
}

template <class Threads>
void BasicChannel<Threads>::shut_down() {
  const Lock lock(mutex_);
  if (is_open()) pipeline_->shut_down();
}

template <class Threads>
Ending BasicChannel<Threads>::call(const Command& command, Reply& reply, TimePoint now, TimePoint deadline,
                                   std::optional<Error>& loss) {
  Turn turn(*this, deadline);
  if (const auto ending = take_slot(turn, now)) return *ending;
  RequestSlot& slot = *turn.own;
  or_put_back(turn, &slot, [&] { slot.output.add(command); });
  slot.expected = command.expected;
  clear_reply(slot.reply, reply);
  const CallerExit exit = carry(turn, now);
  return exit == CallerExit::done ? take_answer(turn, reply, loss) : ending_of(exit);
}

template <class Threads>
Ending BasicChannel<Threads>::call_all(std::span<const Command> commands, std::span<Reply* const> replies,
                                       TimePoint now, TimePoint deadline, std::optional<Error>& loss) {
  Turn turn(*this, deadline);
  if (const auto ending = take_slot(turn, now)) return *ending;
  or_put_back(turn, turn.own, [&] { encode_all(*turn.own, commands); });
  std::size_t place = 0;
  for (Reply* const reply : replies) {
    clear_reply(turn.own->parts[place++].reply, *reply);
    reply->kind = ReplyKind::none;  // what an earlier attempt has brought counts no more
  }
  const CallerExit exit = carry(turn, now);
  return exit == CallerExit::done ? take_answers(turn, replies, loss) : ending_of(exit);
}

template <class Threads>
typename BasicChannel<Threads>::Pending BasicChannel<Threads>::send(std::span<const Command> commands,
                                                                    TimePoint now) {
  Turn turn(*this, now);
  if (!is_open()) return {};
  turn.own = pool_.take();
  if (turn.own == nullptr) return {};
  or_put_back(turn, turn.own, [&] {
    encode_all(*turn.own, commands);
    // Whoever leads next may write it, and by then its caller may have gone.
    if (turn.own->own_write()) turn.own->output.own_all();
  });
  turn.own->patience = limits_.patience;
  enqueue(turn.own);
  Pending pending(*this, turn.own);
  if (std::exchange(leading_, true)) return pending;
  if (begin_lead(turn, now) != CallerExit::none) return pending;
  take_batch(turn.own);
  turn.lock.unlock();
  const TransferResult sent = pipeline_->send_some();
  turn.lock.lock();
  if (sent == TransferResult::lost || closing_)
    end_connection(turn);
  else
    pass_lead(turn);
  return pending;
}

template <class Threads>
Ending BasicChannel<Threads>::collect(Pending pending, std::span<Reply* const> replies, TimePoint now,
                                      TimePoint deadline, std::optional<Error>& loss) {
  BasicChannel& channel = *pending.channel_;
  Turn turn(channel, deadline);
  turn.own = std::exchange(pending.slot_, nullptr);
  const CallerExit exit =
      turn.own->stage == RequestSlot::Stage::done ? CallerExit::done : channel.wait_or_lead(turn, now);
  return exit == CallerExit::done ? channel.take_answers(turn, replies, loss) : ending_of(exit);
}

template <class Threads>
std::optional<Ending> BasicChannel<Threads>::wait_for_slot(Turn& turn, TimePoint& now) {
  while (turn.own == nullptr) {
    const bool in_time = pool_.wait(turn.lock, turn.deadline);
    now = Threads::now();
    if (!is_open()) return Ending::not_open;
    if (!in_time) return Ending::timed_out_queued;
    turn.own = pool_.take();
  }
  return std::nullopt;
}

template <class Threads>
template <class Work>
void BasicChannel<Threads>::or_put_back(Turn& turn, RequestSlot* slot, Work&& work) {
  try {
    work();
  } catch (...) {
    give_back(turn, slot);
    throw;
  }
}

template <class Threads>
void BasicChannel<Threads>::encode_all(Question& question, std::span<const Command> commands) {
  question.parts.make(commands.size());
  for (std::size_t place = 0; place < commands.size(); ++place) {
    question.output.add(commands[place]);
    question.parts[place].expected = commands[place].expected;
  }
}

// Memory that the value of `reply` holds is used again.
template <class Threads>
void BasicChannel<Threads>::clear_reply(Reply& place, Reply& reply) noexcept {
  place.kind = ReplyKind::none;
  if (reply.value.size() > Value::inline_capacity) place.value = std::move(reply.value);
}

template <class Threads>
void BasicChannel<Threads>::enqueue(RequestSlot* slot) noexcept {
  slot->stage = RequestSlot::Stage::queued;
  queue_.push(slot);
  count_load(1);
}

// From the encoded request to its end.
template <class Threads>
inline CallerExit BasicChannel<Threads>::carry(Turn& turn, TimePoint now) {
  if (is_alone(turn, now)) return call_alone(turn, now);
  enqueue(turn.own);
  return wait_or_lead(turn, now);
}

// True when nobody else is there, nothing has to be looked at first, and the whole patience of the connection
// fits before the deadline.
template <class Threads>
bool BasicChannel<Threads>::is_alone(const Turn& turn, TimePoint now) const noexcept {
  return !leading_ && queue_.empty() && !pipeline_->requests().awaiting() &&
         now - last_lead_ <= rest_before_check && turn.deadline - now >= limits_.patience;
}

// Leads without the queue, which the usual call does not need.
template <class Threads>
CallerExit BasicChannel<Threads>::call_alone(Turn& turn, TimePoint now) {
  leading_ = true;
  last_lead_ = unanswered_since_ = now;
  turn.own->stage = RequestSlot::Stage::in_flight;
  pipeline_->requests().admit(turn.own);
  load_.store(1, std::memory_order_relaxed);
  turn.lock.unlock();
  const TransferResult transfer = pipeline_->transfer(turn.deadline, Transport::Patience::short_wait);
  turn.lock.lock();
  if (transfer == TransferResult::progress && !closing_ && !clogged() &&
      pipeline_->requests().take_only_answer(turn.own)) {
    count_load(-1);
    if (queue_.empty())
      leading_ = false;
    else
      pass_lead(turn);
    return CallerExit::done;
  }
  const CallerExit exit = judge(turn, transfer);
  return exit == CallerExit::none ? lead(turn) : exit;
}

// For a request that is on its way.
template <class Threads>
CallerExit BasicChannel<Threads>::wait_or_lead(Turn& turn, TimePoint now) {
  RequestSlot& own = *turn.own;
  if (leading_) {
    own.patience = turn.deadline - now;
    own.signal.store(RequestSlot::Signal::none, std::memory_order_relaxed);
    own.caller = RequestSlot::Caller::waits;
    if (const CallerExit exit = wait_for_signal(turn, now); exit != CallerExit::none) return exit;
  } else {
    leading_ = true;
    // Only when the whole patience of the connection fits before this deadline.
    if (turn.deadline - now >= limits_.patience) turn.patience = Transport::Patience::short_wait;
  }
  const CallerExit exit = begin_lead(turn, now);
  return exit == CallerExit::none ? lead(turn) : exit;
}

// `none` when it is to lead; `now` is new then.
template <class Threads>
CallerExit BasicChannel<Threads>::wait_for_signal(Turn& turn, TimePoint& now) {
  RequestSlot& own = *turn.own;
  for (;;) {
    const auto until = home_ == nullptr ? turn.deadline : std::min(turn.deadline, now + longest_handover);
    turn.lock.unlock();
    if (sleepers_.wait(own, until) == RequestSlot::Signal::done) return CallerExit::done;
    turn.lock.lock();
    if (own.stage == RequestSlot::Stage::done) return CallerExit::done;
    now = Threads::now();
    const bool leads = own.caller == RequestSlot::Caller::leads || !leading_;
    if (!leads && now < turn.deadline) continue;
    own.caller = RequestSlot::Caller::elsewhere;
    if (!leads) return leave(turn, &own);
    leading_ = true;
    return CallerExit::none;
  }
}

// The caller goes without an answer. The slot is not its own after that.
template <class Threads>
CallerExit BasicChannel<Threads>::leave(Turn& turn, RequestSlot* slot) noexcept {
  if (slot->stage != RequestSlot::Stage::queued) {
    slot->caller = RequestSlot::Caller::left;
    return CallerExit::abandoned;
  }
  queue_.unlink(slot);
  count_load(-1);
  give_back(turn, slot);
  return CallerExit::withdrawn;
}

template <class Threads>
void BasicChannel<Threads>::abandon(RequestSlot* slot) noexcept {
  Turn turn(*this, {});
  if (slot->stage == RequestSlot::Stage::done)
    give_back(turn, slot);
  else
    leave(turn, slot);
}

template <class Threads>
Ending BasicChannel<Threads>::take_answer(Turn& turn, Reply& reply, std::optional<Error>& loss) noexcept {
  if (turn.own->ending == Ending::answered) move_reply(turn.own->reply, reply);
  return finish(turn, loss);
}

template <class Threads>
inline Ending BasicChannel<Threads>::finish(Turn& turn, std::optional<Error>& loss) noexcept {
  RequestSlot* const slot = turn.own;
  const Ending ending = slot->ending;
  if (ending != Ending::answered) loss = slot->loss;
  if (turn.lock.owns_lock()) {
    give_back(turn, slot);
  } else if (pool_.put_back_unlocked(slot)) {
    turn.lock.lock();
    use_room(turn);
  }
  return ending;
}

template <class Threads>
inline void BasicChannel<Threads>::move_reply(Reply& from, Reply& to) noexcept {
  to.kind = from.kind;
  to.integer = from.integer;
  to.value = std::move(from.value);
  if (to.kind == ReplyKind::array) to.elements = std::move(from.elements);
}

template <class Threads>
Ending BasicChannel<Threads>::take_answers(Turn& turn, std::span<Reply* const> replies,
                                           std::optional<Error>& loss) noexcept {
  give_answers(*turn.own, replies);
  return finish(turn, loss);
}

template <class Threads>
void BasicChannel<Threads>::give_answers(RequestSlot& slot, std::span<Reply* const> replies) noexcept {
  // What was answered before the connection ended is an answer all the same.
  const std::size_t answered = slot.ending == Ending::answered    ? replies.size()
                               : slot.ending == Ending::lost_sent ? slot.parts_answered
                                                                  : 0;
  for (std::size_t place = 0; place < answered; ++place)
    move_reply(slot.parts[place].reply, *replies[place]);
}

// A slot is free: of those who wait for one, threads and waiters take turns.
template <class Threads>
void BasicChannel<Threads>::use_room(Turn& turn) noexcept {
  const bool threads_wait = pool_.waiting() > room_.size();
  threads_first_ = threads_wait && (room_.empty() || !threads_first_);
  if (threads_first_)
    pool_.wake_one();
  else
    admit_waiting(turn);
}

}  // namespace cachesite::redis
