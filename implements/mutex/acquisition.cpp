#include "mutex/acquisition.hpp"

#include "basics/temporary_error.hpp"

#include <cachesite/detail/guarded_call.hpp>
#include <cachesite/detail/interruptible_sleep.hpp>

#include <algorithm>
#include <utility>

namespace cachesite::mutex {

namespace {

using std::chrono::milliseconds;

// What the last attempt may take when the server does not answer, and what giving up may. A wait that has
// outlasted its limit is taken off, down to the least.
constexpr milliseconds last_call{500};
constexpr milliseconds least_last_call{50};
constexpr milliseconds pause_after_failure{50};

}  // namespace

Error stopped_error() {
  return Error(ErrorCode::closed, "the mutex site or the wait was stopped");
}

Acquisition::~Acquisition() {
  if (finish() != Remains::waiting) return;
  (void)guarded_call<Done>([&] {
    around_.backend.give_up(held_lock_->claim, last_call);
    return Done{};
  });
}

// What may be the mutex itself is taken back in the background.
Acquisition::Remains Acquisition::finish() noexcept {
  if (std::exchange(over_, true) || granted_) return Remains::nothing;
  if (may_have_it_ || (failing_since_ && held_lock_->has_waited)) {
    around_.keeper.clean_up(held_lock_, last_sent_ + held_lock_->claim.expire + milliseconds(1000));
    return Remains::perhaps_the_mutex;
  }
  return held_lock_->has_waited ? Remains::waiting : Remains::nothing;
}

milliseconds Acquisition::left() const {
  constexpr milliseconds longest{60'000};
  if (deadline_ == TimePoint::max()) return longest;
  return std::min(longest, std::chrono::ceil<milliseconds>(deadline_ - around_.clock.now()));
}

Backend::Limit Acquisition::begin_attempt() {
  last_sent_ = around_.clock.now();
  if (deadline_ == TimePoint::max()) return std::nullopt;
  const auto left = this->left();
  const auto usual = std::max({left, std::min(left + last_call, last_call), least_last_call});
  if (end_ == TimePoint::max()) return usual;
  return std::clamp(std::chrono::ceil<milliseconds>(end_ - last_sent_), milliseconds(1), usual);
}

void Acquisition::note(const Result<AttemptResult>& attempt) {
  if (attempt.ok()) {
    failing_since_.reset();
    may_have_it_ = false;  // an earlier attempt's claim would have been recognised
    return;
  }
  const Error& error = attempt.error();
  // Without memory the answer may be what was lost.
  may_have_it_ = may_have_it_ || error.outcome() == Outcome::unknown || error.code() == ErrorCode::no_memory;
  if (!failing_since_) failing_since_ = around_.clock.now();
}

bool Acquisition::bears(const Error& error) const {
  return basics::is_temporary(error) && left().count() > 0 &&
         around_.clock.now() - *failing_since_ < around_.outage_patience;
}

void Acquisition::grant(LockLine::Waiter& waiter, const AttemptResult& attempt) {
  granted_ = true;
  held_lock_->grant(attempt.fencing_token, last_sent_);
  waiter.become(held_lock_);
  around_.keeper.watch(held_lock_);
}

void Acquisition::wait(const AttemptResult& failed, milliseconds limit, const std::stop_token& stop) {
  held_lock_->has_waited = true;
  const auto waited = guarded_call<Done>([&] {
    around_.backend.wait(held_lock_->claim, failed, limit, stop);
    return Done{};
  });
  if (!waited.ok()) detail::interruptible_sleep(std::min(limit, pause_after_failure), stop);
}

Result<bool> Acquisition::run(LockLine::Waiter& waiter, const std::stop_token& stop) {
  for (;;) {
    const auto time = begin_attempt();
    const auto attempt = guarded_call<AttemptResult>([&] {
      return around_.backend.attempt(held_lock_->claim, will_wait(), held_lock_->has_waited, time);
    });
    note(attempt);
    if (attempt.ok() && attempt.value().granted) {
      grant(waiter, attempt.value());
      return true;
    }
    const auto limit = left();
    if (!attempt.ok()) {
      if (!bears(attempt.error())) return attempt.error();
      detail::interruptible_sleep(std::min(limit, pause_after_failure), stop);
    } else if (limit.count() > 0) {
      wait(attempt.value(), limit, stop);
    }
    if (stop.stop_requested()) return stopped_error();
    if (attempt.ok() && limit.count() <= 0) return false;
  }
}

coroutines::Routine<Result<bool>> Acquisition::async_run(LockLine::Waiter& waiter, coroutines::Pause& pause,
                                                         std::stop_token stop) {
  auto tried = async_try(waiter, pause, stop);
  const auto granted = co_await tried;
  if (finish() == Remains::waiting) {
    auto given_up = around_.backend.async_give_up(held_lock_->claim, last_call);
    (void)co_await given_up;
  }
  co_return granted;
}

coroutines::Routine<Result<bool>> Acquisition::async_try(LockLine::Waiter& waiter, coroutines::Pause& pause,
                                                         const std::stop_token& stop) {
  for (;;) {
    const auto time = begin_attempt();
    auto asked =
        around_.backend.async_attempt(held_lock_->claim, will_wait(), held_lock_->has_waited, time, stop);
    const auto attempt = co_await asked;
    note(attempt);
    if (attempt.ok() && attempt.value().granted) {
      grant(waiter, attempt.value());
      co_return true;
    }
    const auto limit = left();
    if (stop.stop_requested()) co_return attempt.ok() ? stopped_error() : attempt.error();
    if (!attempt.ok() && !bears(attempt.error())) co_return attempt.error();
    if (attempt.ok() && limit.count() <= 0) co_return false;
    held_lock_->has_waited = held_lock_->has_waited || attempt.ok();
    co_await pause.until(pause.now() + pause_after(attempt, limit), stop);
    if (stop.stop_requested()) co_return stopped_error();
  }
}

milliseconds Acquisition::pause_after(const Result<AttemptResult>& attempt, milliseconds limit) const {
  if (!attempt.ok()) return std::min(limit, pause_after_failure);
  return std::min(limit, around_.backend.pause_after(attempt.value()));
}

}  // namespace cachesite::mutex
