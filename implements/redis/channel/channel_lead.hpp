#pragma once

// What the leader of a channel does: it writes everybody's requests, reads the answers and hands over.

#include "redis/channel/channel.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <optional>
#include <span>

#include <sys/uio.h>

namespace cachesite::redis {

inline constexpr std::size_t most_pieces = 64;

// So many bytes still to come make others look for another channel.
inline constexpr std::size_t clogging_from = std::size_t{32} * 1024;

template <class Threads>
void BasicChannel<Threads>::take_batch(const Slot* own) noexcept {
  std::size_t size = 0;
  while (Slot* const slot = queue_.front()) {
    if (slot->own_write() && slot != own) break;
    if (size != 0 && size + slot->output.size() > limits_.largest_batch) break;
    size += slot->output.size();
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
  const bool rested = now - last_lead_ > rest_before_check;
  last_lead_ = now;
  if (conversation_->awaiting()) return true;
  unanswered_since_ = now;
  if (!rested || idle_check()) return true;
  take_batch(own);
  const Error reason = closing_ ? *closing_ : *loss_;
  end_connection(lock, wakes, reason, true);
  return false;
}

// Works until its own request has ended, and a little longer for what is unanswered still. False when the
// deadline passed first and somebody else goes on; the slot is abandoned then.
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
  for (std::optional<TimePoint> leaves;;) {
    if (own->stage != Slot::Stage::done) {
      take_batch(own);
    } else if (!leaves) {
      // Answers that come together are read by one thread; for later ones there are those who wait for them.
      leaves = Threads::now() + company;
      deadline = std::min(deadline, *leaves);
      may_block = false;
    }
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
    if (own->stage == Slot::Stage::done) {
      hand_over(wakes);
      return true;
    }
    // Who has less patience than others does not end their calls.
    const auto silence = Threads::now() - unanswered_since_;
    const bool stalled = silence >= limits_.stall && silence >= patience_of_others(own);
    // The caller's own bytes, half of them written, cannot be left to others.
    const bool entangled = own->own_write() && conversation_->has_output();
    if (!stalled && !entangled && (hand_over(wakes) || wanted_by_others(own))) {
      left = Ending::timed_out_sent;
      if (own->stage == Slot::Stage::queued) {
        left = Ending::timed_out_queued;
        withdraw(own);
      } else {
        own->abandoned = true;
      }
      return false;
    }
    end_connection(lock, wakes, stalled_, true);
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
    if (conversation_->output_of(clogging_from)) {
      transport_->rest(deadline);
      may_block = false;
    }
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
    if (conversation_->input_to_come() >= clogging_from) {
      clogged_.store(true, std::memory_order_relaxed);
      transport_->rest(deadline);
    }
    if (nothing && transport_->wait(false, deadline) == Transport::Waiting::timed_out)
      return Pumped::timed_out;
    if (!nothing && conversation_->finished().empty() && Threads::now() >= deadline) return Pumped::timed_out;
  }
  return Pumped::progress;
}

// Writes what can be written without waiting.
template <class Threads>
typename BasicChannel<Threads>::Pumped BasicChannel<Threads>::send_some() noexcept try {
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
} catch (...) {
  loss_.emplace(ErrorCode::no_memory);
  return Pumped::lost;
}

template <class Threads>
typename BasicChannel<Threads>::Pumped BasicChannel<Threads>::receive_some(Transport::Patience patience,
                                                                           bool& nothing) noexcept try {
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
} catch (...) {
  // Whoever leads may not leave with an exception: the others would wait for ever.
  loss_.emplace(ErrorCode::no_memory);
  return Pumped::lost;
}

template <class Threads>
void BasicChannel<Threads>::finish(Slot* slot, WakeList& wakes) noexcept {
  slot->stage = Slot::Stage::done;
  count_load(-1);
  if (slot->abandoned) {
    release(slot);
  } else if (slot->waits) {
    wakes.add(slot->group);
    slot->signal.store(Slot::Signal::done, std::memory_order_release);
  }
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
    leading_ = false;
    return false;
  }
  for (Slot* const first : {conversation_->oldest(), queue_.front()}) {
    for (Slot* slot = first; slot != nullptr; slot = slot->next) {
      if (slot->abandoned || !slot->waits) continue;
      slot->leads = true;
      slot->signal.store(Slot::Signal::leads, std::memory_order_release);
      wakes.add_first(slot->group);
      return true;
    }
  }
  leading_ = false;
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

// The longest time that somebody else gives the server.
template <class Threads>
SteadyTime::duration BasicChannel<Threads>::patience_of_others(const Slot* own) const noexcept {
  SteadyTime::duration longest{0};
  for (const Slot* first :
       {static_cast<const Slot*>(conversation_->oldest()), static_cast<const Slot*>(queue_.front())})
    for (const Slot* slot = first; slot != nullptr; slot = slot->next)
      if (slot != own && !slot->abandoned) longest = std::max(longest, slot->patience);
  return longest;
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
  leading_ = false;
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
