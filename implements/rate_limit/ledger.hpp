#pragma once

#include <cachesite/rate_limiter.hpp>

#include <cstdint>
#include <string_view>

namespace cachesite::rate_limits {

/// Where it is written down what was taken of each key.
class Ledger {
 public:
  Ledger() = default;
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;
  virtual ~Ledger() = default;

  virtual Result<RateDecision> take(std::string_view key, std::uint64_t cost) = 0;
  virtual Result<bool> reset(std::string_view key) = 0;
  [[nodiscard]] virtual RateLimiterStatistics statistics() const = 0;
};

}  // namespace cachesite::rate_limits
