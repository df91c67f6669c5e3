#include "mutex/lock_line.hpp"

#include <algorithm>
#include <utility>

namespace cachesite::mutex {

LockLine::Waiter::Waiter(LockLine& line, MutexMode mode, coroutines::Pause* pause)
    : line_(line), mode_(mode), pause_(pause) {
  const std::lock_guard lock(line_.mutex_);
  position_ = line_.waiting_.insert(line_.waiting_.end(), this);
}

LockLine::Waiter::~Waiter() {
  if (!in_line_) return;
  const std::lock_guard lock(line_.mutex_);
  line_.waiting_.erase(position_);
  line_.call_next();
}

bool LockLine::Waiter::wait_for_turn(std::optional<std::chrono::nanoseconds> limit,
                                     const std::stop_token& stop) {
  std::unique_lock lock(line_.mutex_);
  const auto admitted = [this] { return line_.admits(*this); };
  if (admitted()) return true;
  if (!limit) return turn_.wait(lock, stop, admitted);
  return turn_.wait_for(lock, stop, *limit, admitted);
}

bool LockLine::Waiter::is_admitted() const noexcept {
  const std::lock_guard lock(line_.mutex_);
  return line_.admits(*this);
}

void LockLine::Waiter::call() noexcept {
  if (pause_ != nullptr)
    pause_->wake();
  else
    turn_.notify_one();
}

void LockLine::Waiter::become(std::shared_ptr<HeldLock> held_lock) noexcept {
  holding_.front() = std::move(held_lock);
  const std::lock_guard lock(line_.mutex_);
  line_.held_locks_.splice(line_.held_locks_.end(), holding_);
  line_.waiting_.erase(position_);
  in_line_ = false;
  line_.call_next();
}

bool LockLine::admits(const Waiter& waiter) const noexcept {
  if (waiting_.front() != &waiter) return false;
  if (waiter.mode_ == MutexMode::exclusive) return held_locks_.empty();
  return std::all_of(held_locks_.begin(), held_locks_.end(),
                     [](const auto& held_lock) { return held_lock->claim.mode == MutexMode::shared; });
}

void LockLine::call_next() noexcept {
  if (!waiting_.empty() && admits(*waiting_.front())) waiting_.front()->call();
}

std::shared_ptr<HeldLock> LockLine::take_again() noexcept {
  const std::lock_guard lock(mutex_);
  for (const auto& held_lock : held_locks_)
    if (held_lock->claim.mode == MutexMode::exclusive && held_lock->holder == std::this_thread::get_id() &&
        held_lock->held()) {
      ++held_lock->depth;
      return held_lock;
    }
  return nullptr;
}

bool LockLine::give_back_once(HeldLock& held_lock) noexcept {
  const std::lock_guard lock(mutex_);
  return --held_lock.depth == 0;
}

void LockLine::vacate(const HeldLock& held_lock) noexcept {
  std::list<std::shared_ptr<HeldLock>> vacated;  // goes without the lock
  const std::lock_guard lock(mutex_);
  const auto found = std::find_if(held_locks_.begin(), held_locks_.end(),
                                  [&](const auto& held) { return held.get() == &held_lock; });
  if (found != held_locks_.end()) vacated.splice(vacated.end(), held_locks_, found);
  call_next();
}

std::vector<std::shared_ptr<HeldLock>> LockLine::held_locks() const {
  const std::lock_guard lock(mutex_);
  return {held_locks_.begin(), held_locks_.end()};
}

}  // namespace cachesite::mutex
