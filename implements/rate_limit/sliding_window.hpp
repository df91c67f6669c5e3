#pragma once

#include "rate_limit/token_bucket.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace cachesite::rate_limits {

/// The rule of a sliding window: what was taken counts for `window` milliseconds. Scripts on Redis count the
/// same way.
///
/// A log of takings is either empty, and then nobody need remember it, or holds those that count. Taking
/// leads from the one to the other, time back.
class SlidingWindow {
 public:
  /// Takings that a log tells apart, at most. Of a greater limit those within one step of the clock are kept
  /// as one, at the time of the last.
  static constexpr std::uint64_t most_takings = 1000;

  class State {
   private:
    friend SlidingWindow;
    struct Taking {
      Instant at;
      std::uint64_t count;
    };
    std::vector<Taking> takings_;
    std::size_t first_ = 0;  // the first that counts
    std::uint64_t used_ = 0;
  };

  explicit SlidingWindow(const Rate& rate);

  /// The same window for a part of what it is for; at least 1.
  [[nodiscard]] SlidingWindow part(double share) const;

  [[nodiscard]] State untouched() const noexcept { return {}; }
  /// Takes if the limit allows it. Precondition: cost <= limit(), and `now` is not before that of an earlier
  /// call. Throws std::bad_alloc; nothing is taken then.
  [[nodiscard]] RateDecision take(State& state, Instant now, std::uint64_t cost) const;

  [[nodiscard]] std::uint64_t limit() const noexcept { return limit_; }
  /// After so long without a taking a log is empty.
  [[nodiscard]] std::int64_t in_force() const noexcept { return window_; }
  [[nodiscard]] std::int64_t window() const noexcept { return window_; }
  [[nodiscard]] std::int64_t step() const noexcept { return step_; }

 private:
  [[gnu::noinline]] void forget(State& state, Instant now) const noexcept;
  // Until no more than so much counts.
  [[nodiscard]] std::chrono::milliseconds time_until(const State& state, Instant now,
                                                     std::uint64_t most) const;

  std::uint64_t limit_;
  std::int64_t window_;
  std::int64_t step_;
};

inline RateDecision SlidingWindow::take(State& state, Instant now, std::uint64_t cost) const {
  auto& takings = state.takings_;
  if (state.used_ > 0 && takings[state.first_].at + window_ <= now) forget(state, now);
  RateDecision decision;
  decision.limit = limit_;
  if (state.used_ + cost > limit_) {
    decision.retry_after = time_until(state, now, limit_ - cost);
  } else {
    decision.allowed = true;
    if (state.used_ > 0 && takings.back().at / step_ == now / step_)
      takings.back() = {now, takings.back().count + cost};
    else
      takings.push_back({now, cost});
    state.used_ += cost;
  }
  decision.remaining = limit_ - state.used_;
  decision.reset_after = std::chrono::milliseconds(takings.back().at + window_ - now);
  return decision;
}

}  // namespace cachesite::rate_limits
