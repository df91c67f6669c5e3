#pragma once

#include "coroutines/pause.hpp"

#include <algorithm>
#include <mutex>
#include <vector>

namespace cachesite::coroutines {

/// Coroutines that wait for the same thing as threads on a condition. Its owner locks.
class PauseList {
 public:
  void wake_all() noexcept {
    for (Pause* const pause : pauses_)
      pause->wake();
  }

  /// A place in the list, for as long as it lives.
  class Place {
   public:
    /// Throws std::bad_alloc.
    Place(PauseList& list, std::mutex& mutex, Pause& pause) : list_(list), mutex_(mutex), pause_(pause) {
      const std::lock_guard lock(mutex_);
      list_.pauses_.push_back(&pause_);
    }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place() {
      const std::lock_guard lock(mutex_);
      std::erase(list_.pauses_, &pause_);
    }

   private:
    PauseList& list_;
    std::mutex& mutex_;
    Pause& pause_;
  };

 private:
  std::vector<Pause*> pauses_;
};

}  // namespace cachesite::coroutines
