#include "site/start_run.hpp"

#include "basics/condition.hpp"
#include "basics/thread.hpp"

#include <algorithm>
#include <mutex>
#include <system_error>
#include <thread>
#include <utility>

namespace cachesite::site {

namespace {

using Clock = std::chrono::steady_clock;

// A component whose turn to be waited for comes late may be ready all the same.
constexpr std::chrono::milliseconds least_patience{100};
constexpr std::chrono::seconds farewell{2};

}  // namespace

struct StartRun::Progress {
  Progress(std::vector<StartTask> given, std::function<void()> first)
      : tasks(std::move(given)), begin(std::move(first)), deadlines(tasks.size()) {
    failures.reserve(tasks.size() + 1);  // whoever fails may do so for want of memory
  }

  // On a thread of its own.
  void walk() {
    bool going_on = may_begin();
    for (std::size_t task = 0; task < tasks.size() && going_on; ++task) {
      going_on = enter(task, true) && attempt(task, [&] { tasks[task].component->start(); });
    }
    for (std::size_t task = 0; task < tasks.size() && going_on; ++task) {
      going_on = enter(task, false);
      if (going_on) attempt(task, [&] { tasks[task].component->await_started(); });
    }
    const std::lock_guard lock(mutex);
    done = true;
    changed.notify_all();
  }

  bool may_begin() {
    const std::lock_guard lock(mutex);
    if (given_up) return false;
    try {
      if (begin) begin();
      return true;
    } catch (...) {
      failures.push_back({0, std::current_exception()});
      return false;
    }
  }

  // False when the run is given up: nothing may be started any more.
  bool enter(std::size_t task, bool begins) {
    const std::lock_guard lock(mutex);
    const auto now = Clock::now();
    deadlines[task] = begins ? now + tasks[task].limit : std::max(deadlines[task], now + least_patience);
    current = task;
    changed.notify_all();
    return !given_up;
  }

  template <class Action>
  bool attempt(std::size_t task, const Action& action) {
    try {
      action();
      return true;
    } catch (...) {
      const std::lock_guard lock(mutex);
      failures.push_back({task, std::current_exception()});
      return false;
    }
  }

  const std::vector<StartTask> tasks;
  const std::function<void()> begin;
  basics::Thread thread;
  std::mutex mutex;
  basics::Condition changed;
  std::vector<Clock::time_point> deadlines;
  std::vector<StartFailure> failures;
  std::size_t current = 0;
  bool done = false;
  bool given_up = false;
};

StartRun::StartRun(std::vector<StartTask> tasks, std::function<void()> begin)
    : progress_(std::make_shared<Progress>(std::move(tasks), std::move(begin))) {}

std::vector<StartFailure> StartRun::run() {
  auto& progress = *progress_;
  if (progress.tasks.empty()) return {};
  std::unique_lock lock(progress.mutex);
  progress.deadlines[0] = Clock::now() + progress.tasks[0].limit;
  try {
    progress.thread = basics::Thread([shared = progress_] { shared->walk(); });
  } catch (const std::system_error& failure) {
    return {{0, std::make_exception_ptr(std::system_error(failure.code(), "no thread could be started"))}};
  }
  while (!progress.done) {
    if (progress.changed.wait_until(lock, progress.deadlines[progress.current]) == std::cv_status::timeout &&
        !progress.done && Clock::now() >= progress.deadlines[progress.current]) {
      progress.given_up = true;
      progress.failures.push_back({progress.current, nullptr});
      return progress.failures;
    }
  }
  return std::move(progress.failures);
}

StartRun::~StartRun() {
  auto& progress = *progress_;
  if (!progress.thread.joinable()) return;
  std::unique_lock lock(progress.mutex);
  const bool done = progress.changed.wait_for(lock, farewell, [&] { return progress.done; });
  lock.unlock();
  if (done)
    progress.thread.join();
  else
    progress.thread.detach();
}

}  // namespace cachesite::site
