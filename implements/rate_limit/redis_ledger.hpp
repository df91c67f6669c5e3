#pragma once

#include "rate_limit/ledger.hpp"
#include "rate_limit/redis_form.hpp"

#include <cachesite/detail/failure_report.hpp>
#include <cachesite/detail/rate_limiter_options.hpp>
#include <cachesite/redis.hpp>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <string>

namespace cachesite::rate_limits {

/// What was taken, on a Redis server. Every call asks the server; when it gives no answer, the call is
/// decided here.
class RedisLedger final : public Ledger {
 public:
  struct Options {
    std::chrono::milliseconds timeout;
    WithoutServer without_server;
    std::uint64_t limit;
    std::uint64_t local_limit;
  };

  /// `local` decides without a server when the options say so, and is null otherwise.
  RedisLedger(std::shared_ptr<IRedis> redis, RedisForm form, const Options& options,
              std::unique_ptr<Ledger> local, detail::FailureReport report);

  Result<RateDecision> take(std::string_view key, std::uint64_t cost) override;
  Result<bool> reset(std::string_view key) override;
  [[nodiscard]] RateLimiterStatistics statistics() const override;

 private:
  [[nodiscard]] Result<RateDecision> ask(std::string_view key, std::uint64_t cost);
  [[nodiscard]] Result<RateDecision> decide(std::string_view key, std::uint64_t cost);
  [[nodiscard]] std::string next_member();

  const std::shared_ptr<IRedis> redis_;
  const RedisForm form_;
  const RedisScript script_;
  const Options options_;
  const std::unique_ptr<Ledger> local_;
  const detail::FailureReport report_;
  const std::uint64_t origin_;  // of the members, drawn at random
  std::atomic<std::uint32_t> members_{0};
  std::atomic<std::uint64_t> allowed_{0};
  std::atomic<std::uint64_t> refused_{0};
  std::atomic<std::uint64_t> without_server_{0};
};

}  // namespace cachesite::rate_limits
