#pragma once

#include "support/file_descriptor.hpp"

#include <chrono>
#include <deque>
#include <functional>
#include <future>
#include <mutex>
#include <optional>
#include <string>
#include <thread>
#include <type_traits>
#include <utility>
#include <vector>

#include <poll.h>

namespace cachesite::test {

/// What one turn of a PollLoop waits for and what it found.
class PollRound {
 public:
  using TimePoint = std::chrono::steady_clock::time_point;

  void watch(int descriptor, short events);
  void wake_at(TimePoint when);
  /// The events found for a watched descriptor; 0 otherwise.
  short events(int descriptor) const;

 private:
  friend class PollLoop;

  std::vector<pollfd> entries_;
  std::optional<TimePoint> wake_;
};

/// One thread around poll(2). All state of its owner is touched on that thread only: other threads reach it
/// by `call`.
class PollLoop {
 public:
  using Step = std::function<void(PollRound&)>;

  /// Each turn: tasks of `call`, then `prepare` names what to wait for, then `handle` acts on what is ready.
  PollLoop(const std::string& name, Step prepare, Step handle);
  ~PollLoop();
  PollLoop(const PollLoop&) = delete;
  PollLoop& operator=(const PollLoop&) = delete;

  /// Runs `task` on the thread of the loop and returns its result, or throws what it threw.
  template <class Task>
  auto call(Task&& task) -> std::invoke_result_t<Task&> {
    std::packaged_task<std::invoke_result_t<Task&>()> packaged([&task] { return task(); });
    auto result = packaged.get_future();
    post([&packaged] { packaged(); });
    return result.get();
  }

  /// Ends the thread; no step runs afterwards. Called by the destructor; owners call it before their state
  /// goes.
  void stop();

 private:
  void post(std::function<void()> task);
  void run();
  void run_tasks();

  Step prepare_;
  Step handle_;
  FileDescriptor wake_;
  std::mutex mutex_;
  std::deque<std::function<void()>> tasks_;
  bool ending_ = false;
  std::thread thread_;
};

}  // namespace cachesite::test
