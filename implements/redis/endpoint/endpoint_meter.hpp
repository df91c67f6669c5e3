#pragma once

#include "redis/base/deadline.hpp"
#include "redis/base/traffic.hpp"

#include <cachesite/detail/redis_statistics.hpp>
#include <cachesite/error.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>

namespace cachesite::redis {

/// Counts what happens at an endpoint. From any thread.
class EndpointMeter {
 public:
  [[nodiscard]] const std::shared_ptr<Traffic>& traffic() const noexcept { return traffic_; }

  void connected() noexcept { add(connects_); }
  [[nodiscard]] std::uint64_t connects() const noexcept { return connects_.load(relaxed); }
  void connect_failed(const Error& error) noexcept {
    add(failed_connects_);
    note(error);
  }
  void lost(const Error& reason) noexcept {
    add(losses_);
    note(reason);
  }
  void repeated() noexcept { add(retries_); }
  void answered(SteadyTime::duration duration) noexcept {
    add(latency_[LatencyHistogram::interval_of(duration)]);
  }
  void timed_out(bool sent) noexcept { add(sent ? timeouts_sent_ : timeouts_queued_); }
  void failed(const Error& error) noexcept {
    add(failed_);
    note(error);
  }

  void fill(RedisEndpointStatistics& statistics) const {
    statistics.connects = connects_.load(relaxed);
    statistics.failed_connects = failed_connects_.load(relaxed);
    statistics.losses = losses_.load(relaxed);
    statistics.retries = retries_.load(relaxed);
    statistics.timeouts_queued = timeouts_queued_.load(relaxed);
    statistics.timeouts_sent = timeouts_sent_.load(relaxed);
    statistics.failed = failed_.load(relaxed);
    statistics.bytes_received = traffic_->received.load(relaxed);
    statistics.bytes_sent = traffic_->sent.load(relaxed);
    for (std::size_t interval = 0; interval < latency_.size(); ++interval)
      statistics.latency.add(interval, latency_[interval].load(relaxed));
    statistics.answered = statistics.latency.count();
    const std::lock_guard lock(mutex_);
    if (!last_error_) return;
    statistics.last_error = last_error_->message();
    statistics.last_error_at = last_error_at_;
  }

 private:
  static constexpr auto relaxed = std::memory_order_relaxed;
  using Counter = std::atomic<std::uint64_t>;

  static void add(Counter& counter) noexcept { counter.fetch_add(1, relaxed); }
  void note(const Error& error) noexcept {
    const std::lock_guard lock(mutex_);
    last_error_ = error;
    last_error_at_ = std::chrono::system_clock::now();
  }

  const std::shared_ptr<Traffic> traffic_ = std::make_shared<Traffic>();
  std::array<Counter, LatencyHistogram::size> latency_{};
  Counter connects_{0};
  Counter failed_connects_{0};
  Counter losses_{0};
  Counter retries_{0};
  Counter timeouts_queued_{0};
  Counter timeouts_sent_{0};
  Counter failed_{0};
  mutable std::mutex mutex_;
  std::optional<Error> last_error_;
  std::chrono::system_clock::time_point last_error_at_;
};

}  // namespace cachesite::redis
