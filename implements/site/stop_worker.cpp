#include "site/stop_worker.hpp"

#include "basics/condition.hpp"

#include <exception>
#include <mutex>
#include <utility>

namespace cachesite::site {

struct StopWorker::Progress {
  std::mutex mutex;
  basics::Condition changed;
  std::shared_ptr<IComponent> component;  // null: nothing to do
  bool over = false;

  void walk() {
    std::unique_lock lock(mutex);
    for (;;) {
      changed.wait(lock, [&] { return component || over; });
      if (over && !component) return;
      const auto present = component;
      lock.unlock();
      present->stop();
      lock.lock();
      component.reset();
      changed.notify_all();
    }
  }
};

std::thread::id StopWorker::thread() noexcept {
  if (progress_) return thread_.get_id();
  try {
    auto progress = std::make_shared<Progress>();
    thread_ = basics::Thread([progress] { progress->walk(); });
    progress_ = std::move(progress);
    return thread_.get_id();
  } catch (const std::exception&) {
    return std::this_thread::get_id();
  }
}

bool StopWorker::stop(const std::shared_ptr<IComponent>& component,
                      std::chrono::nanoseconds patience) noexcept {
  if (thread() == std::this_thread::get_id()) {
    component->stop();
    return true;
  }
  std::unique_lock lock(progress_->mutex);
  progress_->component = component;
  progress_->changed.notify_all();
  if (progress_->changed.wait_for(lock, patience, [&] { return !progress_->component; })) return true;
  progress_->over = true;
  lock.unlock();
  thread_.detach();
  progress_.reset();
  return false;
}

StopWorker::~StopWorker() {
  if (!progress_) return;
  {
    const std::lock_guard lock(progress_->mutex);
    progress_->over = true;
    progress_->changed.notify_all();
  }
  thread_.join();
}

}  // namespace cachesite::site
