#pragma once

#include "basics/condition.hpp"
#include "basics/fork_mark.hpp"
#include "event_loop/linked_list.hpp"
#include "event_loop/poller.hpp"
#include "event_loop/reactor.hpp"
#include "event_loop/timer_wheel.hpp"

#include <cachesite/clock.hpp>
#include <cachesite/executor.hpp>
#include <cachesite/i_event_loop.hpp>

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <stop_token>
#include <thread>

namespace cachesite::event_loop {

/// Where a Loop keeps a watch: it stays as long as the loop, since the system may tell of it once more.
class WatchEntry : public Linked {
 private:
  friend class Loop;
  Watch* watch_ = nullptr;  // null: free
  int descriptor_ = -1;
  std::uint32_t events_ = 0;  // not told so far
  bool queued_ = false;
};

/// The event loop behind an EventLoop. Work, timers whose time has come, and watches that are ready are common
/// to all threads, each of which takes one at a time: so whoever waits within a piece of work takes the next.
///
/// A thread in run() is in one of these states; beside them, threads in run_ready() poll without waiting and
/// run what there is.
///
///     running    runs what is ready, one        nothing left in this turn, nobody polls -> polling
///                thing after the other, and     nothing left, somebody polls -> following
///                twice the work that this
///                brings
///     polling    waits for the system: the      something is ready, the next timer is due, it is woken
///                one of all threads             -> running
///     following  waits on the condition         nobody polls any more, or there is more to run -> running
///     (out)      `stop` is requested, or the loop is stopped and nothing is ready
///
/// Nothing that becomes ready is overlooked: it does so under the mutex, under which the thread that polls has
/// looked for it before and looks again after. If that one waits meanwhile, or others watch the descriptor,
/// the descriptor is made readable (`signalled_`), unless it is already.
class Loop final : public IReactor, public IExecutor {
 public:
  /// Throws std::system_error when the system has no descriptors left, and std::bad_alloc.
  explicit Loop(std::shared_ptr<const IClock> clock);
  /// Runs what work is left. Precondition: nobody is in run() or run_ready().
  ~Loop() override;

  void run(const std::stop_token& stop) noexcept;
  void run_ready() noexcept;
  [[nodiscard]] int descriptor() noexcept;
  /// Ends every run() once nothing is ready.
  void stop() noexcept override;
  [[nodiscard]] EventLoopStatistics statistics() const noexcept;

  void execute(Work& work) noexcept override;

  [[nodiscard]] TimePoint now() const noexcept override { return clock_->now(); }
  void arm(Timer& timer, TimePoint when) noexcept override;
  bool disarm(Timer& timer) noexcept override;
  [[nodiscard]] bool watch(int descriptor, Watch& watch) noexcept override;
  void unwatch(Watch& watch) noexcept override;
  void forget(Watch& watch) noexcept override;

 private:
  using Lock = std::unique_lock<std::mutex>;

  // A timer or a watch that a thread runs just now.
  struct Running {
    const void* what;
    std::thread::id thread;
    Running* next;
  };

  // One step of a thread in run(); false when there will be none any more.
  bool go_on(Lock& lock) noexcept;
  void poll(Lock& lock, bool may_wait) noexcept;
  void take(const epoll_event& event) noexcept;
  void end_watch(Watch& watch, bool open) noexcept;
  [[nodiscard]] int milliseconds_to_wait(TimePoint now) const noexcept;
  bool run_one(Lock& lock) noexcept;
  template <class Run>
  void run_marked(Lock& lock, const void* what, Run&& run) noexcept;
  [[nodiscard]] Timer* next_timer() const noexcept;
  [[nodiscard]] WatchEntry* next_entry() const noexcept;
  [[nodiscard]] bool runs(const void* what, bool elsewhere) const noexcept;
  void await_end_of(Lock& lock, const void* what) noexcept;

  [[nodiscard]] std::size_t ready() const noexcept { return works_ + due_.size() + ready_.size(); }
  [[nodiscard]] bool something_to_run() const noexcept;
  // Whether somebody has to be told of what has become ready.
  [[nodiscard]] bool has_to_signal() const noexcept;
  void signal() noexcept;
  void set_timer() noexcept;
  void end_turn(TimePoint now) noexcept;

  const std::shared_ptr<const IClock> clock_;
  const basics::ForkMark fork_mark_;
  Poller poller_;
  std::atomic<std::uint32_t> signalling_{0};  // threads that make the descriptor readable

  mutable std::mutex mutex_;     // of all below
  basics::Condition followers_;  // of threads that follow
  basics::Condition ends_;       // of what runs
  WorkQueue work_;
  std::size_t works_ = 0;
  TimerWheel wheel_;
  LinkedList<Timer> due_;
  LinkedList<WatchEntry> ready_;
  std::deque<WatchEntry> entries_;
  LinkedList<WatchEntry> free_entries_;
  Running* running_ = nullptr;

  // How often work that came meanwhile is run before the loop polls again.
  static constexpr int most_rounds = 2;

  std::size_t left_ = 0;  // to be run before the loop polls again
  int rounds_ = 0;
  bool polled_ = false;  // somebody polls
  bool waits_ = false;   // and waits, until this time
  TimePoint waits_until_{};
  bool signalled_ = false;  // the descriptor is readable, or was a moment ago
  bool observed_ = false;   // somebody has asked for the descriptor
  TimePoint timer_set_ = TimePoint::max();
  bool stopped_ = false;
  std::uint32_t threads_ = 0;
  std::uint32_t following_ = 0;
  std::uint32_t ending_ = 0;  // threads that wait for the end of what runs

  bool in_turn_ = false;
  TimePoint turn_began_{};
  EventLoopStatistics statistics_;
};

}  // namespace cachesite::event_loop
