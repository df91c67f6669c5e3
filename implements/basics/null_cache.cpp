#include <cachesite/null_cache.hpp>

namespace cachesite {

CacheStatistics NullCache::statistics() const {
  CacheStatistics statistics;
  statistics.misses = misses_.load(std::memory_order_relaxed);
  statistics.writes = writes_.load(std::memory_order_relaxed);
  statistics.refusals = refusals_.load(std::memory_order_relaxed);
  return statistics;
}

Result<Found> NullCache::do_read(std::string_view, Value&) {
  misses_.fetch_add(1, std::memory_order_relaxed);
  return Found::miss;
}

Status NullCache::do_write(std::string_view, std::optional<ByteView>, TimeToLive) {
  writes_.fetch_add(1, std::memory_order_relaxed);
  return Done{};
}

Result<bool> NullCache::do_remove(std::string_view) {
  return false;
}

Result<bool> NullCache::do_contains(std::string_view) {
  return false;
}

Result<Remaining> NullCache::do_time_to_live(std::string_view) {
  return Remaining{};
}

void NullCache::on_refused() noexcept {
  refusals_.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace cachesite
