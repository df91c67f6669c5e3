#pragma once

// What channel.hpp declares, for whoever makes channels of another kind of threads.

#include "redis/channel/channel_lead.hpp"

#include <memory>
#include <optional>
#include <span>
#include <utility>

namespace cachesite::redis {

template <class Threads>
BasicChannel<Threads>::BasicChannel(ChannelLimits limits, LossListener on_loss)
    : limits_(limits), on_loss_(std::move(on_loss)) {}

template <class Threads>
BasicChannel<Threads>::~BasicChannel() = default;

template <class Threads>
void BasicChannel<Threads>::open(std::unique_ptr<Transport> transport) {
  auto conversation = std::make_unique<Conversation>(limits_.frame);
  const Lock lock(mutex_);
  transport_ = std::move(transport);
  conversation_ = std::move(conversation);
  loss_.reset();
  closing_.reset();
  last_lead_ = Threads::now();
  open_.store(true, std::memory_order_release);
}

template <class Threads>
void BasicChannel<Threads>::close(const Error& reason) {
  WakeList wakes(parking_lot_);
  Lock lock(mutex_);
  if (!is_open()) return;
  if (leading_) {
    closing_ = reason;
    transport_->shut_down();
  } else {
    end_connection(lock, wakes, reason, false);
  }
}

template <class Threads>
void BasicChannel<Threads>::shut_down() {
  const Lock lock(mutex_);
  if (is_open()) transport_->shut_down();
}

template <class Threads>
Slot* BasicChannel<Threads>::acquire_other(Lock& lock, TimePoint& now, TimePoint deadline) {
  while (!any_free()) {
    if (slots_.size() < limits_.most_requests) {
      slots_.push_back(std::make_unique<Slot>());
      slots_.back()->group = std::uint32_t{1} << (slots_.size() % 32);
      return slots_.back().get();
    }
    room_waiters_.fetch_add(1);
    const auto status = any_free() ? std::cv_status::no_timeout : room_.wait_until(lock, deadline);
    room_waiters_.fetch_sub(1);
    now = Threads::now();
    if (!is_open() || (status == std::cv_status::timeout && !any_free())) return nullptr;
  }
  return std::exchange(free_, free_->next);
}

template <class Threads>
bool BasicChannel<Threads>::any_free() noexcept {
  if (free_ == nullptr) free_ = given_back_.exchange(nullptr);
  return free_ != nullptr;
}

template <class Threads>
void BasicChannel<Threads>::clean(Slot* slot) noexcept {
  constexpr std::size_t most_kept = 4096;
  slot->stage = Slot::Stage::free;
  slot->abandoned = slot->leads = slot->waits = false;
  slot->output.clear(most_kept);
  if (slot->reply.value.size() > most_kept) slot->reply.value.clear();
  if (slot->reply.elements.capacity() != 0) slot->reply.elements = {};
  if (slot->parts.capacity() != 0) slot->parts = {};
  slot->parts_answered = 0;
}

template <class Threads>
void BasicChannel<Threads>::release(Slot* slot) noexcept {
  clean(slot);
  slot->next = free_;
  free_ = slot;
  if (room_waiters_.load(std::memory_order_relaxed) != 0) room_.notify_one();
}

// `release` without the lock.
template <class Threads>
void BasicChannel<Threads>::give_back(Slot* slot) noexcept {
  clean(slot);
  slot->next = given_back_.load(std::memory_order_relaxed);
  while (!given_back_.compare_exchange_weak(slot->next, slot)) {
  }
  // Either this sees who waits for room, or they see the slot.
  if (room_waiters_.load() == 0) return;
  const Lock lock(mutex_);
  room_.notify_one();
}

template <class Threads>
Ending BasicChannel<Threads>::collect(const Lock& lock, Slot* slot, Reply& reply,
                                      std::optional<Error>& loss) noexcept {
  const Ending ending = slot->ending;
  if (ending == Ending::answered) {
    reply.kind = slot->reply.kind;
    reply.integer = slot->reply.integer;
    reply.value = std::move(slot->reply.value);
    if (reply.kind == ReplyKind::array) reply.elements = std::move(slot->reply.elements);
  } else {
    loss = slot->loss;
  }
  if (lock.owns_lock())
    release(slot);
  else
    give_back(slot);
  return ending;
}

template <class Threads>
Ending BasicChannel<Threads>::call(const Command& command, Reply& reply, TimePoint now, TimePoint deadline,
                                   std::optional<Error>& loss) {
  WakeList wakes(parking_lot_);
  Lock lock(mutex_);
  if (!is_open()) return Ending::not_open;
  Slot* const slot = acquire(lock, now, deadline);
  if (slot == nullptr) return is_open() ? Ending::timed_out_queued : Ending::not_open;
  try {
    slot->output.add(command);
  } catch (...) {
    release(slot);
    throw;
  }
  slot->expected = command.expected;
  slot->reply.kind = ReplyKind::none;
  // Memory that the caller's value holds is used again.
  if (reply.value.size() > Value::inline_capacity) slot->reply.value = std::move(reply.value);
  Ending left;
  const bool done = alone(now, deadline) ? see_through_alone(lock, wakes, slot, now, deadline, left)
                                         : see_through(lock, wakes, slot, now, deadline, left);
  return done ? collect(lock, slot, reply, loss) : left;
}

template <class Threads>
Ending BasicChannel<Threads>::call(std::span<const Command> commands, std::span<Reply* const> replies,
                                   TimePoint now, TimePoint deadline, std::optional<Error>& loss) {
  WakeList wakes(parking_lot_);
  Lock lock(mutex_);
  if (!is_open()) return Ending::not_open;
  Slot* const slot = acquire(lock, now, deadline);
  if (slot == nullptr) return is_open() ? Ending::timed_out_queued : Ending::not_open;
  encode(slot, commands);
  for (std::size_t index = 0; index < replies.size(); ++index) {
    // What an earlier attempt has brought counts no more.
    replies[index]->kind = ReplyKind::none;
    if (replies[index]->value.size() > Value::inline_capacity)
      slot->parts[index].reply.value = std::move(replies[index]->value);
  }
  Ending left;
  return see_through(lock, wakes, slot, now, deadline, left) ? collect(lock, slot, replies, loss) : left;
}

template <class Threads>
typename BasicChannel<Threads>::Pending BasicChannel<Threads>::begin(std::span<const Command> commands,
                                                                     TimePoint now) {
  WakeList wakes(parking_lot_);
  Lock lock(mutex_);
  if (!is_open() || (!any_free() && slots_.size() >= limits_.most_requests)) return {};
  Slot* const slot = acquire(lock, now, now);
  encode(slot, commands);
  try {
    // Whoever leads next may write it, and by then its caller may have gone.
    if (slot->own_write()) slot->output.own_all();
  } catch (...) {
    release(slot);
    throw;
  }
  slot->stage = Slot::Stage::queued;
  slot->patience = limits_.patience;
  queue_.push(slot);
  count_load(1);
  Pending pending(*this, slot);
  if (leading_) return pending;
  leading_ = true;
  if (!begin_lead(lock, wakes, slot, now)) return pending;
  take_batch(slot);
  lock.unlock();
  const Pumped sent = send_some();
  lock.lock();
  if (sent == Pumped::lost || closing_) {
    const Error reason = closing_ ? *closing_ : *loss_;
    end_connection(lock, wakes, reason, true);
  } else {
    hand_over(wakes);
  }
  return pending;
}

template <class Threads>
Ending BasicChannel<Threads>::finish(Pending pending, std::span<Reply* const> replies, TimePoint now,
                                     TimePoint deadline, std::optional<Error>& loss) {
  Slot* const slot = std::exchange(pending.slot_, nullptr);
  return pending.channel_->conclude(slot, replies, now, deadline, loss);
}

template <class Threads>
Ending BasicChannel<Threads>::conclude(Slot* slot, std::span<Reply* const> replies, TimePoint now,
                                       TimePoint deadline, std::optional<Error>& loss) {
  WakeList wakes(parking_lot_);
  Lock lock(mutex_);
  Ending left;
  const bool done = slot->stage == Slot::Stage::done || await(lock, wakes, slot, now, deadline, left);
  return done ? collect(lock, slot, replies, loss) : left;
}

template <class Threads>
void BasicChannel<Threads>::give_up(Slot* slot) noexcept {
  const Lock lock(mutex_);
  if (slot->stage == Slot::Stage::in_flight) {
    slot->abandoned = true;
    return;
  }
  if (slot->stage == Slot::Stage::queued)
    withdraw(slot);
  else
    release(slot);
}

// Takes back a request that is still queued.
template <class Threads>
void BasicChannel<Threads>::withdraw(Slot* slot) noexcept {
  queue_.unlink(slot);
  count_load(-1);
  release(slot);
}

template <class Threads>
void BasicChannel<Threads>::encode(Slot* slot, std::span<const Command> commands) {
  try {
    slot->parts.resize(commands.size());
    for (std::size_t index = 0; index < commands.size(); ++index) {
      slot->output.add(commands[index]);
      slot->parts[index].expected = commands[index].expected;
    }
  } catch (...) {
    release(slot);
    throw;
  }
}

template <class Threads>
Ending BasicChannel<Threads>::collect(const Lock& lock, Slot* slot, std::span<Reply* const> replies,
                                      std::optional<Error>& loss) noexcept {
  // What was answered before the connection ended is an answer all the same.
  const std::size_t answered = slot->ending == Ending::answered    ? replies.size()
                               : slot->ending == Ending::lost_sent ? slot->parts_answered
                                                                   : 0;
  for (std::size_t index = 0; index < answered; ++index)
    *replies[index] = std::move(slot->parts[index].reply);
  Reply unused;
  return collect(lock, slot, unused, loss);
}

// True when nobody else is there, nothing has to be looked at first, and the whole patience of the connection
// fits before the deadline.
template <class Threads>
bool BasicChannel<Threads>::alone(TimePoint now, TimePoint deadline) const noexcept {
  return !leading_ && queue_.empty() && !conversation_->awaiting() && now - last_lead_ <= rest_before_check &&
         deadline - now >= limits_.patience;
}

// `see_through` without the queue, which the usual call does not need.
template <class Threads>
bool BasicChannel<Threads>::see_through_alone(Lock& lock, WakeList& wakes, Slot* slot, TimePoint now,
                                              TimePoint deadline, Ending& left) {
  leading_ = true;
  last_lead_ = unanswered_since_ = now;
  slot->stage = Slot::Stage::in_flight;
  conversation_->admit(slot);
  load_.store(1, std::memory_order_relaxed);
  lock.unlock();
  bool may_block = true;
  const Pumped pumped = pump(deadline, may_block);
  lock.lock();
  if (pumped == Pumped::progress && !closing_ && !clogged() && conversation_->take_only_answer(slot)) {
    if (queue_.empty()) {
      leading_ = false;
      load_.store(0, std::memory_order_relaxed);
    } else {
      count_load(-1);
      hand_over(wakes);
    }
    return true;
  }
  left = Ending::timed_out_sent;
  if (const auto over = review(lock, wakes, slot, pumped, left)) return *over;
  return lead_on(lock, wakes, slot, deadline, false, left);
}

// True when the request is done: the caller collects its answer, with or without the lock. False when the
// caller gave up and the request goes on alone.
template <class Threads>
bool BasicChannel<Threads>::see_through(Lock& lock, WakeList& wakes, Slot* slot, TimePoint now,
                                        TimePoint deadline, Ending& left) {
  slot->stage = Slot::Stage::queued;
  queue_.push(slot);
  count_load(1);
  return await(lock, wakes, slot, now, deadline, left);
}

// Lets others have their turn a few times. Often there is a signal after that, which saves a sleep and
// somebody the waking. Where a turn of others is long, since they compute, a thread that sleeps gets its
// processor back sooner than one that yields.
template <class Threads>
Slot::Signal BasicChannel<Threads>::yield(const Slot* slot, TimePoint deadline) noexcept {
  const int credit = yield_credit_.load(std::memory_order_relaxed);
  if (credit < most_yield_credit) yield_credit_.store(credit + 1, std::memory_order_relaxed);
  if (credit < 0) return Slot::Signal::none;
  auto now = Threads::now();
  for (int turn = 0; turn < most_yields; ++turn) {
    Threads::yield();
    const auto before = std::exchange(now, Threads::now());
    const bool long_turn = now - before > longest_turn;
    if (long_turn) yield_credit_.fetch_sub(price_of_long_turn, std::memory_order_relaxed);
    const auto signal = slot->signal.load(std::memory_order_acquire);
    if (signal != Slot::Signal::none || long_turn || now >= deadline) return signal;
  }
  return Slot::Signal::none;
}

// Returns `none` at the deadline.
template <class Threads>
Slot::Signal BasicChannel<Threads>::sleep(const Slot* slot, TimePoint deadline) noexcept {
  if (const auto signal = yield(slot, deadline); signal != Slot::Signal::none) return signal;
  for (;;) {
    const auto moment = parking_lot_.moment();
    const auto signal = slot->signal.load(std::memory_order_acquire);
    if (signal != Slot::Signal::none || Threads::now() >= deadline) return signal;
    parking_lot_.sleep(moment, slot->group, deadline);
  }
}

// The same for a request that is on its way.
template <class Threads>
bool BasicChannel<Threads>::await(Lock& lock, WakeList& wakes, Slot* slot, TimePoint now, TimePoint deadline,
                                  Ending& left) {
  if (leading_) {
    slot->patience = deadline - now;
    slot->signal.store(Slot::Signal::none, std::memory_order_relaxed);
    slot->waits = true;
    lock.unlock();
    if (sleep(slot, deadline) == Slot::Signal::done) return true;
    lock.lock();
    slot->waits = false;
    if (slot->stage == Slot::Stage::done) return true;
    if (!slot->leads) {
      left = Ending::timed_out_sent;
      if (slot->stage == Slot::Stage::queued) {
        left = Ending::timed_out_queued;
        withdraw(slot);
      } else {
        slot->abandoned = true;
      }
      return false;
    }
    now = Threads::now();
  } else {
    leading_ = true;
  }
  return lead(lock, wakes, slot, now, deadline, left);
}

}  // namespace cachesite::redis
