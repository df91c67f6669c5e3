#include "memory/engine/engine.hpp"
#include "memory/engine/noted_value.hpp"

#include <cachesite/detail/key_range.hpp>
#include <cachesite/detail/ttl_jitter.hpp>
#include <cachesite/memory_cache.hpp>

#include <algorithm>
#include <array>
#include <atomic>
#include <charconv>
#include <memory>
#include <new>
#include <stdexcept>
#include <system_error>
#include <utility>

namespace cachesite {

namespace {

constexpr std::uint64_t least_entries = 1;
constexpr std::uint64_t least_bytes = 4096;

// A cache with a limit of nothing would take every write and keep none.
const MemoryCacheOptions& checked(const MemoryCacheOptions& options) {
  if (options.max_size && *options.max_size < least_entries)
    throw std::invalid_argument("MemoryCache: max_size: must be at least 1");
  if (options.max_bytes && options.max_bytes->bytes < least_bytes)
    throw std::invalid_argument("MemoryCache: max_bytes: must be at least 4KiB");
  return options;
}

memory::EngineOptions engine_options(const MemoryCacheOptions& options, const ComponentContext& context,
                                     MemoryCache::RemovalListener listener) {
  memory::EngineOptions result;
  result.policy = options.policy;
  result.max_size = options.max_size;
  if (options.max_bytes) result.max_bytes = options.max_bytes->bytes;
  result.time_to_idle = options.time_to_idle;
  result.huge_pages = options.huge_pages;
  result.clock = context.clock;
  result.listener = std::move(listener);
  return result;
}

std::uint64_t milliseconds_of(TimeToLive time_to_live) noexcept {
  return time_to_live.expires() ? static_cast<std::uint64_t>(time_to_live.count()) : memory::Engine::endless;
}

// "shard:place"; the beginning for no text.
std::optional<memory::Engine::ScanCursor> place_in(std::string_view text) noexcept {
  memory::Engine::ScanCursor place;
  if (text.empty()) return place;
  const char* const end = text.data() + text.size();
  const auto shard = std::from_chars(text.data(), end, place.shard);
  if (shard.ec != std::errc() || shard.ptr == end || *shard.ptr != ':') return std::nullopt;
  const auto number = std::from_chars(shard.ptr + 1, end, place.place);
  if (number.ec != std::errc() || number.ptr != end) return std::nullopt;
  return place;
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
          .at_least(least_entries)
          .unit("entries"),
      parameter("max_bytes", &O::max_bytes,
                "Most bytes held, including keys and the cache's own structures; null for no limit. An entry "
                "larger than one shard's part of it is refused.")
          .at_least(ByteSize{least_bytes}),
      parameter("policy", &O::policy, "Which entry of a full cache is evicted.")
          .choices({{"tinylfu", EvictionPolicy::tinylfu},
                    {"s3fifo", EvictionPolicy::s3fifo},
                    {"lru", EvictionPolicy::lru},
                    {"fifo", EvictionPolicy::fifo}}),
      parameter("time_to_idle", &O::time_to_idle,
                "An entry that is unused for this long ends before its TTL; null: the TTL alone decides. It "
                "costs a word for each entry, and reads take a lock.")
          .at_least(1ms),
      parameter("ttl_jitter", &O::ttl_jitter,
                "Each TTL is changed by up to this share of itself, up or down, depending on the key, so "
                "that entries stored together do not expire together. increment and expire do not use it.")
          .between(0.0, largest_ttl_jitter),
      parameter("huge_pages", &O::huge_pages,
                "Whether a cache of more than 8 MiB uses pages of 2 MiB where the system offers them; only "
                "with the policy tinylfu.")
          .choices({{"auto", HugePages::automatic}, {"never", HugePages::never}}),
      parameter("cleanup_interval", &O::cleanup_interval,
                "Accepted from files of other systems and ignored: writes sweep expired entries.")
          .unit("operations"),
  };
}

struct MemoryCache::Counters {
  std::atomic<std::uint64_t> failures{0};
  std::atomic<std::uint64_t> refusals{0};
  std::atomic<std::uint64_t> clears{0};
};

// No lock: a process may be forked at any moment. 0 is a limit that was never changed.
struct MemoryCache::Setup {
  memory::EngineOptions options;
  std::shared_ptr<ILogger> logger;
  std::atomic<std::uint64_t> max_size{0};
  std::atomic<std::uint64_t> max_bytes{0};
  std::atomic<std::int64_t> kept{0};

  void apply_to(memory::Engine& engine) const noexcept {
    if (const auto time = kept.load()) engine.keep_ended(std::chrono::milliseconds(time));
    if (const auto entries = max_size.load()) engine.set_max_size(entries);
    if (const auto bytes = max_bytes.load()) engine.set_max_bytes(bytes);
  }
};

MemoryCache::MemoryCache(MemoryCacheOptions options, const ComponentContext& context,
                         RemovalListener listener)
    : setup_(std::make_unique<Setup>()),
      counters_(std::make_unique<Counters>()),
      has_ttl_jitter_(options.ttl_jitter > 0.0),
      ttl_jitter_(options.ttl_jitter) {
  setup_->options = engine_options(checked(options), context, std::move(listener));
  setup_->logger = context.logger;
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
  ways_.fetch_or(is_stopped, std::memory_order_relaxed);
}

std::shared_ptr<ILogger> MemoryCache::logger() const noexcept {
  return setup_->logger;
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
  result.clears = counters_->clears.load(std::memory_order_relaxed);
  result.evictions = engine.evictions;
  result.expirations = engine.expirations;
  result.entries = engine.entries;
  result.bytes = engine.bytes;
  result.hit_ratio_at_half_size = engine.hit_ratio_at_half_size;
  result.hit_ratio_at_twice_the_size = engine.hit_ratio_at_twice_the_size;
  return result;
}

template <class Read>
[[gnu::always_inline]] inline Result<Found> MemoryCache::guarded(Read read) {
  try {
    return read();
  } catch (const std::bad_alloc&) {
    counters_->failures.fetch_add(1, std::memory_order_relaxed);
    throw;
  }
}

Result<Found> MemoryCache::do_read(std::string_view key, Value& destination) {
  if (!is_usual()) [[unlikely]]
    return read_otherwise(key, destination);
  return guarded([&]() -> Result<Found> { return engine().read(key, destination); });
}

// Without what a user of the notes has put beside the value.
[[gnu::noinline]] Result<Found> MemoryCache::read_otherwise(std::string_view key, Value& destination) {
  if (stopped()) return closed();
  Note note;
  std::int64_t now = 0;
  return guarded([&]() -> Result<Found> { return engine().read_noted(key, destination, note, now); });
}

Found MemoryCache::read_noted(std::string_view key, Value& destination, Note& note,
                              std::int64_t& now) noexcept try {
  return stopped() ? Found::miss : engine().read_noted(key, destination, note, now);
} catch (const std::exception&) {
  counters_->failures.fetch_add(1, std::memory_order_relaxed);
  return Found::miss;
}

Result<Found> MemoryCache::do_read_with_life(std::string_view key, Value& destination, EntryLife& life,
                                             const ReadLimits&) {
  if (stopped()) return closed();
  return guarded([&]() -> Result<Found> {
    const Found found = engine().read_with_life(key, destination, life.left);
    Note note;
    return found == Found::hit && noted() ? memory::take_note(destination, note) : found;
  });
}

Result<Found> MemoryCache::do_read_stale(std::string_view key, Value& destination, StaleRead& stale) {
  Note note;
  return read_noted_stale(key, destination, stale, note);
}

Result<Found> MemoryCache::read_noted_stale(std::string_view key, Value& destination, StaleRead& stale,
                                            Note& note) {
  if (stopped()) return closed();
  auto* const existing = existing_engine();
  if (existing == nullptr) return Found::miss;
  auto found = existing->read_ended(key, destination, stale.age);
  if (found == Found::hit && noted()) found = memory::take_note(destination, note);
  stale.stale = found != Found::miss && stale.age.count() > 0;
  return stale.stale && stale.age > stale.longest ? Found::miss : found;
}

[[gnu::always_inline]] inline TimeToLive MemoryCache::spread(std::string_view key,
                                                             TimeToLive time_to_live) const noexcept {
  if (!has_ttl_jitter_) [[likely]]
    return time_to_live;
  return jittered(time_to_live, key, ttl_jitter_);
}

Status MemoryCache::do_write(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live) {
  if (!is_usual()) [[unlikely]]
    return stopped() ? Status(closed()) : write_noted(key, value, time_to_live, Note{});
  const auto outcome = engine().write(key, value, milliseconds_of(spread(key, time_to_live)));
  if (outcome == memory::WriteOutcome::stored) return Done{};
  return outcome_of(outcome).error();
}

Result<bool> MemoryCache::do_add(std::string_view key, std::optional<ByteView> value,
                                 TimeToLive time_to_live) {
  return store_if(memory::WriteCondition::absent, key, value, time_to_live);
}

Result<bool> MemoryCache::do_replace(std::string_view key, std::optional<ByteView> value,
                                     TimeToLive time_to_live) {
  return store_if(memory::WriteCondition::present, key, value, time_to_live);
}

Result<bool> MemoryCache::store_if(memory::WriteCondition condition, std::string_view key,
                                   std::optional<ByteView> value, TimeToLive time_to_live) {
  if (stopped()) return closed();
  if (noted()) return outcome_of(store_noted(condition, key, value, time_to_live, Note{}));
  return outcome_of(engine().write_if(condition, key, value, milliseconds_of(spread(key, time_to_live))));
}

memory::WriteOutcome MemoryCache::store_noted(memory::WriteCondition condition, std::string_view key,
                                              std::optional<ByteView> value, TimeToLive time_to_live,
                                              const Note& note) {
  const memory::NotedValue stored(value, note);
  return engine().write_if(condition, key, stored.bytes(), milliseconds_of(spread(key, time_to_live)));
}

Status MemoryCache::write_noted(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live,
                                const Note& note) {
  if (stopped()) return closed();
  const auto stored = outcome_of(store_noted(memory::WriteCondition::always, key, value, time_to_live, note));
  if (!stored.ok()) return stored.error();
  return Done{};
}

void MemoryCache::keep_notes() noexcept {
  ways_.fetch_or(has_notes, std::memory_order_relaxed);
  if (auto* const existing = existing_engine()) existing->clear();
}

Result<std::int64_t> MemoryCache::do_increment(std::string_view key, std::int64_t by,
                                               TimeToLive time_to_live) {
  if (stopped()) return closed();
  if (noted()) return Error(ErrorCode::unsupported, "a cache of copies cannot increment");
  std::int64_t sum = 0;
  const auto stored = outcome_of(engine().increment(key, by, milliseconds_of(time_to_live), sum));
  if (!stored.ok()) return stored.error();
  return sum;
}

Result<bool> MemoryCache::outcome_of(memory::WriteOutcome outcome) noexcept {
  if (outcome == memory::WriteOutcome::stored) return true;
  if (outcome == memory::WriteOutcome::unchanged) return false;
  counters_->failures.fetch_add(1, std::memory_order_relaxed);
  if (outcome == memory::WriteOutcome::too_large)
    return Error(ErrorCode::too_large, "the entry is larger than a shard's part of max_bytes");
  if (outcome == memory::WriteOutcome::no_counter)
    return Error(ErrorCode::refused,
                 "the entry is not a counter: its value is not a whole number of 64 bits");
  if (outcome == memory::WriteOutcome::out_of_range)
    return Error(ErrorCode::refused, "the counter would leave the range of 64 bits");
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

Result<bool> MemoryCache::do_expire(std::string_view key, TimeToLive time_to_live) {
  if (stopped()) return closed();
  return engine().expire(key, milliseconds_of(time_to_live));
}

Result<bool> MemoryCache::do_persist(std::string_view key) {
  if (stopped()) return closed();
  return engine().persist(key);
}

void MemoryCache::do_read_many(std::span<const std::string_view> keys, std::span<Lookup> results) {
  constexpr std::size_t batch = 32;
  std::array<Found, batch> found{};
  std::array<Value, batch> values;
  for (std::size_t begin = 0; begin < keys.size(); begin += batch) {
    const std::size_t count = std::min(keys.size() - begin, batch);
    const auto some = keys.subspan(begin, count);
    if (!read_together(some, found, values)) {
      // Stopped, or without memory for one of them: each gets an answer of its own.
      for (std::size_t index = 0; index < count; ++index)
        results[begin + index] = get(some[index]);
      continue;
    }
    for (std::size_t index = 0; index < count; ++index) {
      const bool hit = found[index] == Found::hit;
      results[begin + index] = Lookup(found[index], hit ? std::move(values[index]) : Value());
    }
  }
}

bool MemoryCache::read_together(std::span<const std::string_view> keys, std::span<Found> found,
                                std::span<Value> values) {
  if (stopped()) return false;
  try {
    engine().read_many(keys, found.first(keys.size()), values.first(keys.size()));
    Note note;
    for (std::size_t index = 0; noted() && index < keys.size(); ++index)
      if (found[index] == Found::hit) found[index] = memory::take_note(values[index], note);
    return true;
  } catch (const std::bad_alloc&) {
    return false;
  }
}

Status MemoryCache::do_scan(std::string_view pattern, ScanPosition& position,
                            std::vector<std::string>& keys) {
  if (stopped()) return closed();
  auto place = place_in(position.text);
  if (!place) return Error(ErrorCode::bad_argument, "the position of the scan is none of this cache");
  auto* const existing = existing_engine();
  if (existing == nullptr) {
    position.finished = true;
    return Done{};
  }
  const bool all = pattern == "*";
  existing->scan(*place, [&](std::string_view key) {
    if (all || matches_key_pattern(pattern, key)) keys.emplace_back(key);
  });
  position.text = std::to_string(place->shard) + ':' + std::to_string(place->place);
  position.finished = place->finished;
  return Done{};
}

// Ended entries that are kept go, too.
Result<std::uint64_t> MemoryCache::do_remove_matching(std::string_view pattern) {
  const auto removed = remove_by_scan(*this, pattern);
  if (removed.ok() && setup_->kept.load() != 0) forget_ended();
  return removed;
}

Status MemoryCache::do_clear() {
  if (stopped()) return closed();
  if (auto* const existing = existing_engine()) existing->clear();
  counters_->clears.fetch_add(1, std::memory_order_relaxed);
  return Done{};
}

Result<std::uint64_t> MemoryCache::do_size() {
  if (stopped()) return closed();
  const auto* const existing = existing_engine();
  return existing ? existing->size() : std::uint64_t{0};
}

void MemoryCache::set_max_size(std::uint64_t entries) noexcept {
  setup_->max_size.store(std::max(entries, least_entries));
  if (auto* const existing = existing_engine()) setup_->apply_to(*existing);
}

void MemoryCache::set_max_bytes(ByteSize size) noexcept {
  setup_->max_bytes.store(std::max(size.bytes, least_bytes));
  if (auto* const existing = existing_engine()) setup_->apply_to(*existing);
}

bool MemoryCache::keep_ended(std::chrono::milliseconds time) noexcept {
  auto known = setup_->kept.load();
  while (known < time.count() && !setup_->kept.compare_exchange_weak(known, time.count())) {
  }
  if (auto* const existing = existing_engine()) setup_->apply_to(*existing);
  return true;
}

void MemoryCache::forget_ended() noexcept {
  if (auto* const existing = existing_engine()) existing->forget_ended();
}

void MemoryCache::upkeep(unsigned slices) noexcept {
  if (auto* const existing = existing_engine()) existing->upkeep(slices);
}

std::string MemoryCache::check_invariants() const {
  const auto* const existing = existing_engine();
  return existing ? existing->check() : std::string();
}

}  // namespace cachesite
