#include "basics/checked_options.hpp"
#include "rate_limit/limiter.hpp"

#include <cachesite/sliding_window_limiter.hpp>

#include <utility>

namespace cachesite {

using rate_limits::Limiter;
using rate_limits::SlidingWindow;

ParameterTable SlidingWindowLimiterOptions::parameters() {
  return inherited_parameters<SlidingWindowLimiterOptions, RateLimiterOptions>();
}

namespace {

std::shared_ptr<Limiter> made(const SlidingWindowLimiterOptions& options, const ComponentContext& context) {
  return Limiter::make(SlidingWindow(parse_rate(options.rate).value()), options,
                       {"rate:window:", "redis_kit:rl:sw"}, context);
}

}  // namespace

SlidingWindowLimiter::SlidingWindowLimiter(Options options, const ComponentContext& context)
    : limiter_(made(checked_options("SlidingWindowLimiter", std::move(options)), context)) {}

SlidingWindowLimiter::~SlidingWindowLimiter() {
  limiter_->stop();
}

void SlidingWindowLimiter::start() {
  limiter_->start();
}

void SlidingWindowLimiter::await_started() {
  limiter_->await_started();
}

void SlidingWindowLimiter::stop() noexcept {
  limiter_->stop();
}

Health SlidingWindowLimiter::health() const {
  return limiter_->health();
}

RateLimiterStatistics SlidingWindowLimiter::statistics() const {
  return limiter_->statistics();
}

Result<RateDecision> SlidingWindowLimiter::do_acquire(std::string_view key, std::uint64_t cost) {
  return limiter_->acquire(key, cost);
}

Result<bool> SlidingWindowLimiter::do_reset(std::string_view key) {
  return limiter_->reset(key);
}

}  // namespace cachesite
