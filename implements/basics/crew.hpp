#pragma once

#include <cstddef>
#include <functional>
#include <limits>
#include <memory>

namespace cachesite::basics {

/// Threads that are started when there is work, and end when there is none, except for a few that wait for
/// more. Work throws nothing. Safe from any thread.
class Crew {
 public:
  struct Limits {
    std::size_t most_threads = std::numeric_limits<std::size_t>::max();
    std::size_t most_queued = 0;  // pieces of work that wait for a thread
  };
  static constexpr std::size_t kept_idle = 2;

  Crew();
  ~Crew() { finish(); }
  Crew(const Crew&) = delete;
  Crew& operator=(const Crew&) = delete;

  /// Runs `work` on a thread of the crew. False when it is not run: all are busy and the queue is full, there
  /// is no thread or memory to be had, or the crew is closed.
  bool run(std::function<void()> work, const Limits& limits) noexcept;
  bool run(std::function<void()> work) noexcept { return run(std::move(work), Limits()); }
  /// Takes no more work, and drops what waits.
  void close() noexcept;
  /// The same, and waits for the work that runs, unless it is the calling thread's.
  void finish() noexcept;

 private:
  struct State;
  const std::shared_ptr<State> state_;  // which the threads share
};

}  // namespace cachesite::basics
