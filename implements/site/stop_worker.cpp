#include "site/stop_worker.hpp"

#include "basics/condition.hpp"

#include <exception>
#include <mutex>
#include <utility>

namespace cachesite::site {

struct StopWorker::Course {
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
  if (course_) return thread_.get_id();
  try {
    auto course = std::make_shared<Course>();
    thread_ = basics::Thread([course] { course->walk(); });
    course_ = std::move(course);
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
  std::unique_lock lock(course_->mutex);
  course_->component = component;
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
