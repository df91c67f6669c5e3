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
    : LimiterComponent(made(checked_options("SlidingWindowLimiter", std::move(options)), context)) {}

}  // namespace cachesite
