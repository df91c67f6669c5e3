#pragma once

#include <cachesite/detail/rate_limiter_options.hpp>
#include <cachesite/rate_limiter.hpp>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <map>
#include <string>
#include <vector>

namespace cachesite::test {

/// What limiters have to answer, computed in the plainest way: millisecond by millisecond, with nothing ever
/// forgotten but by the rule itself.

/// A bucket in whole units: a token is as many as the period has milliseconds.
class BucketModel {
 public:
  BucketModel(const Rate& rate, std::uint64_t capacity)
      : gain_(static_cast<std::int64_t>(rate.count)), token_(rate.period.count()), capacity_(capacity) {}

  void advance(std::int64_t milliseconds) {
    for (auto& [key, units] : units_)
      for (std::int64_t passed = 0; passed < milliseconds && units < full(); ++passed)
        units = std::min(full(), units + gain_);
  }

  RateDecision take(const std::string& key, std::uint64_t cost) {
    auto& units = units_.try_emplace(key, full()).first->second;
    const auto wanted = static_cast<std::int64_t>(cost) * token_;
    RateDecision decision;
    decision.limit = capacity_;
    decision.allowed = units >= wanted;
    decision.retry_after = time_until(units, wanted);
    if (decision.allowed) units -= wanted;
    decision.remaining = static_cast<std::uint64_t>(units / token_);
    decision.reset_after = time_until(units, full());
    return decision;
  }

 private:
  [[nodiscard]] std::int64_t full() const { return static_cast<std::int64_t>(capacity_) * token_; }
  [[nodiscard]] std::chrono::milliseconds time_until(std::int64_t units, std::int64_t wanted) const {
    std::int64_t milliseconds = 0;
    for (; units < wanted; units += gain_)
      ++milliseconds;
    return std::chrono::milliseconds(milliseconds);
  }

  std::int64_t gain_;
  std::int64_t token_;
  std::uint64_t capacity_;
  std::map<std::string, std::int64_t> units_;
};

/// A window as the list of everything that was ever taken.
class WindowModel {
 public:
  /// What was taken counts for the period, and `longer` in addition.
  explicit WindowModel(const Rate& rate, std::int64_t longer = 0)
      : limit_(rate.count), window_(rate.period.count() + longer) {}

  void advance(std::int64_t milliseconds) { now_ += milliseconds; }

  [[nodiscard]] bool allows(const std::string& key, std::uint64_t cost) {
    return used(key, now_) + cost <= limit_;
  }
  void record(const std::string& key, std::uint64_t cost) { takings_[key].push_back({now_, cost}); }

  RateDecision take(const std::string& key, std::uint64_t cost) {
    RateDecision decision;
    decision.limit = limit_;
    decision.allowed = allows(key, cost);
    if (decision.allowed) record(key, cost);
    decision.remaining = limit_ - used(key, now_);
    if (!decision.allowed) decision.retry_after = time_until(key, limit_ - cost);
    decision.reset_after = time_until(key, 0);
    return decision;
  }

 private:
  struct Taking {
    std::int64_t at;
    std::uint64_t count;
  };
  [[nodiscard]] std::uint64_t used(const std::string& key, std::int64_t when) {
    std::uint64_t sum = 0;
    for (const auto& taking : takings_[key])
      if (taking.at > when - window_) sum += taking.count;
    return sum;
  }
  std::chrono::milliseconds time_until(const std::string& key, std::uint64_t most) {
    std::int64_t milliseconds = 0;
    while (used(key, now_ + milliseconds) > most)
      ++milliseconds;
    return std::chrono::milliseconds(milliseconds);
  }

  std::uint64_t limit_;
  std::int64_t window_;
  std::int64_t now_ = 0;
  std::map<std::string, std::vector<Taking>> takings_;
};

/// A bucket with the floating-point numbers of redis-kit, which begins at the time of a RedisServerWithClock.
class RedisKitBucketModel {
 public:
  RedisKitBucketModel(const Rate& rate, std::uint64_t capacity, std::int64_t now_milliseconds)
      : rate_(static_cast<double>(rate.count) * 1000 / static_cast<double>(rate.period.count())),
        capacity_(static_cast<double>(capacity)),
        now_(now_milliseconds) {}

  void advance(std::int64_t milliseconds) { now_ += milliseconds; }

  RateDecision take(const std::string& key, std::uint64_t cost) {
    const double now =
        static_cast<double>(now_ / 1000) + static_cast<double>(now_ % 1000 * 1000) / 1'000'000.0;
    auto& bucket = buckets_.try_emplace(key, Bucket{capacity_, now}).first->second;
    bucket.tokens = std::min(capacity_, bucket.tokens + std::max(0.0, now - bucket.at) * rate_);
    bucket.at = now;
    const auto wanted = static_cast<double>(cost);
    RateDecision decision;
    decision.limit = static_cast<std::uint64_t>(capacity_);
    decision.allowed = bucket.tokens >= wanted;
    if (decision.allowed)
      bucket.tokens -= wanted;
    else
      decision.retry_after = time_for(wanted - bucket.tokens);
    decision.remaining = static_cast<std::uint64_t>(bucket.tokens);
    decision.reset_after = time_for(capacity_ - bucket.tokens);
    return decision;
  }

 private:
  struct Bucket {
    double tokens;
    double at;
  };
  [[nodiscard]] std::chrono::milliseconds time_for(double tokens) const {
    return std::chrono::milliseconds(static_cast<std::int64_t>(std::ceil(tokens / rate_ * 1000)));
  }

  double rate_;
  double capacity_;
  std::int64_t now_;
  std::map<std::string, Bucket> buckets_;
};

}  // namespace cachesite::test
