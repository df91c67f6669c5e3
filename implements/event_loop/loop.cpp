#include "event_loop/loop.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace cachesite::event_loop {

namespace {

// The loops whose turns this thread is in, the innermost first.
class Inside {
 public:
  explicit Inside(const Loop& loop) noexcept : loop_(&loop), outer_(std::exchange(innermost, this)) {}
  ~Inside() { innermost = outer_; }
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;

  [[nodiscard]] static bool of(const Loop& loop) noexcept {
    for (const Inside* each = innermost; each != nullptr; each = each->outer_)
      if (each->loop_ == &loop) return true;
    return false;
  }

 private:
  static inline thread_local const Inside* innermost = nullptr;

  const Loop* loop_;
  const Inside* outer_;
};

constexpr auto always = [] { return true; };

}  // namespace

Loop::Loop(std::shared_ptr<const IClock> clock) : clock_(std::move(clock)), wheel_(clock_->now()) {}

Loop::~Loop() {
  {
    Lock lock(mutex_);
    for (left_ = ready(); left_ != 0; left_ = ready())
      while (run_some(lock, always)) {
      }
  }
  while (signalling_.load() != 0)
    std::this_thread::yield();
}

void Loop::run(const std::stop_token& stop) noexcept {
  if (fork_mark_.forked()) return;
  const std::stop_callback wake(stop, [this] {
    const Lock lock(mutex_);
    followers_.notify_all();
    signal_if([this] { return waits_; });
  });
  Lock lock(mutex_);
  ++threads_;
  {
    const Inside inside(*this);
    while (!stop.stop_requested() && go_on(lock, stop)) {
    }
  }
  --threads_;
  if (!polled_) followers_.notify_one();
  if (something_to_run()) signal_if([this] { return has_to_signal(); });
}

bool Loop::go_on(Lock& lock, const std::stop_token& stop) noexcept {
  if (run_some(lock, [&] { return !stop.stop_requested(); })) return true;
  if (const auto brought = works(); brought != 0 && !polled_ && rounds_ < most_rounds) {
    ++rounds_;
    left_ = brought;
    return true;
  }
  const bool more = something_to_run();
  if (stopped_ && !more) return false;
  if (!polled_) {
    poll(lock, !stopped_);
  } else if (more) {  // what somebody has just been done with
    left_ = ready();
  } else {
    ++following_;
    followers_.wait(lock);
    --following_;
  }
  return true;
}

void Loop::run_ready() noexcept {
  if (fork_mark_.forked()) return;
  Lock lock(mutex_);
  {
    const Inside inside(*this);
    if (!polled_) poll(lock, false);
    while (run_some(lock, always)) {
    }
  }
  if (!polled_) end_turn(now());
  if (something_to_run()) signal_if([this] { return has_to_signal(); });
}

int Loop::descriptor() noexcept {
  if (fork_mark_.forked()) return -1;
  const Lock lock(mutex_);
  if (!observed_.exchange(true)) {
    set_timer();
    if (something_to_run()) signal_if([] { return true; });
  }
  return poller_.descriptor();
}

void Loop::stop() noexcept {
  if (fork_mark_.forked()) return;
  const Lock lock(mutex_);
  stopped_ = true;
  followers_.notify_all();
  signal_if([this] { return waits_; });
}

EventLoopStatistics Loop::statistics() const noexcept {
  if (fork_mark_.forked()) return {};
  const auto present = now();
  const Lock lock(mutex_);
  auto statistics = statistics_;
  statistics.waiting = works();
  statistics.threads = threads_;
  if (in_turn_)
    statistics.loop_lag = std::max<std::chrono::nanoseconds>(statistics.loop_lag, present - turn_began_);
  statistics.longest_loop_lag = std::max(statistics.longest_loop_lag, statistics.loop_lag);
  return statistics;
}

void Loop::execute(Work& work) noexcept {
  if (fork_mark_.forked()) return;
  {
    const std::lock_guard lock(work_lock_);
    work_.push(work);
    ++works_;
    if (signalled_ || !has_to_signal()) return;
    signalled_ = true;
    signalling_.fetch_add(1);
  }
  // Without the lock, which whoever is woken wants first.
  poller_.wake();
  signalling_.fetch_sub(1);
}

void Loop::arm(Timer& timer, TimePoint when) noexcept {
  if (fork_mark_.forked()) return;
  const Lock lock(mutex_);
  if (timer.state_ == Timer::State::armed) wheel_.remove(timer);
  if (timer.state_ == Timer::State::due) due_.erase(timer);
  wheel_.insert(timer, when);
  const auto next = wheel_.next();
  signal_if([&] { return waits_ && next < waits_until_; });
  if (next < timer_set_) set_timer();
}

bool Loop::disarm(Timer& timer) noexcept {
  if (fork_mark_.forked()) return false;
  Lock lock(mutex_);
  const auto before = timer.state_;
  if (before == Timer::State::armed) wheel_.remove(timer);
  if (before == Timer::State::due) {
    due_.erase(timer);
    timer.state_ = Timer::State::idle;
  }
  await_end_of(lock, &timer);
  return before != Timer::State::idle;
}

bool Loop::watch(int descriptor, Watch& watch) noexcept {
  if (fork_mark_.forked()) return false;
  const Lock lock(mutex_);
  WatchEntry* entry = free_entries_.find([](const WatchEntry&) { return true; });
  if (entry != nullptr) {
    free_entries_.erase(*entry);
  } else {
    try {
      entry = &entries_.emplace_back();
    } catch (...) {
      return false;
    }
  }
  entry->watch_ = &watch;
  entry->descriptor_ = descriptor;
  entry->events_ = 0;
  watch.entry_ = entry;
  if (poller_.add(descriptor, entry)) return true;
  entry->watch_ = nullptr;
  watch.entry_ = nullptr;
  free_entries_.push_back(*entry);
  return false;
}

void Loop::unwatch(Watch& watch) noexcept {
  end_watch(watch, true);
}

void Loop::forget(Watch& watch) noexcept {
  end_watch(watch, false);
}

void Loop::end_watch(Watch& watch, bool open) noexcept {
  if (fork_mark_.forked()) return;
  Lock lock(mutex_);
  if (WatchEntry* const entry = std::exchange(watch.entry_, nullptr)) {
    if (open) poller_.remove(entry->descriptor_);
    if (std::exchange(entry->queued_, false)) ready_.erase(*entry);
    entry->watch_ = nullptr;
    free_entries_.push_back(*entry);
  }
  await_end_of(lock, &watch);
}

void Loop::poll(Lock& lock, bool may_wait) noexcept {
  const auto begin = now();
  end_turn(begin);
  polled_ = true;
  rounds_ = 0;
  waits_until_ = wheel_.next();
  int length = begin_wait(may_wait) ? milliseconds_to_wait(begin) : 0;
  for (bool more = true; more;) {
    lock.unlock();
    const auto found = poller_.wait(std::exchange(length, 0));
    lock.lock();
    end_wait(found.woken);
    more = found.more;
    if (found.timed) timer_set_ = TimePoint::max();
    for (const auto& event : found.events)
      take(event);
  }
  polled_ = false;
  turn_began_ = now();
  in_turn_ = true;
  ++statistics_.turns;
  wheel_.advance(turn_began_, due_);
  set_timer();
  left_ = ready();
}

void Loop::take(const epoll_event& event) noexcept {
  auto& entry = *static_cast<WatchEntry*>(event.data.ptr);
  if (entry.watch_ == nullptr) return;
  entry.events_ |= event.events;
  if (!std::exchange(entry.queued_, true)) ready_.push_back(entry);
}

int Loop::milliseconds_to_wait(TimePoint now) const noexcept {
  using namespace std::chrono;
  const auto next = wheel_.next();
  if (next == TimePoint::max()) return -1;
  const auto length = std::clamp<milliseconds>(ceil<milliseconds>(next - now), 0ms, 60s);
  return static_cast<int>(length.count());
}

// What comes over the wire goes before what ends because of the time.
template <class GoesOn>
bool Loop::run_some(Lock& lock, GoesOn&& goes_on) noexcept {
  if (left_ == 0) return false;
  --left_;
  if (WatchEntry* const entry = next_entry()) {
    ready_.erase(*entry);
    entry->queued_ = false;
    Watch* const watch = entry->watch_;
    const auto events = std::exchange(entry->events_, 0);
    ++statistics_.events;
    run_marked(lock, watch, [&] { watch->ready(events); });
  } else if (Timer* const timer = next_timer()) {
    due_.erase(*timer);
    timer->state_ = Timer::State::idle;
    ++statistics_.timers;
    run_marked(lock, timer, [&] { timer->expire(); });
  } else if (!run_works(lock, goes_on)) {
    left_ = 0;
    return false;
  }
  return true;
}

// Where other threads run too they share the works, one at a time. Each is in the queue until it runs, so that
// whoever waits within one may run the next.
template <class GoesOn>
bool Loop::run_works(Lock& lock, GoesOn&& goes_on) noexcept {
  Work* work = next_work();
  if (work == nullptr) return false;
  const std::size_t more = threads_ > 1 ? 0 : std::exchange(left_, 0);
  if (following_ != 0 && (!polled_ || left_ != 0)) followers_.notify_one();
  lock.unlock();
  std::size_t count = 0;
  do {
    ++count;
    work->run();
  } while (count <= more && goes_on() && (work = next_work()) != nullptr);
  lock.lock();
  statistics_.works += count;
  return true;
}

Work* Loop::next_work() noexcept {
  const std::lock_guard lock(work_lock_);
  Work* const work = work_.pop();
  if (work != nullptr) --works_;
  return work;
}

template <class Run>
void Loop::run_marked(Lock& lock, const void* what, Run&& run) noexcept {
  Running mark{what, std::this_thread::get_id(), running_};
  running_ = &mark;
  if (following_ != 0 && (!polled_ || left_ != 0)) followers_.notify_one();
  lock.unlock();
  run();
  lock.lock();
  Running** place = &running_;
  while (*place != &mark)
    place = &(*place)->next;
  *place = mark.next;
  if (ending_ != 0) ends_.notify_all();
}

Timer* Loop::next_timer() const noexcept {
  return due_.find([&](const Timer& timer) { return running_ == nullptr || !runs(&timer, false); });
}

WatchEntry* Loop::next_entry() const noexcept {
  return ready_.find(
      [&](const WatchEntry& entry) { return running_ == nullptr || !runs(entry.watch_, false); });
}

bool Loop::runs(const void* what, bool elsewhere) const noexcept {
  for (const Running* each = running_; each != nullptr; each = each->next)
    if (each->what == what && (!elsewhere || each->thread != std::this_thread::get_id())) return true;
  return false;
}

void Loop::await_end_of(Lock& lock, const void* what) noexcept {
  while (runs(what, true)) {
    ++ending_;
    ends_.wait(lock);
    --ending_;
  }
}

std::size_t Loop::works() const noexcept {
  const std::lock_guard lock(work_lock_);
  return works_;
}

bool Loop::something_to_run() const noexcept {
  return works() != 0 || next_timer() != nullptr || next_entry() != nullptr;
}

bool Loop::begin_wait(bool may_wait) noexcept {
  const bool ready = next_timer() != nullptr || next_entry() != nullptr;
  const std::lock_guard lock(work_lock_);
  waits_ = may_wait && !ready && works_ == 0;
  return waits_;
}

void Loop::end_wait(bool woken) noexcept {
  const std::lock_guard lock(work_lock_);
  waits_ = false;
  if (woken) signalled_ = false;
}

bool Loop::has_to_signal() const noexcept {
  return waits_ || (observed_.load(std::memory_order_relaxed) && !Inside::of(*this));
}

// Makes the descriptor readable, unless it is.
template <class Wanted>
void Loop::signal_if(Wanted&& wanted) noexcept {
  {
    const std::lock_guard lock(work_lock_);
    if (signalled_ || !wanted()) return;
    signalled_ = true;
  }
  poller_.wake();
}

void Loop::set_timer() noexcept {
  const auto next = wheel_.next();
  if (next >= timer_set_ || !observed_.load(std::memory_order_relaxed)) return;
  timer_set_ = next;
  poller_.set_timer(next - now());
}

void Loop::end_turn(TimePoint now) noexcept {
  if (!std::exchange(in_turn_, false)) return;
  statistics_.loop_lag = now - turn_began_;
  statistics_.longest_loop_lag = std::max(statistics_.longest_loop_lag, statistics_.loop_lag);
}

}  // namespace cachesite::event_loop
