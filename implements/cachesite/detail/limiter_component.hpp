#pragma once

#include <cachesite/component.hpp>
#include <cachesite/rate_limiter.hpp>

#include <cstdint>
#include <memory>
#include <string_view>

namespace cachesite::rate_limits {
class Limiter;
}

namespace cachesite::detail {

/// The common part of TokenBucketLimiter and SlidingWindowLimiter: everything except their rule and their
/// settings. Safe from any thread.
class LimiterComponent : public IRateLimiter {
 public:
  ~LimiterComponent() override;

  void start() override;
  void await_started() override;
  void stop() noexcept override;
  /// Of a limiter on Redis: `degraded` while it works without its server, `down` when it then refuses all.
  [[nodiscard]] Health health() const override;
  [[nodiscard]] RateLimiterStatistics statistics() const override;

 protected:
  explicit LimiterComponent(std::shared_ptr<rate_limits::Limiter> limiter);

  Result<RateDecision> do_acquire(std::string_view key, std::uint64_t cost) override;
  Result<bool> do_reset(std::string_view key) override;

 private:
  const std::shared_ptr<rate_limits::Limiter> limiter_;
};

}  // namespace cachesite::detail
