#include "basics/checked_options.hpp"
#include "binding/range_check.hpp"
#include "rate_limit/limiter.hpp"

#include <cachesite/token_bucket_limiter.hpp>

#include <utility>

namespace cachesite {

using rate_limits::Limiter;
using rate_limits::TokenBucket;

ParameterTable TokenBucketLimiterOptions::parameters() {
  using O = TokenBucketLimiterOptions;
  return ParameterTable{
      parameter("capacity", &O::capacity, "Most tokens in a bucket, all of which one call may take.")
          .computed_default("the number in rate")
          .between(1, 1'000'000'000)
          .unit("tokens"),
  }
      .only_in_files()
      .add(inherited_parameters<O, RateLimiterOptions>());
}

std::vector<OptionComplaint> TokenBucketLimiterOptions::complaints() const {
  auto complaints = RateLimiterOptions::complaints();
  binding::check_range(*parameters().find("capacity"), this, complaints);
  if (const auto read = parse_rate(rate); read.ok())
    if (!TokenBucket::fits(read.value(), capacity.value_or(read.value().count)))
      complaints.push_back(
          {capacity ? "capacity" : "rate", "so many tokens over so long a time cannot be counted exactly"});
  return complaints;
}

namespace {

std::shared_ptr<Limiter> made(const TokenBucketLimiterOptions& options, const ComponentContext& context) {
  const Rate rate = parse_rate(options.rate).value();
  return Limiter::make(TokenBucket(rate, options.capacity.value_or(rate.count)), options,
                       {"rate:bucket:" + context.name + ":", "redis_kit:rl:tb"}, context);
}

}  // namespace

TokenBucketLimiter::TokenBucketLimiter(Options options, const ComponentContext& context)
    : LimiterComponent(made(checked_options("TokenBucketLimiter", std::move(options)), context)) {}

}  // namespace cachesite
