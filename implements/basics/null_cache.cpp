#include "basics/empty_answer.hpp"

#include <cachesite/null_cache.hpp>

namespace cachesite {

namespace {

Error closed() {
  return Error(ErrorCode::closed, "the cache is stopped");
}

}  // namespace

void NullCache::stop() noexcept {
  stopped_.store(true, std::memory_order_relaxed);
}

CacheStatistics NullCache::statistics() const {
  CacheStatistics statistics;
  statistics.misses = misses_.load(std::memory_order_relaxed);
  statistics.writes = writes_.load(std::memory_order_relaxed);
  statistics.clears = clears_.load(std::memory_order_relaxed);
  statistics.refusals = refusals_.load(std::memory_order_relaxed);
  return statistics;
}

Result<Found> NullCache::do_read(std::string_view, Value&) {
  if (stopped_.load(std::memory_order_relaxed)) return closed();
  misses_.fetch_add(1, std::memory_order_relaxed);
  return Found::miss;
}

Status NullCache::do_write(std::string_view, std::optional<ByteView>, TimeToLive) {
  if (stopped_.load(std::memory_order_relaxed)) return closed();
  writes_.fetch_add(1, std::memory_order_relaxed);
  return Done{};
}

void NullCache::do_begin(CacheRequest& request) {
  if (stopped_.load(std::memory_order_relaxed)) return request.fail(closed());
  if (request.operation == CacheOperation::replace) return request.end<bool>(false);
  const std::uint64_t keys = request.is_batch() ? request.items() : 1;
  const auto effect = request.effect();
  if (effect == CacheEffect::read) misses_.fetch_add(keys, std::memory_order_relaxed);
  if (effect == CacheEffect::store || effect == CacheEffect::count)
    writes_.fetch_add(keys, std::memory_order_relaxed);
  if (request.operation == CacheOperation::clear) clears_.fetch_add(1, std::memory_order_relaxed);
  if (request.operation == CacheOperation::add) return request.end<bool>(true);
  basics::answer_as_empty(request);
}

void NullCache::on_refused() noexcept {
  refusals_.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace cachesite
