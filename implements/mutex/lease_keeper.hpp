#pragma once

#include "basics/condition.hpp"
#include "basics/thread.hpp"
#include "mutex/backend.hpp"
#include "mutex/tenure.hpp"

#include <cachesite/clock.hpp>
#include <cachesite/logger.hpp>

#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace cachesite::mutexes {

/// Renews the tenures of a site on a thread of its own, notices those that are lost, and gives back at the
/// backend what could not be given back before.
///
/// What a tenure has for the keeper to do is its `task`:
///
///     none      -> watch     watch(), once the mutex is granted
///               -> clean_up  clean_up(), after an attempt or a release that was not answered
///     watch     -> none      forget(); the tenure is lost
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

  /// Provides what the calls below need for this tenure. Throws when there is no memory or no thread.
  void prepare(Tenure& tenure);
  void watch(const std::shared_ptr<Tenure>& tenure) noexcept;
  void forget(Tenure& tenure) noexcept;
  void clean_up(const std::shared_ptr<Tenure>& tenure, TimePoint end) noexcept;
  void lose(Tenure& tenure, const char* reason) noexcept;
  /// Everything that is watched is lost.
  void stop() noexcept;
  /// Does what is due by the clock: what the thread does at each of its turns.
  void attend() noexcept;

 private:
  using Lock = std::unique_lock<std::mutex>;

  void work() noexcept;
  void sleep(Lock& lock);
  Duties take_due() noexcept;
  void enter(const std::shared_ptr<Tenure>& tenure, TimePoint due) noexcept;
  void leave(Tenure& tenure) noexcept;
  void put_back(Duties duties) noexcept;
  void renew(const Duties& duties);
  void clean(Tenure& tenure) noexcept;

  Backend& backend_;
  const std::string label_;
  const std::shared_ptr<ILogger> logger_;
  const std::shared_ptr<const IClock> clock_;
  std::mutex turn_;  // one attends at a time
  std::mutex mutex_;
  basics::Condition changed_;
  Duties duties_;
  TimePoint wakes_ = TimePoint::max();
  bool stopping_ = false;
  basics::Thread worker_;
};

}  // namespace cachesite::mutexes
