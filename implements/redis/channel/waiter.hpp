#pragma once

#include "redis/base/deadline.hpp"
#include "redis/wire/reply.hpp"
#include "redis/wire/request_slot.hpp"

#include <cachesite/error.hpp>

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>

namespace cachesite::redis {

/// Who is told that a request has ended, when no thread waits for it. It is part of whatever the request is
/// for, and stays where it is until it is idle again. The states change under the lock of the channel:
///
///     idle        not submitted, or its     submit() -> under_way; without a free slot -> waiting
///                 end has been told
///     waiting     for a slot, first come    a slot is free -> under_way
///                 first served              the connection ends -> ended
///                                           withdraw() -> idle, never sent
///     under_way   its request has a slot    the request is done -> ended
///                                           withdraw() -> idle; never sent, or sent without it
///     ended       is on its way to the      the home calls `ended`, which may submit it again
///                 home of the channel
struct Waiter {
  enum class State : std::uint8_t { idle, waiting, under_way, ended };

  // Said by whoever submits it.
  /// Called once for each request that was not withdrawn, by the home of the channel, without a lock held. `now` is
  /// when the home began to tell those that ended together.
  void (*ended)(Waiter&, TimePoint now) noexcept = nullptr;
  /// By when somebody will withdraw it. The channel does not look at the time.
  TimePoint deadline = TimePoint::max();
  /// Where the answer goes, and that of several commands; written only when the request ends.
  Reply* reply = nullptr;
  std::span<Reply* const> replies = {};

  // Said by the channel.
  Ending ending = Ending::not_open;
  std::optional<Error> loss;  // why, unless it was answered or withdrawn
  Waiter* next = nullptr;     // of those that ended together

  // Of the channel.
  State state = State::idle;
  SteadyTime::duration patience{};
  RequestSlot* slot = nullptr;
  /// What is to be sent, while the request has no slot: before there is one, and after a connection ended.
  Question question;
  Waiter* previous = nullptr;
};

/// A first-in first-out queue of waiters that owns nothing.
class WaiterQueue {
 public:
  [[nodiscard]] bool empty() const noexcept { return front_ == nullptr; }
  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  void push(Waiter& waiter) noexcept {
    waiter.next = nullptr;
    waiter.previous = back_;
    (back_ ? back_->next : front_) = &waiter;
    back_ = &waiter;
    ++size_;
  }
  Waiter& pop() noexcept {
    Waiter& waiter = *front_;
    unlink(waiter);
    return waiter;
  }
  void unlink(Waiter& waiter) noexcept {
    (waiter.previous ? waiter.previous->next : front_) = waiter.next;
    (waiter.next ? waiter.next->previous : back_) = waiter.previous;
    waiter.next = waiter.previous = nullptr;
    --size_;
  }

 private:
  Waiter* front_ = nullptr;
  Waiter* back_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace cachesite::redis
