#pragma once

#include "basics/per_process.hpp"

#include <mutex>
#include <shared_mutex>

namespace cachesite::basics {

/// A mutex of the standard library that a forked child finds free, whoever of its parent's threads held it.
/// For what bears being left in the middle of a change by such a thread, or is changed far less often than
/// read.
template <class Mutex>
class BasicPerProcessMutex {
 public:
  void lock() { mutex_->lock(); }
  bool try_lock() { return mutex_->try_lock(); }
  void unlock() { mutex_->unlock(); }
  void lock_shared() { mutex_->lock_shared(); }
  void unlock_shared() { mutex_->unlock_shared(); }

 private:
  PerProcess<Mutex> mutex_;
};

using PerProcessMutex = BasicPerProcessMutex<std::mutex>;
using PerProcessSharedMutex = BasicPerProcessMutex<std::shared_mutex>;
using PerProcessRecursiveMutex = BasicPerProcessMutex<std::recursive_mutex>;

}  // namespace cachesite::basics
