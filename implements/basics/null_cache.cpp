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

Result<bool> NullCache::do_remove(std::string_view) {
  if (stopped_.load(std::memory_order_relaxed)) return closed();
  return false;
}

Result<bool> NullCache::do_contains(std::string_view) {
  if (stopped_.load(std::memory_order_relaxed)) return closed();
  return false;
}

Result<Remaining> NullCache::do_time_to_live(std::string_view) {
  if (stopped_.load(std::memory_order_relaxed)) return closed();
  return Remaining{};
}

void NullCache::on_refused() noexcept {
  refusals_.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace cachesite
