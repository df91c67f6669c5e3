#include "memory/engine.hpp"

#include <cachesite/memory_cache.hpp>

#include <algorithm>
#include <atomic>
#include <memory>
#include <utility>

namespace cachesite {

namespace {

memory::EngineOptions engine_options(const MemoryCacheOptions& options, const ComponentContext& context,
                                     MemoryCache::RemovalListener listener) {
  memory::EngineOptions result;
  result.policy = options.policy;
  result.max_size = options.max_size;
  if (options.max_bytes) result.max_bytes = options.max_bytes->bytes;
  result.time_to_idle = options.time_to_idle;
  result.clock = context.clock;
  result.listener = std::move(listener);
  return result;
}

Error closed() {
  return Error(ErrorCode::closed, "the cache is stopped");
}

}  // namespace

ParameterTable MemoryCacheOptions::parameters() {
  using namespace std::chrono_literals;
  using O = MemoryCacheOptions;
  return {
      parameter("max_size", &O::max_size, "Most entries held; null for no limit.")
          .at_least(1)
          .unit("entries"),
      parameter("max_bytes", &O::max_bytes,
                "Most bytes held, keys and the cache's own structures included; null for no limit.")
          .at_least(ByteSize{4096}),
      parameter("policy", &O::policy, "Which entry of a full cache goes.")
          .choices({{"tinylfu", EvictionPolicy::tinylfu},
                    {"s3fifo", EvictionPolicy::s3fifo},
                    {"lru", EvictionPolicy::lru},
                    {"fifo", EvictionPolicy::fifo}}),
      parameter(
          "time_to_idle", &O::time_to_idle,
          "An entry that is not used for so long ends before its TTL; null to let the TTL alone decide.")
          .at_least(1ms),
      parameter("cleanup_interval", &O::cleanup_interval,
                "Accepted from other systems' files and not used: expired entries are swept all the time.")
          .unit("operations"),
  };
}

struct MemoryCache::Counters {
  std::atomic<std::uint64_t> failures{0};
  std::atomic<std::uint64_t> refusals{0};
};

// No lock: a process may be forked at any moment. 0 is a limit that was never changed.
struct MemoryCache::Setup {
  memory::EngineOptions options;
  std::atomic<std::uint64_t> max_size{0};
  std::atomic<std::uint64_t> max_bytes{0};

  void apply_to(memory::Engine& engine) const noexcept {
    if (const auto entries = max_size.load()) engine.set_max_size(entries);
    if (const auto bytes = max_bytes.load()) engine.set_max_bytes(bytes);
  }
};

MemoryCache::MemoryCache(MemoryCacheOptions options, const ComponentContext& context,
                         RemovalListener listener)
    : setup_(std::make_unique<Setup>()), counters_(std::make_unique<Counters>()) {
  setup_->options = engine_options(options, context, std::move(listener));
}

MemoryCache::~MemoryCache() {
  delete engine_.load();
}

// Of several threads that come at once each makes one, and one stays.
memory::Engine& MemoryCache::make_engine() {
  auto fresh = std::make_unique<memory::Engine>(setup_->options);
  memory::Engine* existing = nullptr;
  if (!engine_.compare_exchange_strong(existing, fresh.get())) return *existing;
  // A limit that was changed before this is applied here, one that is changed after this by who changes it.
  setup_->apply_to(*fresh);
  return *fresh.release();
}

void MemoryCache::stop() noexcept {
  stopped_.store(true, std::memory_order_relaxed);
}

CacheStatistics MemoryCache::statistics() const {
  const auto* const existing = existing_engine();
  const auto engine = existing ? existing->statistics() : memory::EngineStatistics();
  CacheStatistics result;
  result.hits = engine.hits;
  result.misses = engine.misses;
  result.failures = counters_->failures.load(std::memory_order_relaxed);
  result.refusals = counters_->refusals.load(std::memory_order_relaxed);
  result.writes = engine.inserts;
  result.removals = engine.removals + engine.cleared;
  result.evictions = engine.evictions;
  result.expirations = engine.expirations;
  result.entries = engine.entries;
  result.bytes = engine.bytes;
  result.hit_ratio_at_half_size = engine.hit_ratio_at_half_size;
  result.hit_ratio_at_twice_the_size = engine.hit_ratio_at_twice_the_size;
  return result;
}

Result<Found> MemoryCache::do_read(std::string_view key, Value& destination) {
  if (stopped()) return closed();
  try {
    return engine().read(key, destination);
  } catch (const std::bad_alloc&) {
    counters_->failures.fetch_add(1, std::memory_order_relaxed);
    throw;
  }
}

Status MemoryCache::do_write(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live) {
  if (stopped()) return closed();
  const auto outcome = engine().write(key, value, static_cast<std::uint64_t>(time_to_live.count()));
  if (outcome == memory::WriteOutcome::stored) return Done{};
  counters_->failures.fetch_add(1, std::memory_order_relaxed);
  if (outcome == memory::WriteOutcome::too_large) {
    return Error(ErrorCode::too_large, "the entry is larger than a shard's part of max_bytes");
  }
  return Error(ErrorCode::no_memory);
}

Result<bool> MemoryCache::do_remove(std::string_view key) {
  if (stopped()) return closed();
  return engine().remove(key);
}

Result<bool> MemoryCache::do_contains(std::string_view key) {
  if (stopped()) return closed();
  return engine().contains(key);
}

Result<Remaining> MemoryCache::do_time_to_live(std::string_view key) {
  if (stopped()) return closed();
  return engine().remaining(key);
}

void MemoryCache::on_refused() noexcept {
  counters_->refusals.fetch_add(1, std::memory_order_relaxed);
}

void MemoryCache::read_many(std::span<const std::string_view> keys, std::span<Found> found,
                            std::span<Value> values) noexcept {
  try {
    engine().read_many(keys, found, values);
  } catch (...) {
    std::fill(found.begin(), found.end(), Found::miss);
    counters_->failures.fetch_add(1, std::memory_order_relaxed);
  }
}

Result<bool> MemoryCache::expire(std::string_view key, TimeToLive time_to_live) noexcept {
  if (!time_to_live.valid()) {
    on_refused();
    return Error(ErrorCode::bad_argument, "a TTL is 1 ms to 10 years");
  }
  try {
    return engine().expire(key, static_cast<std::uint64_t>(time_to_live.count()));
  } catch (...) {
    return Error(ErrorCode::no_memory);
  }
}

Result<bool> MemoryCache::persist(std::string_view key) noexcept {
  try {
    return engine().expire(key, memory::Engine::endless);
  } catch (...) {
    return Error(ErrorCode::no_memory);
  }
}

void MemoryCache::clear() noexcept {
  if (auto* const existing = existing_engine()) existing->clear();
}

void MemoryCache::visit_keys(const std::function<void(std::string_view)>& visit) const {
  if (auto* const existing = existing_engine()) existing->visit_keys(visit);
}

void MemoryCache::set_max_size(std::uint64_t entries) noexcept {
  setup_->max_size.store(entries);
  if (auto* const existing = existing_engine()) setup_->apply_to(*existing);
}

void MemoryCache::set_max_bytes(ByteSize size) noexcept {
  setup_->max_bytes.store(size.bytes);
  if (auto* const existing = existing_engine()) setup_->apply_to(*existing);
}

void MemoryCache::upkeep(unsigned slices) noexcept {
  if (auto* const existing = existing_engine()) existing->upkeep(slices);
}

std::string MemoryCache::check_invariants() const {
  const auto* const existing = existing_engine();
  return existing ? existing->check() : std::string();
}

}  // namespace cachesite
