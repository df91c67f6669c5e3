#pragma once

#include "basics/condition.hpp"
#include "basics/thread.hpp"
#include "mutex/backend.hpp"
#include "mutex/held_lock.hpp"

#include <cachesite/clock.hpp>
#include <cachesite/logger.hpp>

#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace cachesite::mutex {

/// Renews the held locks of a site on a thread of its own, notices those that are lost, and gives back at the
/// backend what could not be given back before.
///
/// What a held lock has for the keeper to do is its `task`:
///
///     none      -> watch     watch(), once the mutex is granted
///               -> clean_up  clean_up(), after an attempt or a release that was not answered
///     watch     -> none      forget(); the held lock is lost
///               -> clean_up  it is lost, and the backend may have renewed it
///     clean_up  -> none      the backend has answered, or there is nothing left to give back
///
/// Everything after `prepare` works without memory and without another thread.
class LeaseKeeper {
 public:
  LeaseKeeper(Backend& backend, std::string label, std::shared_ptr<ILogger> logger,
              std::shared_ptr<const IClock> clock);
  ~LeaseKeeper();
  LeaseKeeper(const LeaseKeeper&) = delete;
  LeaseKeeper& operator=(const LeaseKeeper&) = delete;

  /// Provides what the calls below need for this held lock. Throws when there is no memory or no thread.
  void prepare(HeldLock& held_lock);
  void watch(const std::shared_ptr<HeldLock>& held_lock) noexcept;
  void forget(HeldLock& held_lock) noexcept;
  void clean_up(const std::shared_ptr<HeldLock>& held_lock, TimePoint end) noexcept;
  void lose(HeldLock& held_lock, const char* reason) noexcept;
  /// Everything that is watched is lost.
  void stop() noexcept;
  /// Does what is due by the clock: what the thread does at each of its turns.
  void attend() noexcept;

 private:
  using Lock = std::unique_lock<std::mutex>;

  void work() noexcept;
  void sleep(Lock& lock);
  Schedule take_due() noexcept;
  void enter(const std::shared_ptr<HeldLock>& held_lock, TimePoint due) noexcept;
  void leave(HeldLock& held_lock) noexcept;
  void put_back(Schedule schedule) noexcept;
  void renew(const Schedule& schedule);
  void lose_late(HeldLock& held_lock) noexcept;
  void clean(HeldLock& held_lock) noexcept;

  Backend& backend_;
  const std::string label_;
  const std::shared_ptr<ILogger> logger_;
  const std::shared_ptr<const IClock> clock_;
  std::mutex turn_;  // one attends at a time
  std::mutex mutex_;
  basics::Condition changed_;
  Schedule schedule_;
  TimePoint wakes_ = TimePoint::max();
  bool stopping_ = false;
  basics::Thread worker_;
};

}  // namespace cachesite::mutex
