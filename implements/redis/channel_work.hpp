#pragma once

// What channel.hpp declares, for whoever makes channels of another kind of threads.

#include "redis/channel.hpp"

#include <array>
#include <string>

namespace cachesite::redis {

// A connection that rested for so long is looked at before it is used: it may have ended, or something may
// have come that nobody asked for.
inline constexpr auto rest_before_check = std::chrono::milliseconds(1);

inline constexpr std::size_t most_pieces = 64;

// So many bytes still to come make others look for another channel.
inline constexpr std::size_t clogging_from = std::size_t{32} * 1024;

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
  last_lead_ = {};
  open_.store(true, std::memory_order_release);
}

template <class Threads>
void BasicChannel<Threads>::close(const Error& reason) {
  WakeList wakes;
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
Slot* BasicChannel<Threads>::acquire(Lock& lock, TimePoint& now, TimePoint deadline) {
  while (free_.empty()) {
    if (slots_.size() < limits_.most_requests) {
      slots_.push_back(std::make_unique<Caller>());
      return slots_.back().get();
    }
    ++room_waiters_;
    const auto status = room_.wait_until(lock, deadline);
    --room_waiters_;
    now = Threads::now();
    if (!is_open() || (status == std::cv_status::timeout && free_.empty())) return nullptr;
  }
  return free_.pop();
}

template <class Threads>
void BasicChannel<Threads>::release(Slot* slot) noexcept {
  constexpr std::size_t most_kept = 4096;
  slot->stage = Slot::Stage::free;
  slot->abandoned = slot->leads = slot->waits = slot->own_write = false;
  slot->bytes.clear();
  if (slot->bytes.capacity() > most_kept) slot->bytes.release();
  slot->insertions.clear();
  if (slot->reply.value.size() > most_kept) slot->reply.value.clear();
  if (slot->reply.elements.capacity() != 0) slot->reply.elements = {};
  if (slot->parts.capacity() != 0) slot->parts = {};
  slot->parts_answered = 0;
  free_.push(slot);
  if (room_waiters_ != 0) room_.notify_one();
}

template <class Threads>
Ending BasicChannel<Threads>::collect(Slot* slot, Reply& reply, std::optional<Error>& loss) noexcept {
  const Ending ending = slot->ending;
  if (ending == Ending::answered) {
    reply.kind = slot->reply.kind;
    reply.integer = slot->reply.integer;
    reply.value = std::move(slot->reply.value);
    if (reply.kind == ReplyKind::array) reply.elements = std::move(slot->reply.elements);
  } else {
    loss = slot->loss;
  }
  release(slot);
  return ending;
}

template <class Threads>
Ending BasicChannel<Threads>::call(const Command& command, Reply& reply, TimePoint now, TimePoint deadline,
                                   std::optional<Error>& loss) {
  WakeList wakes;
  Lock lock(mutex_);
  if (!is_open()) return Ending::not_open;
  Slot* const slot = acquire(lock, now, deadline);
  if (slot == nullptr) return is_open() ? Ending::timed_out_queued : Ending::not_open;
  try {
    encode_command(command, slot->bytes, slot->insertions);
  } catch (...) {
    release(slot);
    throw;
  }
  slot->expected = command.expected;
  slot->reply.kind = ReplyKind::none;
  // Memory that the caller's value holds is used again.
  if (reply.value.size() > Value::inline_capacity) slot->reply.value = std::move(reply.value);
  Ending left;
  measure(slot);
  const bool done = alone(now, deadline) ? see_through_alone(lock, wakes, slot, now, deadline, left)
                                         : see_through(lock, wakes, slot, now, deadline, left);
  return done ? collect(slot, reply, loss) : left;
}

template <class Threads>
Ending BasicChannel<Threads>::call(std::span<const Command> commands, std::span<Reply* const> replies,
                                   TimePoint now, TimePoint deadline, std::optional<Error>& loss) {
  WakeList wakes;
  Lock lock(mutex_);
  if (!is_open()) return Ending::not_open;
  Slot* const slot = acquire(lock, now, deadline);
  if (slot == nullptr) return is_open() ? Ending::timed_out_queued : Ending::not_open;
  encode(slot, commands);
  for (std::size_t index = 0; index < replies.size(); ++index)
    if (replies[index]->value.size() > Value::inline_capacity)
      slot->parts[index].reply.value = std::move(replies[index]->value);
  Ending left;
  return see_through(lock, wakes, slot, now, deadline, left) ? collect(slot, replies, loss) : left;
}

template <class Threads>
typename BasicChannel<Threads>::Pending BasicChannel<Threads>::begin(std::span<const Command> commands,
                                                                     TimePoint now) {
  WakeList wakes;
  Lock lock(mutex_);
  if (!is_open() || (free_.empty() && slots_.size() >= limits_.most_requests)) return {};
  Slot* const slot = acquire(lock, now, now);
  encode(slot, commands);
  // Whoever leads next may write it, and by then its caller may have gone.
  if (slot->own_write) slot->take_insertions();
  slot->stage = Slot::Stage::queued;
  queue_.push(slot);
  Pending pending(*this, slot);
  if (leading_) return pending;
  take_lead();
  if (!begin_lead(lock, wakes, slot, now)) return pending;
  take_batch(slot);
  lock.unlock();
  const Pumped sent = send_some();
  lock.lock();
  if (sent == Pumped::lost || closing_)
    end_connection(lock, wakes, closing_ ? *closing_ : *loss_, true);
  else
    hand_over(wakes);
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
  WakeList wakes;
  Lock lock(mutex_);
  Ending left;
  const bool done = slot->stage == Slot::Stage::done || await(lock, wakes, slot, now, deadline, left);
  return done ? collect(slot, replies, loss) : left;
}

template <class Threads>
void BasicChannel<Threads>::give_up(Slot* slot) noexcept {
  const Lock lock(mutex_);
  if (slot->stage == Slot::Stage::in_flight) {
    slot->abandoned = true;
    return;
  }
  if (slot->stage == Slot::Stage::queued) queue_.unlink(slot);
  release(slot);
}

template <class Threads>
void BasicChannel<Threads>::encode(Slot* slot, std::span<const Command> commands) {
  try {
    slot->parts.resize(commands.size());
    for (std::size_t index = 0; index < commands.size(); ++index) {
      encode_command(commands[index], slot->bytes, slot->insertions);
      slot->parts[index].expected = commands[index].expected;
    }
  } catch (...) {
    release(slot);
    throw;
  }
  measure(slot);
}

template <class Threads>
Ending BasicChannel<Threads>::collect(Slot* slot, std::span<Reply* const> replies,
                                      std::optional<Error>& loss) noexcept {
  if (slot->ending == Ending::answered)
    for (std::size_t index = 0; index < replies.size(); ++index)
      *replies[index] = std::move(slot->parts[index].reply);
  Reply unused;
  return collect(slot, unused, loss);
}

template <class Threads>
void BasicChannel<Threads>::measure(Slot* slot) noexcept {
  slot->wire_size = slot->bytes.size();
  for (const auto& insertion : slot->insertions)
    slot->wire_size += insertion.bytes.size();
  slot->own_write = !slot->insertions.empty();
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
  take_lead();
  last_lead_ = unanswered_since_ = now;
  slot->stage = Slot::Stage::in_flight;
  conversation_->admit(slot);
  lock.unlock();
  bool may_block = true;
  const Pumped pumped = pump(deadline, may_block);
  lock.lock();
  if (pumped == Pumped::progress && !closing_ && !clogged() && conversation_->take_only_answer(slot)) {
    if (queue_.empty()) {
      leave_lead();
      crowded_ = false;
    } else {
      hand_over(wakes);
    }
    return true;
  }
  left = Ending::timed_out_sent;
  if (const auto over = review(lock, wakes, slot, pumped, left)) return *over;
  return lead_on(lock, wakes, slot, deadline, false, left);
}

// True when the request is done; the caller collects it. False when it went on without its caller.
template <class Threads>
bool BasicChannel<Threads>::see_through(Lock& lock, WakeList& wakes, Slot* slot, TimePoint now,
                                        TimePoint deadline, Ending& left) {
  slot->stage = Slot::Stage::queued;
  queue_.push(slot);
  return await(lock, wakes, slot, now, deadline, left);
}

// The same for a request that is on its way.
template <class Threads>
bool BasicChannel<Threads>::await(Lock& lock, WakeList& wakes, Slot* slot, TimePoint now, TimePoint deadline,
                                  Ending& left) {
  if (leading_) {
    use_.store(Use::many, std::memory_order_relaxed);
    slot->waits = true;
    while (slot->stage != Slot::Stage::done && !slot->leads) {
      if (wake_of(slot).wait_until(lock, deadline) != std::cv_status::timeout) continue;
      if (slot->stage == Slot::Stage::done || slot->leads) break;
      if (slot->stage == Slot::Stage::queued) {
        queue_.unlink(slot);
        release(slot);
        left = Ending::timed_out_queued;
        return false;
      }
      slot->abandoned = true;
      left = Ending::timed_out_sent;
      return false;
    }
    slot->waits = false;
    if (slot->stage == Slot::Stage::done) return true;
    now = Threads::now();
  } else {
    take_lead();
  }
  return lead(lock, wakes, slot, now, deadline, left);
}

template <class Threads>
void BasicChannel<Threads>::take_batch(const Slot* own) noexcept {
  std::size_t size = 0;
  crowded_ = !queue_.empty() && queue_.front()->next != nullptr;
  while (Slot* const slot = queue_.front()) {
    if (slot->own_write && slot != own) break;
    if (size != 0 && size + slot->wire_size > limits_.largest_batch) break;
    size += slot->wire_size;
    queue_.pop();
    slot->stage = Slot::Stage::in_flight;
    conversation_->admit(slot);
  }
}

template <class Threads>
bool BasicChannel<Threads>::idle_check() {
  bool nothing = false;
  receive_some(Transport::Patience::none, nothing);
  return nothing;
}

// False when the connection turns out to have ended while nobody used it.
template <class Threads>
bool BasicChannel<Threads>::begin_lead(Lock& lock, WakeList& wakes, Slot* own, TimePoint now) {
  const bool rested = now - last_lead_ > rest_before_check && last_lead_ != TimePoint{};
  last_lead_ = now;
  if (conversation_->awaiting()) return true;
  unanswered_since_ = now;
  if (!rested || idle_check()) return true;
  take_batch(own);
  const Error reason = closing_ ? *closing_ : *loss_;
  end_connection(lock, wakes, reason, true);
  return false;
}

// Works until its own request has ended and nothing is unanswered. False when the deadline passed first and
// somebody else goes on; the slot is abandoned then.
template <class Threads>
bool BasicChannel<Threads>::lead(Lock& lock, WakeList& wakes, Slot* own, TimePoint now, TimePoint deadline,
                                 Ending& left) {
  // Only when the whole patience of the connection fits before this deadline.
  const bool may_block = !own->leads && deadline - now >= limits_.patience;
  own->leads = false;
  return !begin_lead(lock, wakes, own, now) || lead_on(lock, wakes, own, deadline, may_block, left);
}

template <class Threads>
bool BasicChannel<Threads>::lead_on(Lock& lock, WakeList& wakes, Slot* own, TimePoint deadline,
                                    bool may_block, Ending& left) {
  for (;;) {
    if (own->stage != Slot::Stage::done) take_batch(own);
    lock.unlock();
    wakes.wake();
    const Pumped pumped = pump(deadline, may_block);
    lock.lock();
    if (const auto over = review(lock, wakes, own, pumped, left)) return *over;
  }
}

// What a step has led to. Nothing when the leader has to go on; else what `lead` returns.
template <class Threads>
std::optional<bool> BasicChannel<Threads>::review(Lock& lock, WakeList& wakes, Slot* own, Pumped pumped,
                                                  Ending& left) {
  const bool progress = !conversation_->finished().empty();
  if (clogged()) clogged_.store(false, std::memory_order_relaxed);
  settle(wakes);
  if (pumped == Pumped::lost || closing_) {
    const Error reason = closing_ ? *closing_ : *loss_;
    end_connection(lock, wakes, reason, true);
    return true;
  }
  if (conversation_->awaiting() && progress) unanswered_since_ = Threads::now();
  if (pumped == Pumped::timed_out) {
    const bool stalled = Threads::now() - unanswered_since_ >= limits_.stall;
    // The caller's own bytes, half of them written, cannot be left to others.
    const bool entangled = own->own_write && conversation_->has_output();
    if (!stalled && !entangled && (hand_over(wakes) || wanted_by_others(own))) {
      if (own->stage == Slot::Stage::done) return true;
      left = Ending::timed_out_sent;
      if (own->stage == Slot::Stage::queued) {
        left = Ending::timed_out_queued;
        queue_.unlink(own);
        release(own);
      } else {
        own->abandoned = true;
      }
      return false;
    }
    end_connection(lock, wakes, Error(ErrorCode::timeout, "no answer in time", Outcome::unknown), true);
    return true;
  }
  if (own->stage == Slot::Stage::done && !conversation_->awaiting()) {
    hand_over(wakes);
    return true;
  }
  return std::nullopt;
}

// One step of writing and reading, without the lock. Returns when a request has ended, when the deadline has
// passed, or when the connection is lost.
template <class Threads>
typename BasicChannel<Threads>::Pumped BasicChannel<Threads>::pump(TimePoint deadline, bool& may_block) {
  bool nothing = false;
  while (conversation_->has_output()) {
    if (send_some() == Pumped::lost) return Pumped::lost;
    if (!conversation_->has_output()) break;
    may_block = false;
    clogged_.store(true, std::memory_order_relaxed);
    // A server that waits for us to read does not read either.
    if (receive_some(Transport::Patience::none, nothing) == Pumped::lost) return Pumped::lost;
    if (nothing ? transport_->wait(true, deadline) == Transport::Waiting::timed_out
                : Threads::now() >= deadline)
      return Pumped::timed_out;
  }
  while (conversation_->finished().empty()) {
    const auto patience = may_block ? Transport::Patience::short_wait : Transport::Patience::none;
    may_block = false;
    if (receive_some(patience, nothing) == Pumped::lost) return Pumped::lost;
    if (conversation_->input_to_come() >= clogging_from) clogged_.store(true, std::memory_order_relaxed);
    if (nothing && transport_->wait(false, deadline) == Transport::Waiting::timed_out)
      return Pumped::timed_out;
    if (!nothing && conversation_->finished().empty() && Threads::now() >= deadline) return Pumped::timed_out;
  }
  return Pumped::progress;
}

// Writes what can be written without waiting.
template <class Threads>
typename BasicChannel<Threads>::Pumped BasicChannel<Threads>::send_some() {
  while (conversation_->has_output()) {
    std::array<iovec, most_pieces> pieces;
    const auto count = conversation_->output(pieces);
    const auto sent = transport_->send(std::span<const iovec>(pieces.data(), count));
    if (sent.status == Transport::Status::again) break;
    if (sent.status != Transport::Status::ok) {
      loss_.emplace(ErrorCode::unreachable, transport_->problem());
      return Pumped::lost;
    }
    conversation_->wrote(sent.count);
  }
  return Pumped::progress;
}

template <class Threads>
typename BasicChannel<Threads>::Pumped BasicChannel<Threads>::receive_some(Transport::Patience patience,
                                                                           bool& nothing) {
  std::array<iovec, 2> places;
  const auto count = conversation_->input_room(places);
  const auto received = transport_->receive(std::span<const iovec>(places.data(), count), patience);
  nothing = received.status == Transport::Status::again;
  switch (received.status) {
    case Transport::Status::ok:
      if (conversation_->received(received.count)) return Pumped::progress;
      loss_ = conversation_->failure();
      return Pumped::lost;
    case Transport::Status::again:
      return Pumped::progress;
    case Transport::Status::ended:
      loss_.emplace(ErrorCode::unreachable, "the server closed the connection");
      return Pumped::lost;
    case Transport::Status::failed:
      loss_.emplace(ErrorCode::unreachable, transport_->problem());
      return Pumped::lost;
  }
  return Pumped::lost;
}

template <class Threads>
void BasicChannel<Threads>::finish(Slot* slot, WakeList& wakes) noexcept {
  slot->stage = Slot::Stage::done;
  if (slot->abandoned)
    release(slot);
  else if (slot->waits)
    wakes.add(slot);
}

template <class Threads>
void BasicChannel<Threads>::settle(WakeList& wakes) noexcept {
  auto& finished = conversation_->finished();
  while (!finished.empty())
    finish(finished.pop(), wakes);
}

// Makes somebody else the leader. False when nobody waits; then the lead is free.
template <class Threads>
bool BasicChannel<Threads>::hand_over(WakeList& wakes) noexcept {
  if (queue_.empty() && !conversation_->awaiting()) {
    leave_lead();
    return false;
  }
  for (const Slot* first : {conversation_->oldest(), queue_.front()}) {
    for (const Slot* slot = first; slot != nullptr; slot = slot->next) {
      if (slot->abandoned || !slot->waits) continue;
      const_cast<Slot*>(slot)->leads = true;
      wakes.add_first(const_cast<Slot*>(slot));
      return true;
    }
  }
  leave_lead();
  return false;
}

// Whether somebody who does not wait yet will come for an answer.
template <class Threads>
bool BasicChannel<Threads>::wanted_by_others(const Slot* own) const noexcept {
  for (const Slot* first :
       {static_cast<const Slot*>(conversation_->oldest()), static_cast<const Slot*>(queue_.front())})
    for (const Slot* slot = first; slot != nullptr; slot = slot->next)
      if (slot != own && !slot->abandoned) return true;
  return false;
}

template <class Threads>
void BasicChannel<Threads>::end_connection(Lock& lock, WakeList& wakes, const Error& reason, bool tell) {
  conversation_->lose(reason);
  settle(wakes);
  while (!queue_.empty()) {
    Slot* const slot = queue_.pop();
    slot->ending = Ending::lost_unsent;
    slot->loss = reason;
    finish(slot, wakes);
  }
  const bool asked_for = closing_.has_value();
  closing_.reset();
  open_.store(false, std::memory_order_release);
  leave_lead();
  transport_.reset();
  conversation_.reset();
  room_.notify_all();
  if (!tell || asked_for) return;
  lock.unlock();
  wakes.wake();
  on_loss_(reason);
  lock.lock();
}

}  // namespace cachesite::redis
