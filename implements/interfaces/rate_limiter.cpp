#include <cachesite/rate_limiter.hpp>

#include <string>

namespace cachesite {

namespace {

std::string text_of(const RateDecision& decision) {
  const auto tenths = (decision.retry_after.count() + 99) / 100;
  return "Rate limit exceeded: " + std::to_string(decision.remaining) + "/" + std::to_string(decision.limit) +
         ", retry after " + std::to_string(tenths / 10) + "." + std::to_string(tenths % 10) + "s";
}

}  // namespace

RateLimitExceeded::RateLimitExceeded(const RateDecision& decision)
    : std::runtime_error(text_of(decision)), decision_(decision) {}

}  // namespace cachesite
