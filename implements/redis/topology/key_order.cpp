#include "redis/topology/key_order.hpp"

#include <mutex>
#include <utility>

namespace cachesite::redis {

using Lock = std::lock_guard<basics::SpinLock>;

void KeyOrder::join(Entry& entry, HashSlot slot) noexcept {
  Line& line = line_of(slot);
  const Lock lock(line.lock);
  entry.line_ = &line;
  entry.state_ = Entry::State::at_hand;
  entry.settled_ = false;
  entry.next_ = nullptr;
  entry.previous_ = line.last;
  (line.last != nullptr ? line.last->next_ : line.first) = &entry;
  line.last = &entry;
  if (line.unsettled == nullptr) line.unsettled = &entry;
}

bool KeyOrder::may_go(Entry& entry, const Place& place) noexcept {
  Line& line = line_of(entry);
  const Lock lock(line.lock);
  const Entry* const before = entry.previous_;
  if (before == nullptr || (before->settled_ && place.follows(line.place))) return true;
  entry.state_ = Entry::State::waits;
  entry.place_ = place;
  return false;
}

bool KeyOrder::may_pass(HashSlot slot, const Place& place) noexcept {
  Line& line = line_of(slot);
  const Lock lock(line.lock);
  return line.first == nullptr || (line.unsettled == nullptr && place.follows(line.place));
}

Waiter* KeyOrder::sent(Entry& entry, const Place& place) noexcept {
  Line& line = line_of(entry);
  const Lock lock(line.lock);
  entry.state_ = Entry::State::sent;
  entry.place_ = place;
  return settle(line);
}

// What comes after it is not settled any more either.
void KeyOrder::came_back(Entry& entry) noexcept {
  Line& line = line_of(entry);
  const Lock lock(line.lock);
  entry.state_ = Entry::State::at_hand;
  if (!entry.settled_) return;
  line.unsettled = &entry;
  for (Entry* each = &entry; each != nullptr && each->settled_; each = each->next_)
    each->settled_ = false;
}

Waiter* KeyOrder::leave(Entry& entry) noexcept {
  Line& line = line_of(entry);
  const Lock lock(line.lock);
  (entry.previous_ != nullptr ? entry.previous_->next_ : line.first) = entry.next_;
  (entry.next_ != nullptr ? entry.next_->previous_ : line.last) = entry.previous_;
  if (line.unsettled == &entry) line.unsettled = entry.next_;
  entry.line_ = nullptr;
  return settle(line);
}

bool KeyOrder::withdraw(Entry& entry) noexcept {
  const Lock lock(line_of(entry).lock);
  return std::exchange(entry.state_, Entry::State::at_hand) == Entry::State::waits;
}

// Settles those that have been sent to one place, and gives those that may follow them.
Waiter* KeyOrder::settle(Line& line) noexcept {
  for (Entry* each = line.unsettled; each != nullptr && each->state_ == Entry::State::sent;
       each = each->next_) {
    if (each == line.first)
      line.place = each->place_;
    else if (!each->place_.follows(line.place))
      return nullptr;
    each->settled_ = true;
    line.unsettled = each->next_;
  }
  Entry* each = line.unsettled;
  if (each == nullptr) return nullptr;
  const void* const server = each == line.first ? each->place_.server : line.place.server;
  Waiter* first = nullptr;
  Waiter** end = &first;
  for (; each != nullptr && each->state_ == Entry::State::waits && each->place_.server == server;
       each = each->next_) {
    each->state_ = Entry::State::at_hand;
    each->waiter_.next = nullptr;
    *end = &each->waiter_;
    end = &each->waiter_.next;
  }
  return first;
}

}  // namespace cachesite::redis
