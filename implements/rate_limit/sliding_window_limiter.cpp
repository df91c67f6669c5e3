#include "basics/checked_options.hpp"
#include "rate_limit/limiter.hpp"

#include <cachesite/sliding_window_limiter.hpp>

#include <string>
#include <utility>

namespace cachesite {

using rate_limits::Limiter;
using rate_limits::SlidingWindow;

ParameterTable SlidingWindowLimiterOptions::parameters() {
  return inherited_parameters<SlidingWindowLimiterOptions, RateLimiterOptions>();
}

std::vector<OptionComplaint> SlidingWindowLimiterOptions::complaints() const {
  auto complaints = RateLimiterOptions::complaints();
  if (const auto read = parse_rate(rate); form == RateLimitForm::redis_kit && read.ok())
    if (read.value().count > rate_limits::greatest_window_of_redis_kit)
      complaints.push_back({"rate", "in the form of redis-kit the number of a window's rate is at most " +
                                        std::to_string(rate_limits::greatest_window_of_redis_kit)});
  return complaints;
}

namespace {

std::shared_ptr<Limiter> made(const SlidingWindowLimiterOptions& options, const ComponentContext& context) {
  return Limiter::make(SlidingWindow(parse_rate(options.rate).value()), options,
                       {"rate:window:" + context.name + ":", "redis_kit:rl:sw"}, context);
}

}  // namespace

SlidingWindowLimiter::SlidingWindowLimiter(Options options, const ComponentContext& context)
    : LimiterComponent(made(checked_options("SlidingWindowLimiter", std::move(options)), context)) {}

}  // namespace cachesite
