#include "site/stop_worker.hpp"

#include <condition_variable>
#include <mutex>
#include <utility>

namespace cachesite::site {

struct StopWorker::Course {
  std::mutex mutex;
  std::condition_variable changed;
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

std::thread::id StopWorker::thread() {
  if (!course_) {
    course_ = std::make_shared<Course>();
    thread_ = std::thread([course = course_] { course->walk(); });
  }
  return thread_.get_id();
}

bool StopWorker::stop(std::shared_ptr<IComponent> component, std::chrono::nanoseconds patience) {
  thread();
  std::unique_lock lock(course_->mutex);
  course_->component = std::move(component);
  course_->changed.notify_all();
  if (course_->changed.wait_for(lock, patience, [&] { return !course_->component; })) return true;
  course_->over = true;
  lock.unlock();
  thread_.detach();
  course_.reset();
  return false;
}

StopWorker::~StopWorker() {
  if (!course_) return;
  {
    const std::lock_guard lock(course_->mutex);
    course_->over = true;
    course_->changed.notify_all();
  }
  thread_.join();
}

}  // namespace cachesite::site
