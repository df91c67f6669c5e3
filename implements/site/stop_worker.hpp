#pragma once

#include "basics/thread.hpp"

#include <cachesite/component.hpp>

#include <chrono>
#include <memory>
#include <thread>

namespace cachesite::site {

// Stops components on a thread of its own, one after the other, so that one that hangs can be left behind:
// it then keeps the thread, and the next component gets a new one. Without a thread to be had, a component is
// stopped on the calling thread, for as long as that takes.
class StopWorker {
 public:
  StopWorker() = default;
  ~StopWorker();
  StopWorker(const StopWorker&) = delete;
  StopWorker& operator=(const StopWorker&) = delete;

  // The thread that the next component is stopped on.
  std::thread::id thread() noexcept;
  // False when it is not over after `patience`.
  bool stop(const std::shared_ptr<IComponent>& component, std::chrono::nanoseconds patience) noexcept;

 private:
  struct Progress;
  std::shared_ptr<Progress> progress_;
  basics::Thread thread_;
};

}  // namespace cachesite::site
