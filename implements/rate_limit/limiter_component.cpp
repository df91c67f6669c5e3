#include "rate_limit/limiter.hpp"

#include <cachesite/detail/limiter_component.hpp>

#include <utility>

namespace cachesite::detail {

LimiterComponent::LimiterComponent(std::shared_ptr<rate_limits::Limiter> limiter)
    : limiter_(std::move(limiter)) {}

LimiterComponent::~LimiterComponent() {
  limiter_->stop();
}

void LimiterComponent::start() {
  limiter_->start();
}

void LimiterComponent::await_started() {
  limiter_->await_started();
}

void LimiterComponent::stop() noexcept {
  limiter_->stop();
}

Health LimiterComponent::health() const {
  return limiter_->health();
}

RateLimiterStatistics LimiterComponent::statistics() const {
  return limiter_->statistics();
}

Result<RateDecision> LimiterComponent::do_acquire(std::string_view key, std::uint64_t cost) {
  return limiter_->acquire(key, cost);
}

Result<bool> LimiterComponent::do_reset(std::string_view key) {
  return limiter_->reset(key);
}

}  // namespace cachesite::detail
