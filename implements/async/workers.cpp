#include "async/workers.hpp"

#include "async/cache_access.hpp"
#include "basics/background_thread.hpp"
#include "basics/per_process.hpp"

#include <cachesite/event_loop.hpp>

#include <chrono>
#include <utility>

namespace cachesite::async {

namespace {

thread_local bool is_worker = false;

// Ends the workers with the program.
struct Keeper {
  Keeper() = default;
  Keeper(const Keeper&) = delete;
  Keeper& operator=(const Keeper&) = delete;
  ~Keeper() { workers->end(); }

  const std::shared_ptr<Workers> workers = std::make_shared<Workers>();
};

Outcome outcome_of(WorkerCall::State state) noexcept {
  return state == WorkerCall::State::queued ? Outcome::not_done : Outcome::unknown;
}

}  // namespace

std::shared_ptr<Workers> Workers::shared() {
  static basics::PerProcess<Keeper> keeper;
  return keeper.get().workers;
}

bool Workers::on_worker() noexcept {
  return is_worker;
}

bool Workers::begin(ICache& cache, AsyncRequest& caller) {
  auto loop = EventLoop::shared();
  IEventLoop& where = *loop;
  auto& seat = caller.memory().make<WorkerSeat>(shared_from_this());
  WorkerCalls calls;
  calls.emplace_back(*this, cache, caller, seat, std::move(loop));
  WorkerCall& call = calls.front();
  const auto deadline = caller.deadline(call.reactor_.now());
  if (!caller.suspend(seat, where)) return true;
  Lock lock(mutex_);
  if (ended_ || line_.size() >= longest_line) {
    caller.request().fail(ended_
                              ? Error(ErrorCode::closed, "the program ends")
                              : Error(ErrorCode::refused, "too many asynchronous calls wait for a worker"));
    return true;
  }
  if (!has_a_thread_for_one_more(lock)) {
    caller.request().fail(Error(ErrorCode::no_memory, "there is no thread for an asynchronous call"));
    return true;
  }
  seat.call_ = &call;
  call.place_ = calls.begin();
  line_.splice(line_.end(), calls);
  if (deadline) call.reactor_.arm(call, *deadline);
  work_.notify_one();
  return false;
}

// One that works already will do, though not at once.
bool Workers::has_a_thread_for_one_more(Lock&) noexcept {
  if (line_.size() < idle_ || running_ == most_threads) return true;
  try {
    threads_.reserve(most_threads);
    threads_.push_back(basics::background_thread([self = shared_from_this()] { self->run(); }));
    ++running_;
    return true;
  } catch (...) {
    return running_ != 0;
  }
}

void Workers::run() noexcept {
  is_worker = true;
  Lock lock(mutex_);
  while (!ended_) {
    if (line_.empty()) {
      ++idle_;
      work_.wait(lock);
      --idle_;
      continue;
    }
    WorkerCalls mine;
    mine.splice(mine.end(), line_, line_.begin());
    mine.front().state_ = WorkerCall::State::running;
    lock.unlock();
    make(std::move(mine));
    lock.lock();
  }
  --running_;
  ends_.notify_all();
}

void Workers::make(WorkerCalls mine) noexcept {
  WorkerCall& call = mine.front();
  CacheRequest& request = call.request_.request();
  try {
    CacheAccess::perform(call.cache_, request);
  } catch (...) {
    request.fail_thrown();
  }
  AsyncRequest* caller = nullptr;
  {
    const Lock lock(mutex_);
    caller = take_caller(call);
  }
  if (caller != nullptr) call.request_.hand_over(caller->request());
  mine.clear();
  if (caller == nullptr) return;
  // What it asks next is no part of this call: it waits in the line again, where it can be ended.
  is_worker = false;
  caller->resume();
  is_worker = true;
}

// Null when somebody else has taken it.
AsyncRequest* Workers::take_caller(WorkerCall& call) noexcept {
  if (call.seat_ != nullptr) std::exchange(call.seat_, nullptr)->call_ = nullptr;
  ends_.notify_all();
  return std::exchange(call.caller_, nullptr);
}

// Of a call whose caller is taken: one in line is not made.
bool Workers::end_early(const Lock&, WorkerCall& call, WorkerCalls& gone) noexcept {
  if (call.state_ == WorkerCall::State::queued)
    gone.splice(gone.end(), line_, call.place_);
  else if (call.owner_ == nullptr)
    return false;
  return true;
}

void Workers::expire(WorkerCall& call) noexcept {
  WorkerCalls gone;
  AsyncRequest* caller = nullptr;
  {
    const Lock lock(mutex_);
    if (call.caller_ == nullptr || !end_early(lock, call, gone)) return;
    caller = take_caller(call);
    caller->request().fail(Error(ErrorCode::timeout, "the call has taken longer than its caller waits",
                                 outcome_of(call.state_)));
  }
  caller->resume();
}

bool Workers::cancel(WorkerSeat& seat) noexcept {
  WorkerCalls gone;
  AsyncRequest* caller = nullptr;
  {
    const Lock lock(mutex_);
    if (seat.call_ == nullptr) return false;
    WorkerCall& call = *seat.call_;
    if (!end_early(lock, call, gone)) return true;
    caller = take_caller(call);
    caller->request().fail(
        Error(ErrorCode::closed, "the caller has asked for the end of the call", outcome_of(call.state_)));
  }
  gone.clear();
  caller->resume();
  return true;
}

bool Workers::abandon(WorkerSeat& seat) noexcept {
  WorkerCalls gone;
  Lock lock(mutex_);
  if (seat.call_ == nullptr) return false;
  WorkerCall& call = *seat.call_;
  if (end_early(lock, call, gone)) {
    (void)take_caller(call);
    return true;
  }
  ends_.wait(lock, [&] { return seat.call_ == nullptr; });
  return false;
}

void Workers::end() noexcept {
  constexpr std::chrono::seconds patience{5};
  Lock lock(mutex_);
  ended_ = true;
  work_.notify_all();
  const bool all = ends_.wait_for(lock, patience, [&] { return running_ == 0; });
  auto threads = std::exchange(threads_, {});
  lock.unlock();
  for (auto& thread : threads)
    if (all)
      thread.join();
    else
      thread.detach();
}

}  // namespace cachesite::async
