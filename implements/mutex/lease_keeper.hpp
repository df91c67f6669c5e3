#pragma once

#include "mutex/backend.hpp"
#include "mutex/tenure.hpp"

#include <cachesite/logger.hpp>

#include <condition_variable>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

namespace cachesite::mutexes {

/// Renews the tenures of a site on a thread of its own, notices those that are lost, and gives back at the
/// backend what could not be given back before.
class LeaseKeeper {
 public:
  LeaseKeeper(Backend& backend, std::string label, std::shared_ptr<ILogger> logger);
  ~LeaseKeeper();
  LeaseKeeper(const LeaseKeeper&) = delete;
  LeaseKeeper& operator=(const LeaseKeeper&) = delete;

  void watch(const std::shared_ptr<Tenure>& tenure);
  void forget(const Tenure& tenure);
  /// Releases at the backend, again and again until it is done or the lease is over.
  void clean_up(Claim claim, TimePoint end);
  void lose(Tenure& tenure, const char* reason);
  /// Everything that is watched is lost.
  void stop() noexcept;

 private:
  struct Duty {
    std::shared_ptr<Tenure> tenure;  // null: clean up
    Claim claim;                     // to clean up
    TimePoint end;                   // of cleaning up
  };
  using Duties = std::multimap<TimePoint, Duty>;

  void add(TimePoint due, Duty duty);
  void work();
  std::vector<Duty> due_duties(std::unique_lock<std::mutex>& lock);
  void attend(std::vector<Duty> duties);
  void renew(const std::vector<std::shared_ptr<Tenure>>& tenures);
  void watch_again(const std::shared_ptr<Tenure>& tenure, TimePoint due);
  void clean(Duty duty);

  Backend& backend_;
  const std::string label_;
  const std::shared_ptr<ILogger> logger_;
  std::mutex mutex_;
  std::condition_variable changed_;
  Duties duties_;
  TimePoint wakes_ = TimePoint::max();
  bool stopping_ = false;
  std::thread worker_;
};

}  // namespace cachesite::mutexes
