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

Result<bool> NullCache::do_add(std::string_view, std::optional<ByteView>, TimeToLive) {
  if (stopped_.load(std::memory_order_relaxed)) return closed();
  writes_.fetch_add(1, std::memory_order_relaxed);
  return true;
}

Result<bool> NullCache::do_replace(std::string_view, std::optional<ByteView>, TimeToLive) {
  if (stopped_.load(std::memory_order_relaxed)) return closed();
  return false;
}

Result<std::int64_t> NullCache::do_increment(std::string_view, std::int64_t by, TimeToLive) {
  if (stopped_.load(std::memory_order_relaxed)) return closed();
  writes_.fetch_add(1, std::memory_order_relaxed);
  return by;
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

Result<bool> NullCache::do_expire(std::string_view, TimeToLive) {
  if (stopped_.load(std::memory_order_relaxed)) return closed();
  return false;
}

Result<bool> NullCache::do_persist(std::string_view) {
  if (stopped_.load(std::memory_order_relaxed)) return closed();
  return false;
}

Status NullCache::do_scan(std::string_view, ScanPosition& position, std::vector<std::string>&) {
  if (stopped_.load(std::memory_order_relaxed)) return closed();
  position.finished = true;
  return Done{};
}

Status NullCache::do_clear() {
  if (stopped_.load(std::memory_order_relaxed)) return closed();
  clears_.fetch_add(1, std::memory_order_relaxed);
  return Done{};
}

Result<std::uint64_t> NullCache::do_size() {
  if (stopped_.load(std::memory_order_relaxed)) return closed();
  return std::uint64_t{0};
}

void NullCache::on_refused() noexcept {
  refusals_.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace cachesite
