#include "rate_limit/token_bucket.hpp"

#include "rate_limit/share.hpp"

#include <numeric>

namespace cachesite::rate_limits {

TokenBucket::TokenBucket(std::int64_t gain, std::int64_t period, std::uint64_t capacity)
    : gain_(gain / std::gcd(gain, period)),
      period_(period / std::gcd(gain, period)),
      full_(static_cast<std::int64_t>(capacity) * period_) {}

TokenBucket::TokenBucket(const Rate& rate, std::uint64_t capacity)
    : TokenBucket(static_cast<std::int64_t>(rate.count), rate.period.count(), capacity) {}

bool TokenBucket::fits(const Rate& rate, std::uint64_t capacity) noexcept {
  const std::int64_t period = rate.period.count();
  const std::int64_t unit = period / std::gcd(static_cast<std::int64_t>(rate.count), period);
  return capacity <= static_cast<std::uint64_t>(most_units / unit);
}

TokenBucket TokenBucket::part(double share) const {
  const auto thousandths = thousandths_of(share);
  return {gain_ * thousandths, period_ * 1000, part_of(limit(), thousandths)};
}

RateDecision TokenBucket::take(State& state, Instant now, std::uint64_t cost) const noexcept {
  if (now > state.at) {
    const std::int64_t passed = now - state.at;
    const std::int64_t missing = full_ - state.units;
    state.units = passed >= time_for(missing) ? full_ : state.units + passed * gain_;
    state.at = now;
  }
  const std::int64_t wanted = static_cast<std::int64_t>(cost) * period_;
  RateDecision decision;
  decision.limit = limit();
  decision.allowed = state.units >= wanted;
  if (decision.allowed)
    state.units -= wanted;
  else
    decision.retry_after = std::chrono::milliseconds(time_for(wanted - state.units));
  decision.remaining = static_cast<std::uint64_t>(state.units / period_);
  decision.reset_after = std::chrono::milliseconds(time_for(full_ - state.units));
  return decision;
}

}  // namespace cachesite::rate_limits
