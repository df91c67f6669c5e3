#include "coroutines/pause.hpp"

namespace cachesite::coroutines {

void Pause::wake() noexcept {
  if (state_.exchange(State::woken, std::memory_order_acq_rel) == State::waiting) place_.loop->execute(*this);
}

// Nothing is touched after the exchange, when the coroutine may go on elsewhere.
bool Pause::suspend(std::coroutine_handle<> coroutine, TimePoint when, const std::stop_token& stop) noexcept {
  if (state_.load(std::memory_order_acquire) == State::woken) return false;
  coroutine_ = coroutine;
  armed_ = when != TimePoint::max();
  if (stop.stop_possible()) on_stop_.emplace(stop, Wake{this});
  if (armed_) place_.reactor->arm(*this, when);
  auto expected = State::idle;
  return state_.compare_exchange_strong(expected, State::waiting, std::memory_order_acq_rel);
}

void Pause::go_on() noexcept {
  on_stop_.reset();
  if (armed_) (void)place_.reactor->disarm(*this);
  armed_ = false;
  state_.store(State::idle, std::memory_order_release);
}

}  // namespace cachesite::coroutines
