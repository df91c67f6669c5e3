#pragma once

#include <cachesite/component.hpp>

#include <chrono>
#include <cstddef>
#include <exception>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace cachesite::site {

// A component to start, and how long it may take.
struct StartTask {
  std::shared_ptr<IComponent> component;
  std::chrono::milliseconds limit;
};

// Why a component did not start.
struct StartFailure {
  std::size_t task;
  std::exception_ptr thrown;  // null: it took too long
};

// Starts components: all are started before any is waited for, so that slow starts overlap. The first that
// throws from start(), and the first that takes too long, ends the run. When a component does not return at
// all, it is left behind on the thread of the run. Without a thread to be had, the first fails for that.
class StartRun {
 public:
  // `begin` is called first, on the thread of the run, and never after `run` has returned.
  explicit StartRun(std::vector<StartTask> tasks, std::function<void()> begin = {});
  // Waits for what `run` left behind, as long as that makes sense: call it when everything is stopped.
  ~StartRun();
  StartRun(const StartRun&) = delete;
  StartRun& operator=(const StartRun&) = delete;

  std::vector<StartFailure> run();

 private:
  struct Progress;
  std::shared_ptr<Progress> progress_;
};

}  // namespace cachesite::site
