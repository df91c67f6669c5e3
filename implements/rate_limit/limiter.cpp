#include "rate_limit/limiter.hpp"

namespace cachesite::rate_limits {

void Limiter::start() const {
  if (user_) user_->start();
}

void Limiter::await_started() const {
  if (user_) user_->await_started();
}

void Limiter::stop() noexcept {
  stopped_.store(true, std::memory_order_relaxed);
  if (user_) user_->stop();
}

Health Limiter::health() const {
  if (!user_) return {};
  Health health = user_->health();
  if (health.state == HealthState::down && without_server_ != WithoutServer::deny)
    health.state = HealthState::degraded;
  return health;
}

Error Limiter::over() const {
  return fork_mark_.forked() ? basics::forked_error() : Error(ErrorCode::closed, "the limiter is stopped");
}

Error Limiter::refusal() const {
  if (is_over()) return over();
  return Error(ErrorCode::bad_argument, "a cost is 1 to the limit, which is " + std::to_string(limit_));
}

Result<RateDecision> Limiter::acquire(std::string_view key, std::uint64_t cost) {
  if (is_over() || cost == 0 || cost > limit_) [[unlikely]]
    return refusal();
  return ledger_->take(key, cost);
}

Result<bool> Limiter::reset(std::string_view key) {
  if (is_over()) return over();
  return ledger_->reset(key);
}

RateLimiterStatistics Limiter::statistics() const {
  // A lock of the ledger may be held by a thread that a forked child does not have.
  return fork_mark_.forked() ? RateLimiterStatistics() : ledger_->statistics();
}

}  // namespace cachesite::rate_limits
