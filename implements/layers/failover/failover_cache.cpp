#include "basics/checked_options.hpp"
#include "layers/failover/failover_cache_inner.hpp"
#include "layers/failover/failover_course.hpp"

#include <cachesite/failover_cache.hpp>

#include <atomic>
#include <stdexcept>
#include <utility>

namespace cachesite {

namespace {

FailoverCacheOptions checked(FailoverCacheOptions options) {
  if (!options.over.component())
    throw std::invalid_argument("a FailoverCache needs a cache: over is not set");
  return checked_options("FailoverCache", std::move(options));
}

}  // namespace

FailoverCache::FailoverCache(FailoverCacheOptions options, const ComponentContext& context)
    : CacheLayer(checked(options).over.component()),
      inner_(std::make_shared<Inner>(options, below(), context)) {}

FailoverCache::~FailoverCache() = default;

void FailoverCache::stop() noexcept {
  CacheLayer::stop();
  inner_->stopped.store(true, std::memory_order_relaxed);
}

Health FailoverCache::health() const {
  auto health = CacheLayer::health();
  if (stopped() || health.state != HealthState::down) return health;
  if (inner_->second && inner_->second->health().state != HealthState::down)
    return {HealthState::degraded, "the second cache is in use: " + health.reason};
  if (inner_->on_error != OnError::error)
    return {HealthState::degraded, "works without a cache: " + health.reason};
  return health;
}

CacheStatistics FailoverCache::statistics() const {
  auto statistics = CacheLayer::statistics();
  if (!inner_->second) return statistics;
  const auto more = inner_->second->statistics();
  statistics.hits += more.hits;
  statistics.misses += more.misses;
  statistics.writes += more.writes;
  statistics.removals += more.removals;
  statistics.clears += more.clears;
  return statistics;
}

FailoverStatistics FailoverCache::failover_statistics() const {
  FailoverStatistics statistics;
  inner_->log.add_to(statistics);
  statistics.failover_calls = inner_->failover_calls.load(std::memory_order_relaxed);
  statistics.degraded_calls = inner_->degraded_calls.load(std::memory_order_relaxed);
  return statistics;
}

bool FailoverCache::may_wait() const noexcept {
  return below_may_wait() || (inner_->second && waits(*inner_->second));
}

void FailoverCache::do_begin(CacheRequest& request) {
  auto& inner = *inner_;
  Inner::Items failed;
  if (inner.goes_straight(request)) {
    forward(request);
    failed = inner.note_first(request, false);
    if (failed.empty()) return;
  }
  const bool uses_first =
      !failed.empty() || Course::is_walk(request) || inner.is_stopped() || inner.log.may_use_first();
  Course course(inner, request, std::move(failed), uses_first);
  while (const auto* const question = course.next())
    if (question->second)
      inner.second->perform(*question->request);
    else
      forward(*question->request);
}

}  // namespace cachesite
