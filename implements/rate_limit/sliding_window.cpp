#include "rate_limit/sliding_window.hpp"

#include "rate_limit/share.hpp"

#include <algorithm>

namespace cachesite::rate_limits {

SlidingWindow::SlidingWindow(const Rate& rate)
    : limit_(rate.count),
      window_(rate.period.count()),
      step_(limit_ <= most_takings
                ? 1
                : std::max<std::int64_t>(1, window_ / static_cast<std::int64_t>(most_takings))) {}

SlidingWindow SlidingWindow::part(double share) const {
  return SlidingWindow(Rate{part_of(limit_, thousandths_of(share)), std::chrono::milliseconds(window_)});
}

void SlidingWindow::forget(State& state, Instant now) const noexcept {
  auto& takings = state.takings_;
  while (state.first_ < takings.size() && takings[state.first_].at + window_ <= now)
    state.used_ -= takings[state.first_++].count;
  // Moving the rest once half is gone costs a constant for each taking.
  if (state.first_ * 2 < takings.size()) return;
  takings.erase(takings.begin(), takings.begin() + static_cast<std::ptrdiff_t>(state.first_));
  state.first_ = 0;
}

std::chrono::milliseconds SlidingWindow::time_until(const State& state, Instant now,
                                                    std::uint64_t most) const {
  auto taking = state.takings_.begin() + static_cast<std::ptrdiff_t>(state.first_);
  for (std::uint64_t back = taking->count; state.used_ - back > most; back += taking->count)
    ++taking;
  return std::chrono::milliseconds(taking->at + window_ - now);
}

}  // namespace cachesite::rate_limits
