#pragma once

#include <cachesite/component.hpp>
#include <cachesite/detail/yield.hpp>
#include <cachesite/executor.hpp>

#include <chrono>
#include <cstdint>
#include <stop_token>

namespace cachesite {

/// Counters of an event loop since its creation, and its present state.
struct EventLoopStatistics {
  std::uint64_t turns = 0;    ///< times that it looked for something to do
  std::uint64_t works = 0;    ///< pieces of work that it has run
  std::uint64_t timers = 0;   ///< deadlines that have passed
  std::uint64_t events = 0;   ///< times that a socket was ready
  std::uint64_t waiting = 0;  ///< pieces of work that wait at the moment
  std::uint64_t threads = 0;  ///< threads that are in `run` at the moment
  /// How long the last turn took, or has taken so far: the time that new work had to wait. It is long when a
  /// callback blocks.
  std::chrono::nanoseconds loop_lag{0};
  std::chrono::nanoseconds longest_loop_lag{0};
};

/// An event loop: a component (`class: EventLoop`), or `EventLoop::shared()`, which has its own thread.
///
/// All calls are safe from any thread. In a forked child a loop of the parent does nothing: `run` and
/// `run_ready` return at once, `descriptor` is -1, and work is not run.
class IEventLoop : public Interface<IEventLoop, "IEventLoop">, public IExecutor {
 public:
  /// Runs until `stop` is requested or the loop is stopped. Several threads may run one loop: one polls, and
  /// the others take over from it. Work may call it, too; it then runs other work until it ends.
  virtual void run(const std::stop_token& stop) noexcept = 0;
  /// For another event loop, which watches it with poll, or with epoll level- or edge-triggered, and calls
  /// `run_ready` when it is readable. It is readable when there is work, a due timer or a ready socket. Do not
  /// read or close it.
  [[nodiscard]] virtual int descriptor() const noexcept = 0;
  /// Runs what is ready now, without waiting. What becomes ready meanwhile is left for the next call.
  virtual void run_ready() noexcept = 0;

  [[nodiscard]] virtual EventLoopStatistics statistics() const { return {}; }

  /// `co_await loop.yield()` resumes a coroutine after all work that waits already, on a thread that runs the
  /// loop. It is for coroutines that seldom suspend and would keep the loop from other work. Without memory the
  /// coroutine resumes at once.
  [[nodiscard]] detail::Yield yield() noexcept { return detail::Yield(*this); }
};

}  // namespace cachesite
