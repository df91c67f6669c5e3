#pragma once

#include "redis/channel/waiter.hpp"

#include <cstddef>
#include <utility>

namespace cachesite::redis {

/// Those who wait for something other than an answer, such as a connection, and are told instead of having a
/// thread that waits. First come first served. It owns nothing, and its owner locks.
///
///     idle      not in the list         join() -> waiting
///     waiting   for what it joined for  release_one(), release_all() -> ended, and the owner has a home
///                                       deliver it; withdraw() -> idle
///     ended     is on its way           its `ended` is called
class WaitList {
 public:
  [[nodiscard]] bool empty() const noexcept { return waiters_.empty(); }
  [[nodiscard]] std::size_t size() const noexcept { return waiters_.size(); }

  void join(Waiter& waiter) noexcept {
    waiter.state = Waiter::State::waiting;
    waiters_.push(waiter);
  }
  /// False when it has been released before.
  bool withdraw(Waiter& waiter) noexcept {
    if (waiter.state != Waiter::State::waiting) return false;
    waiters_.unlink(waiter);
    waiter.state = Waiter::State::idle;
    return true;
  }
  /// Those to be told, a list by `next`.
  [[nodiscard]] Waiter* release_one() noexcept { return waiters_.empty() ? nullptr : &release(); }
  [[nodiscard]] Waiter* release_all() noexcept {
    Waiter* first = nullptr;
    for (Waiter** place = &first; !waiters_.empty(); place = &(*place)->next)
      *place = &release();
    return first;
  }

 private:
  Waiter& release() noexcept {
    Waiter& waiter = waiters_.pop();
    waiter.state = Waiter::State::ended;
    return waiter;
  }

  WaiterQueue waiters_;
};

}  // namespace cachesite::redis
