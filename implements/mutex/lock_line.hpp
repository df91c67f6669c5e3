#pragma once

#include "basics/condition.hpp"
#include "coroutines/pause.hpp"
#include "mutex/held_lock.hpp"

#include <chrono>
#include <list>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace cachesite::mutex {

/// Those of this process who have one mutex, and those who want it, threads and coroutines alike, first come
/// first served. Only the first in line deals with the backend, so however many wait, the backend sees one.
/// Once somebody waits in line, nothing here needs memory.
///
///     in line   a Waiter behind others, or     the one before has left, a holder has released -> its turn
///               while others hold the mutex   limit or stop -> gone
///     its turn  first, and admitted: asks     granted, become() -> holds
///               the backend                   limit, stop or failure -> gone
///     holds     a HeldLock of the line          vacate() -> gone
///
/// Whoever leaves, or begins to hold, calls the next in line.
class LockLine {
 public:
  explicit LockLine(std::string name) : name_(std::move(name)) {}

  /// One who waits in line, until it is given up or becomes a held lock.
  class Waiter {
   public:
    /// `pause`: where a coroutine waits that looks whether it is_admitted(); a thread has none.
    Waiter(LockLine& line, MutexMode mode, coroutines::Pause* pause = nullptr);
    ~Waiter();
    Waiter(const Waiter&) = delete;
    Waiter& operator=(const Waiter&) = delete;

    /// Waits until it is this one's turn. False when `limit` passed or `stop` was requested first.
    bool wait_for_turn(std::optional<std::chrono::nanoseconds> limit, const std::stop_token& stop);
    /// Whether it is this one's turn.
    [[nodiscard]] bool is_admitted() const noexcept;
    /// Leaves the line as a holder.
    void become(std::shared_ptr<HeldLock> held_lock) noexcept;

   private:
    friend class LockLine;
    void call() noexcept;

    LockLine& line_;
    const MutexMode mode_;
    coroutines::Pause* const pause_;
    basics::AnyCondition turn_;
    std::list<std::shared_ptr<HeldLock>> holding_{nullptr};  // what `become` puts among the held locks
    std::list<Waiter*>::iterator position_;
    bool in_line_ = true;
  };

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  /// The exclusive held lock of this thread, held once more; null when it has none.
  std::shared_ptr<HeldLock> take_again() noexcept;
  /// True when the held lock ends with this.
  bool give_back_once(HeldLock& held_lock) noexcept;
  void vacate(const HeldLock& held_lock) noexcept;
  [[nodiscard]] std::vector<std::shared_ptr<HeldLock>> held_locks() const;

 private:
  [[nodiscard]] bool admits(const Waiter& waiter) const noexcept;
  void call_next() noexcept;

  const std::string name_;
  mutable std::mutex mutex_;
  std::list<Waiter*> waiting_;
  std::list<std::shared_ptr<HeldLock>> held_locks_;
};

}  // namespace cachesite::mutex
