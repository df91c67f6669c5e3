#pragma once

#include "redis/base/deadline.hpp"
#include "redis/wire/encoded_commands.hpp"
#include "redis/wire/reply.hpp"

#include <cachesite/error.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

namespace cachesite::redis {

/// How a request ended.
enum class Ending : std::uint8_t {
  answered,
  timed_out_queued,  // it was never sent
  timed_out_sent,    // it was sent, the answer did not come in time
  lost_unsent,       // the connection ended before the whole request was given to the kernel
  lost_sent,         // the connection ended before the answer
  spoilt,            // the answer, or what came with it, is not valid; the connection is closed
  not_open,          // there is no connection
};

struct Waiter;

/// The answers of several commands. A few of them are kept and used again.
class AnswerParts {
 public:
  struct Part {
    ReplyKinds expected = 0;
    Reply reply;
  };

  [[nodiscard]] bool empty() const noexcept { return count_ == 0; }
  [[nodiscard]] std::size_t size() const noexcept { return count_; }
  [[nodiscard]] Part& operator[](std::size_t place) noexcept { return parts_[place]; }
  [[nodiscard]] const Part& operator[](std::size_t place) const noexcept { return parts_[place]; }
  /// From nothing to so many.
  void make(std::size_t count) {
    if (parts_.size() < count) parts_.resize(count);
    count_ = count;
  }
  void clear() noexcept {
    for (std::size_t place = 0; place < count_; ++place) {
      parts_[place].reply.kind = ReplyKind::none;
      parts_[place].reply.shed(Value::inline_capacity);
    }
    count_ = 0;
    if (parts_.size() > most_kept) parts_ = std::vector<Part>();
  }

 private:
  static constexpr std::size_t most_kept = 2;

  std::vector<Part> parts_;
  std::size_t count_ = 0;
};

/// What a request asks: one command, or several that are written next to each other.
struct Question {
  ReplyKinds expected = 0;
  EncodedCommands output;
  /// The answers of several commands; else empty.
  AnswerParts parts;

  /// Keeps memory that is worth it.
  void clear() noexcept {
    output.clear(most_kept);
    parts.clear();
  }
  static constexpr std::size_t most_kept = 4096;
};

/// One request on its way. It belongs to the channel; the caller that waits for it may leave at any time, so
/// nothing here points into the caller's memory, with two exceptions: `output` of a request that only its own
/// caller writes, and the waiter of one that no thread waits for, until it is withdrawn.
struct RequestSlot : Question {
  enum class Stage : std::uint8_t { free, queued, in_flight, done };

  /// What a sleeping caller is told. Once it is `done` the slot is the caller's, who needs no lock for it.
  enum class Signal : std::uint8_t { none, leads, done };

  /// What the caller does. It changes under the lock of the channel.
  enum class Caller : std::uint8_t {
    elsewhere,  // leads already, or has not come for the answer yet
    waits,      // sleeps until there is a signal
    leads,      // has been told to lead
    is_told,    // is no thread: `waiter` is told of the end
    left        // does not want the answer any more
  };

  std::atomic<Signal> signal{Signal::none};
  std::uint32_t group = 1;  // of the sleepers, see ParkingLot
  Stage stage = Stage::free;
  Ending ending = Ending::answered;
  Caller caller = Caller::elsewhere;
  SteadyTime::duration patience{};  // of a caller that waits for another to read
  Waiter* waiter = nullptr;
  Reply reply;
  std::size_t parts_answered = 0;
  Error loss{ErrorCode::unreachable};
  RequestSlot* next = nullptr;
  RequestSlot* previous = nullptr;

  /// As it was made, but for memory that is worth keeping.
  void clear() noexcept {
    Question::clear();
    stage = Stage::free;
    caller = Caller::elsewhere;
    reply.shed(most_kept);
    parts_answered = 0;
  }
  /// True when something to send is in the caller's memory, so nobody else may write it.
  [[nodiscard]] bool own_write() const noexcept { return !output.owns_all(); }
  [[nodiscard]] Reply& next_reply() noexcept { return parts.empty() ? reply : parts[parts_answered].reply; }
  [[nodiscard]] ReplyKinds next_expected() const noexcept {
    return parts.empty() ? expected : parts[parts_answered].expected;
  }
  [[nodiscard]] bool last_answer() const noexcept { return parts_answered + 1 >= parts.size(); }
};

/// A first-in first-out queue of slots that owns nothing.
class RequestQueue {
 public:
  [[nodiscard]] bool empty() const noexcept { return front_ == nullptr; }
  [[nodiscard]] RequestSlot* front() const noexcept { return front_; }

  void push(RequestSlot* slot) noexcept {
    slot->next = nullptr;
    slot->previous = back_;
    (back_ ? back_->next : front_) = slot;
    back_ = slot;
  }
  RequestSlot* pop() noexcept {
    RequestSlot* const slot = front_;
    front_ = slot->next;
    (front_ ? front_->previous : back_) = nullptr;
    slot->next = nullptr;
    return slot;
  }
  /// Adds all of another queue, which is empty then.
  void append(RequestQueue& other) noexcept {
    if (other.empty()) return;
    other.front_->previous = back_;
    (back_ ? back_->next : front_) = other.front_;
    back_ = std::exchange(other.back_, nullptr);
    other.front_ = nullptr;
  }
  void unlink(RequestSlot* slot) noexcept {
    (slot->previous ? slot->previous->next : front_) = slot->next;
    (slot->next ? slot->next->previous : back_) = slot->previous;
    slot->next = slot->previous = nullptr;
  }

 private:
  RequestSlot* front_ = nullptr;
  RequestSlot* back_ = nullptr;
};

}  // namespace cachesite::redis
