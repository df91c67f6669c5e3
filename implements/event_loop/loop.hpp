#pragma once

#include "basics/condition.hpp"
#include "basics/fork_mark.hpp"
#include "basics/light_mutex.hpp"
#include "basics/spin_lock.hpp"
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
/// Nothing that becomes ready is overlooked: it does so under the lock of the work or the mutex, under both of which
/// the thread that polls has looked for it before and looks again after. If that one waits meanwhile, or others
/// watch the descriptor, the descriptor is made readable (`signalled_`), unless it is already.
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
  using Lock = std::unique_lock<basics::LightMutex>;

  // A timer or a watch that a thread runs just now.
  struct Running {
    const void* what;
    std::thread::id thread;
    Running* next;
  };

  // One step of a thread in run(); false when there will be none any more.
  bool go_on(Lock& lock, const std::stop_token& stop) noexcept;
  void poll(Lock& lock, bool may_wait) noexcept;
  void take(const epoll_event& event) noexcept;
  void end_watch(Watch& watch, bool open) noexcept;
  [[nodiscard]] int milliseconds_to_wait(TimePoint now) const noexcept;
  // Of watches and timers one, of works perhaps several as long as `goes_on()`. False when there is nothing.
  template <class GoesOn>
  bool run_some(Lock& lock, GoesOn&& goes_on) noexcept;
  template <class GoesOn>
  bool run_works(Lock& lock, GoesOn&& goes_on) noexcept;
  [[nodiscard]] Work* next_work() noexcept;
  template <class Run>
  void run_marked(Lock& lock, const void* what, Run&& run) noexcept;
  [[nodiscard]] Timer* next_timer() const noexcept;
  [[nodiscard]] WatchEntry* next_entry() const noexcept;
  [[nodiscard]] bool runs(const void* what, bool elsewhere) const noexcept;
  void await_end_of(Lock& lock, const void* what) noexcept;

  [[nodiscard]] std::size_t works() const noexcept;
  [[nodiscard]] std::size_t ready() const noexcept { return works() + due_.size() + ready_.size(); }
  [[nodiscard]] bool something_to_run() const noexcept;
  // Whether the system may be waited for.
  [[nodiscard]] bool begin_wait(bool may_wait) noexcept;
  void end_wait(bool woken) noexcept;
  // With the lock of the work: whether somebody has to be told of what has become ready.
  [[nodiscard]] bool has_to_signal() const noexcept;
  template <class Wanted>
  void signal_if(Wanted&& wanted) noexcept;
  void set_timer() noexcept;
  void end_turn(TimePoint now) noexcept;

  const std::shared_ptr<const IClock> clock_;
  const basics::ForkMark fork_mark_;
  Poller poller_;
  std::atomic<std::uint32_t> signalling_{0};  // threads that make the descriptor readable
  std::atomic<bool> observed_{false};  // somebody has asked for the descriptor; changes under the mutex

  // Of these alone. Where both are held, the mutex is locked first.
  mutable basics::SpinLock work_lock_;
  WorkQueue work_;
  std::size_t works_ = 0;
  bool waits_ = false;      // a thread waits for the system, until `waits_until_`
  bool signalled_ = false;  // the descriptor is readable, or was a moment ago

  mutable basics::LightMutex mutex_;  // of all below
  basics::AnyCondition followers_;    // of threads that follow
  basics::AnyCondition ends_;         // of what runs
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
  TimePoint waits_until_{};
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
