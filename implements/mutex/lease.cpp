#include "mutex/lease.hpp"

#include "basics/inherited.hpp"
#include "coroutines/routine_operation.hpp"
#include "mutex/engine.hpp"

#include <cachesite/detail/guarded_call.hpp>

namespace cachesite::mutex {

namespace {

coroutines::Routine<Result<bool>> result_at_hand(Result<bool> result) {
  co_return result;
}

}  // namespace

Lease::~Lease() {
  if (held_lock_) (void)Lease::release();
}

bool Lease::held() const noexcept {
  return !fork_mark_.forked() && !given_back_.load() && held_lock_->held();
}

Result<bool> Lease::renew() noexcept {
  if (fork_mark_.forked()) return basics::forked_error();
  if (given_back_.load()) return false;
  return guarded_call<bool>([&] { return engine_->renew(*held_lock_); });
}

std::optional<Result<bool>> Lease::give_back() noexcept {
  if (fork_mark_.forked()) return basics::forked_error();
  if (given_back_.exchange(true)) return false;
  const bool was_held = held_lock_->held();
  if (!held_lock_->line->give_back_once(*held_lock_)) return was_held;
  return std::nullopt;
}

Result<bool> Lease::release() noexcept {
  if (auto known = give_back()) return *known;
  return engine_->release(held_lock_);
}

// What needs memory is made before anything is given back: without it the lease stays.
std::unique_ptr<IMutexLease::AsyncRelease> Lease::do_make_release(
    std::optional<std::chrono::milliseconds> patience) {
  return coroutines::make_operation<Result<bool>>(
      engine_->loop(),
      [this, engine = engine_, held_lock = held_lock_, patience](const std::stop_token& stop) {
        auto routine = engine->async_release(held_lock, patience, stop);
        if (auto known = give_back()) return result_at_hand(*known);
        return routine;
      });
}

}  // namespace cachesite::mutex
