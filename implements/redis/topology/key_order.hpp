#pragma once

#include "basics/spin_lock.hpp"
#include "redis/channel/waiter.hpp"
#include "redis/topology/hash_slot.hpp"

#include <array>
#include <cstddef>
#include <cstdint>

namespace cachesite::redis {

/// Keeps the order of changes to one key while servers change: a change goes to a server only when all that came
/// before it have been sent there too, over the same connection, or have ended. Keys share a number of lines. Owns
/// nothing, and each line has a lock of its own.
///
///     out       of every line                  join() -> at_hand, as the last one of its line
///     at_hand   its call decides where it      may_go() -> at_hand, or waits when that is false;
///               goes, or waits for a server    sent() -> sent
///     waits     for those before it            all of them are where it wants to go -> at_hand, and it is given to
///                                              be told; withdraw() -> at_hand
///     sent      is with a server               the server has not done it: came_back() -> at_hand
///
/// From every state but `out`, leave() -> out. A change is settled when it and all before it are sent to one place.
class KeyOrder {
 public:
  /// A connection to a server.
  struct Place {
    const void* server = nullptr;
    std::uint64_t connection = 0;  // 0: there is none now

    /// Whether what is sent here comes after what was sent to `other`.
    [[nodiscard]] bool follows(const Place& other) const noexcept {
      return server == other.server && connection == other.connection && connection != 0;
    }
  };

  /// One change, part of its call. What happens to it is said by its call, one thing at a time.
  class Entry {
   public:
    explicit Entry(Waiter& waiter) noexcept : waiter_(waiter) {}
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;
    [[nodiscard]] bool is_out() const noexcept { return line_ == nullptr; }

   private:
    friend class KeyOrder;
    enum class State : std::uint8_t { at_hand, waits, sent };

    Waiter& waiter_;
    void* line_ = nullptr;
    Entry* previous_ = nullptr;
    Entry* next_ = nullptr;
    State state_ = State::at_hand;
    bool settled_ = false;
    Place place_;  // where it wants to go, or is
  };

  void join(Entry& entry, HashSlot slot) noexcept;
  /// True when the entry, which is at hand, may be sent to this place now.
  [[nodiscard]] bool may_go(Entry& entry, const Place& place) noexcept;
  /// Whether what is in no line may be sent to this place now and come after all changes of its key.
  [[nodiscard]] bool may_pass(HashSlot slot, const Place& place) noexcept;
  /// Gives those that are to be told that they may go, a list by `next`.
  [[nodiscard]] Waiter* sent(Entry& entry, const Place& place) noexcept;
  void came_back(Entry& entry) noexcept;
  [[nodiscard]] Waiter* leave(Entry& entry) noexcept;
  /// False when it does not wait, or is about to be told.
  [[nodiscard]] bool withdraw(Entry& entry) noexcept;

 private:
  struct Line {
    basics::SpinLock lock;
    Entry* first = nullptr;
    Entry* last = nullptr;
    Entry* unsettled = nullptr;  // the first one that is not settled
    Place place;                 // of those that are settled
  };

  [[nodiscard]] Line& line_of(HashSlot slot) noexcept { return lines_[slot % lines_.size()]; }
  [[nodiscard]] static Line& line_of(const Entry& entry) noexcept { return *static_cast<Line*>(entry.line_); }
  [[nodiscard]] static Waiter* settle(Line& line) noexcept;

  std::array<Line, 256> lines_;
};

}  // namespace cachesite::redis
