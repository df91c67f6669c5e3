#pragma once

#include <cachesite/component.hpp>
#include <cachesite/detail/yield.hpp>
#include <cachesite/executor.hpp>

#include <chrono>
#include <cstdint>
#include <stop_token>

namespace cachesite {

/// What an event loop has done since it was made, and does now.
struct EventLoopStatistics {
  std::uint64_t turns = 0;    ///< times that it looked for something to do
  std::uint64_t works = 0;    ///< pieces of work that it has run
  std::uint64_t timers = 0;   ///< deadlines that have passed
  std::uint64_t events = 0;   ///< times that a socket was ready
  std::uint64_t waiting = 0;  ///< pieces of work that wait at the moment
  std::uint64_t threads = 0;  ///< threads that are in `run` at the moment
  /// How long what there was to do took, or has taken so far: so long something new had to wait. Long when
  /// what runs on the loop takes long, such as a callback that blocks.
  std::chrono::nanoseconds loop_lag{0};
  std::chrono::nanoseconds longest_loop_lag{0};
};

/// An event loop: a component (`class: EventLoop`), or `EventLoop::shared()`, which has a thread of its own.
/// Whoever goes on after a wait goes on in a thread that runs the loop, unless it has named an executor.
///
/// All calls are safe from any thread. In a child that the process forks a loop of the parent does nothing:
/// `run` and `run_ready` return at once, `descriptor` is -1, and work that is passed to it is not run.
class IEventLoop : public Interface<IEventLoop, "IEventLoop">, public IExecutor {
 public:
  /// Runs until `stop` is requested or the loop is stopped. Several threads may be in it; one polls, the
  /// others take over from it. May be called within a piece of work, which then waits for the end of `run`
  /// while this thread goes on with the others.
  virtual void run(const std::stop_token& stop) noexcept = 0;
  /// For another event loop, which watches it by poll, or by epoll in either mode: readable whenever there is
  /// something to do, time included. It then calls `run_ready`. Neither read nor closed by anybody else.
  [[nodiscard]] virtual int descriptor() const noexcept = 0;
  /// Does what there is to do now, without waiting. What comes meanwhile is left for the next time.
  virtual void run_ready() noexcept = 0;

  [[nodiscard]] virtual EventLoopStatistics statistics() const { return {}; }

  /// `co_await loop.yield()` lets a coroutine go on behind all that waits already, in a thread that runs the
  /// loop. For coroutines whose calls seldom wait, such as those of a cache in memory: they would keep the
  /// loop from everything else. Without memory the coroutine goes on at once.
  [[nodiscard]] detail::Yield yield() noexcept { return detail::Yield(*this); }
};

}  // namespace cachesite
