#include <cachesite/cache_layer.hpp>

#include <stdexcept>
#include <utility>

namespace cachesite {

CacheLayer::CacheLayer(std::shared_ptr<ICache> below) : below_(std::move(below)) {
  if (!below_) throw std::invalid_argument("a layer needs a cache below it: over is not set");
}

CacheLayer::~CacheLayer() = default;

void CacheLayer::stop() noexcept {
  stopped_.store(true, std::memory_order_relaxed);
}

Health CacheLayer::health() const {
  if (stopped()) return {HealthState::down, "stopped"};
  return below_->health();
}

CacheStatistics CacheLayer::statistics() const {
  auto statistics = below_->statistics();
  statistics.refusals += refusals_.load(std::memory_order_relaxed);
  return statistics;
}

void CacheLayer::on_refused() noexcept {
  refusals_.fetch_add(1, std::memory_order_relaxed);
}

Error CacheLayer::closed() {
  return Error(ErrorCode::closed, "the cache is stopped");
}

Result<Found> CacheLayer::do_read(std::string_view key, Value& destination) {
  return forward_read(key, destination);
}

Status CacheLayer::do_write(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live) {
  return forward_write(key, value, time_to_live);
}

Result<bool> CacheLayer::do_add(std::string_view key, std::optional<ByteView> value,
                                TimeToLive time_to_live) {
  return forward_add(key, value, time_to_live);
}

Result<bool> CacheLayer::do_replace(std::string_view key, std::optional<ByteView> value,
                                    TimeToLive time_to_live) {
  return forward_replace(key, value, time_to_live);
}

Result<std::int64_t> CacheLayer::do_increment(std::string_view key, std::int64_t by,
                                              TimeToLive time_to_live) {
  return forward_increment(key, by, time_to_live);
}

Result<bool> CacheLayer::do_remove(std::string_view key) {
  return forward_remove(key);
}

Result<bool> CacheLayer::do_contains(std::string_view key) {
  return forward_contains(key);
}

Result<Remaining> CacheLayer::do_time_to_live(std::string_view key) {
  return forward_time_to_live(key);
}

Result<bool> CacheLayer::do_expire(std::string_view key, TimeToLive time_to_live) {
  return forward_expire(key, time_to_live);
}

Result<bool> CacheLayer::do_persist(std::string_view key) {
  return forward_persist(key);
}

Status CacheLayer::do_scan(std::string_view pattern, ScanPosition& position, std::vector<std::string>& keys) {
  return forward_scan(pattern, position, keys);
}

Result<std::uint64_t> CacheLayer::do_remove_matching(std::string_view pattern) {
  return forward_remove_matching(pattern);
}

Status CacheLayer::do_clear() {
  return forward_clear();
}

Result<std::uint64_t> CacheLayer::do_size() {
  return forward_size();
}

void CacheLayer::do_read_many(std::span<const std::string_view> keys, std::span<Lookup> results) {
  forward_read_many(keys, results);
}

void CacheLayer::do_write_many(std::span<const CacheEntry> entries, std::span<Status> results) {
  forward_write_many(entries, results);
}

void CacheLayer::do_remove_many(std::span<const std::string_view> keys, std::span<Result<bool>> results) {
  forward_remove_many(keys, results);
}

void CacheLayer::do_time_to_live_many(std::span<const std::string_view> keys,
                                      std::span<Result<Remaining>> results) {
  forward_time_to_live_many(keys, results);
}

Status CacheLayer::forward_write(std::string_view key, std::optional<ByteView> value,
                                 TimeToLive time_to_live) {
  if (stopped()) return closed();
  return below_->do_write(key, value, time_to_live);
}

Result<bool> CacheLayer::forward_add(std::string_view key, std::optional<ByteView> value,
                                     TimeToLive time_to_live) {
  if (stopped()) return closed();
  return below_->do_add(key, value, time_to_live);
}

Result<bool> CacheLayer::forward_replace(std::string_view key, std::optional<ByteView> value,
                                         TimeToLive time_to_live) {
  if (stopped()) return closed();
  return below_->do_replace(key, value, time_to_live);
}

Result<std::int64_t> CacheLayer::forward_increment(std::string_view key, std::int64_t by,
                                                   TimeToLive time_to_live) {
  if (stopped()) return closed();
  return below_->do_increment(key, by, time_to_live);
}

Result<bool> CacheLayer::forward_remove(std::string_view key) {
  if (stopped()) return closed();
  return below_->do_remove(key);
}

Result<bool> CacheLayer::forward_contains(std::string_view key) {
  if (stopped()) return closed();
  return below_->do_contains(key);
}

Result<Remaining> CacheLayer::forward_time_to_live(std::string_view key) {
  if (stopped()) return closed();
  return below_->do_time_to_live(key);
}

Result<bool> CacheLayer::forward_expire(std::string_view key, TimeToLive time_to_live) {
  if (stopped()) return closed();
  return below_->do_expire(key, time_to_live);
}

Result<bool> CacheLayer::forward_persist(std::string_view key) {
  if (stopped()) return closed();
  return below_->do_persist(key);
}

Status CacheLayer::forward_scan(std::string_view pattern, ScanPosition& position,
                                std::vector<std::string>& keys) {
  if (stopped()) return closed();
  return below_->do_scan(pattern, position, keys);
}

Result<std::uint64_t> CacheLayer::forward_remove_matching(std::string_view pattern) {
  if (stopped()) return closed();
  return below_->do_remove_matching(pattern);
}

Status CacheLayer::forward_clear() {
  if (stopped()) return closed();
  return below_->do_clear();
}

Result<std::uint64_t> CacheLayer::forward_size() {
  if (stopped()) return closed();
  return below_->do_size();
}

void CacheLayer::forward_read_many(std::span<const std::string_view> keys, std::span<Lookup> results) {
  if (!stopped()) return below_->do_read_many(keys, results);
  for (auto& result : results)
    result = Lookup(closed());
}

void CacheLayer::forward_write_many(std::span<const CacheEntry> entries, std::span<Status> results) {
  if (!stopped()) return below_->do_write_many(entries, results);
  for (auto& result : results)
    result = Status(closed());
}

void CacheLayer::forward_remove_many(std::span<const std::string_view> keys,
                                     std::span<Result<bool>> results) {
  if (!stopped()) return below_->do_remove_many(keys, results);
  for (auto& result : results)
    result = Result<bool>(closed());
}

void CacheLayer::forward_time_to_live_many(std::span<const std::string_view> keys,
                                           std::span<Result<Remaining>> results) {
  if (!stopped()) return below_->do_time_to_live_many(keys, results);
  for (auto& result : results)
    result = Result<Remaining>(closed());
}

}  // namespace cachesite
