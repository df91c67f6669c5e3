#pragma once

#include "basics/spin_lock.hpp"
#include "event_loop/reactor.hpp"
#include "redis/base/deadline.hpp"

#include <mutex>

namespace cachesite::redis {

/// Deadlines that mostly come in the order in which they will pass, since calls mostly have the same patience: one
/// timer for all of them, whose owner calls `tell` when it expires. Owns nothing.
///
///     out     not in the line      join() -> in
///     in      its time will come   leave() -> out; its time has come -> out, and it is told
class DeadlineLine {
 public:
  /// Whose deadline it is.
  class Entry {
   public:
    /// It stays where it is until `overdue`, which is called soon. Called with the lock of the line.
    virtual void keep() noexcept = 0;
    /// Its deadline has passed, unless it has left and joined meanwhile.
    virtual void overdue() noexcept = 0;

   protected:
    Entry() noexcept = default;
    Entry(const Entry&) = delete;
    Entry& operator=(const Entry&) = delete;
    ~Entry() = default;

   private:
    friend class DeadlineLine;
    TimePoint when_{};
    Entry* next_ = nullptr;
    Entry* previous_ = nullptr;
    bool in_ = false;
  };

  DeadlineLine(event_loop::IReactor& reactor, event_loop::Timer& timer) noexcept
      : reactor_(reactor), timer_(timer) {}

  /// False when others are to be told later and have come before: then the entry needs a timer of its own.
  [[nodiscard]] bool join(Entry& entry, TimePoint when) noexcept {
    const std::lock_guard lock(lock_);
    if (last_ != nullptr && when < last_->when_) return false;
    entry.when_ = when;
    entry.in_ = true;
    entry.next_ = nullptr;
    entry.previous_ = last_;
    (last_ != nullptr ? last_->next_ : first_) = &entry;
    last_ = &entry;
    if (when < armed_for_) arm(when);
    return true;
  }
  void leave(Entry& entry) noexcept {
    const std::lock_guard lock(lock_);
    if (entry.in_) unlink(entry);
  }

  /// Tells those whose deadline has passed.
  void tell() noexcept {
    const auto now = reactor_.now();
    while (Entry* const entry = take_overdue(now))
      entry->overdue();
  }

 private:
  void unlink(Entry& entry) noexcept {
    (entry.previous_ != nullptr ? entry.previous_->next_ : first_) = entry.next_;
    (entry.next_ != nullptr ? entry.next_->previous_ : last_) = entry.previous_;
    entry.in_ = false;
  }
  void arm(TimePoint when) noexcept {
    armed_for_ = when;
    reactor_.arm(timer_, when);
  }
  Entry* take_overdue(TimePoint now) noexcept {
    const std::lock_guard lock(lock_);
    Entry* const entry = first_;
    if (entry == nullptr || entry->when_ > now) {
      armed_for_ = TimePoint::max();
      if (entry != nullptr) arm(entry->when_);
      return nullptr;
    }
    unlink(*entry);
    entry->keep();
    return entry;
  }

  event_loop::IReactor& reactor_;
  event_loop::Timer& timer_;
  basics::SpinLock lock_;  // of all below
  Entry* first_ = nullptr;
  Entry* last_ = nullptr;
  TimePoint armed_for_ = TimePoint::max();  // the timer, which goes on for one that has left
};

}  // namespace cachesite::redis
