// What an Engine does without a thread that waits.

#include "basics/inherited.hpp"
#include "basics/joined_stop.hpp"
#include "coroutines/pause.hpp"
#include "mutex/acquisition.hpp"
#include "mutex/engine.hpp"
#include "mutex/lease.hpp"

#include <cachesite/detail/guarded_call.hpp>
#include <cachesite/detail/time_span.hpp>

#include <algorithm>
#include <exception>
#include <utility>

namespace cachesite::mutex {

namespace {

using coroutines::Routine;

// The time of the loop at which something is due by the clock of the engine.
coroutines::TimePoint on_loop(const coroutines::Pause& pause, const IClock& clock, TimePoint due) {
  return due == TimePoint::max() ? due : pause.now() + (due - clock.now());
}

}  // namespace

coroutines::LoopAccess Engine::loop() {
  return backend_->loop();
}

Routine<Engine::Taken> Engine::async_take(std::shared_ptr<LockLine> line, MutexRequest request,
                                          Patience patience, std::stop_token cancelled) {
  if (fork_mark_.forked()) co_return basics::forked_error();
  const auto self = shared_from_this();
  const auto lease = std::make_shared<Lease>(self);
  const basics::JoinedStop stop(request.stop.token(), stopping_.get_token(), cancelled);
  const auto last_wait = deadline_of(request);
  const auto end =
      patience ? options_.clock->now() + std::min(*patience, TimeSpan::longest) : TimePoint::max();
  coroutines::Pause pause(loop());
  LockLine::Waiter waiter(*line, request.mode, &pause);
  auto turn = await_turn(waiter, pause, std::min(last_wait, end), stop.token());
  const auto admitted = co_await turn;
  if (!admitted.ok()) co_return admitted.error();
  auto granted = admitted;
  if (admitted.value()) {
    const auto held_lock = new_held_lock(line, request, std::nullopt);
    Acquisition acquisition(surroundings(), held_lock, last_wait, end);
    auto acquired = acquisition.async_run(waiter, pause, stop.token());
    granted = co_await acquired;
    if (granted.value_or(false)) lease->hold(held_lock);
  }
  if (!granted.ok()) co_return granted.error();
  if (!granted.value() && end < last_wait)
    co_return Error(ErrorCode::timeout, "others hold the mutex for longer than its caller waits");
  if (!granted.value()) co_return std::shared_ptr<IMutexLease>();
  if (cancelled.stop_requested()) {
    auto releasing = async_release(lease->held_lock(), std::nullopt, std::stop_token());
    lease->give_up();
    (void)co_await releasing;
    co_return stopped_error();
  }
  co_return std::shared_ptr<IMutexLease>(lease);
}

// False when others are before it until the deadline.
Routine<Result<bool>> Engine::await_turn(const LockLine::Waiter& waiter, coroutines::Pause& pause,
                                         TimePoint deadline, std::stop_token stop) {
  while (!stop.stop_requested()) {
    if (waiter.is_admitted()) co_return true;
    if (options_.clock->now() >= deadline) co_return false;
    co_await pause.until(on_loop(pause, *options_.clock, deadline), stop);
  }
  co_return stopped_error();
}

Routine<Result<bool>> Engine::async_release(std::shared_ptr<HeldLock> held_lock, Patience patience,
                                            std::stop_token stop) {
  const auto self = shared_from_this();
  const bool in_time = options_.clock->now() < held_lock->end();
  if (!held_lock->change(HeldLock::State::released)) co_return false;
  keeper_.forget(*held_lock);
  Result<bool> released = Error(ErrorCode::no_memory);
  try {
    auto asked = backend_->async_release(held_lock->claim, patience, stop);
    released = co_await asked;
  } catch (const std::exception&) {
    // The keeper makes up for it.
  }
  finish_release(held_lock, released.ok());
  if (!released.ok()) co_return released;
  co_return released.value() && in_time;
}

}  // namespace cachesite::mutex
