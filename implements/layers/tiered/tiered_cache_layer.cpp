#include "basics/checked_options.hpp"
#include "layers/tiered/near_claim.hpp"
#include "layers/tiered/near_tier.hpp"

#include <cachesite/tiered_cache_layer.hpp>

#include <stdexcept>
#include <utility>
#include <vector>

namespace cachesite {

namespace {

constexpr std::memory_order relaxed = std::memory_order_relaxed;

}  // namespace

ParameterTable TieredCacheOptions::parameters() {
  using namespace std::chrono_literals;
  using O = TieredCacheOptions;
  return {
      parameter("over", &O::over, "The far tier: the cache that holds every entry.").required(),
      parameter("near", &O::near, "The near tier: a cache for copies that nothing else uses.").required(),
      parameter("near_ttl", &O::near_ttl, "Longest time that a copy is used without asking the far tier.")
          .at_least(1ms),
      parameter("negative_ttl", &O::negative_ttl,
                "How long it is remembered that the far tier has no entry; 0 to ask each time."),
  };
}

std::vector<OptionComplaint> TieredCacheOptions::complaints() const {
  std::vector<OptionComplaint> complaints;
  const bool same = near.component() ? near.component() == over.component()
                                     : near.is_set() && over.is_set() && near.name() == over.name();
  if (same) complaints.push_back({"near", "the near tier and the far tier are the same cache"});
  if (!TimeToLive(near_ttl).valid()) complaints.push_back({"near_ttl", "a TTL is 1 ms to 10 years"});
  if (negative_ttl.count() != 0 && !TimeToLive(negative_ttl).valid())
    complaints.push_back({"negative_ttl", "0, or 1 ms to 10 years"});
  return complaints;
}

class TieredCache::Inner {
 public:
  using Counter = std::atomic<std::uint64_t>;

  Inner(const TieredCacheOptions& options, const ComponentContext& context)
      : claim(*options.near.component()),
        near(options.near.component(), options.near_ttl, options.negative_ttl, context) {}

  static void count(Counter& counter, std::uint64_t by = 1) noexcept { counter.fetch_add(by, relaxed); }

  void count_far(Found found) noexcept { count(found == Found::miss ? far_misses : far_hits); }

  const tiered::NearClaim claim;
  tiered::NearTier near;
  Counter near_hits{0}, near_misses{0}, far_hits{0}, far_misses{0};
  Counter failures{0}, writes{0}, removals{0}, clears{0};
};

namespace {

TieredCacheOptions checked(TieredCacheOptions options) {
  if (!options.near.component())
    throw std::invalid_argument("a TieredCache needs a near tier: near is not set");
  return checked_options("TieredCache", std::move(options));
}

}  // namespace

TieredCache::TieredCache(TieredCacheOptions options, const ComponentContext& context)
    : CacheLayer(options.over.component()),
      inner_(std::make_unique<Inner>(checked(std::move(options)), context)) {}

TieredCache::~TieredCache() = default;

CacheStatistics TieredCache::statistics() const {
  auto statistics = CacheLayer::statistics();
  const auto tiers = tier_statistics();
  statistics.hits = tiers.near_hits + tiers.far_hits;
  statistics.misses = tiers.near_misses + tiers.far_misses;
  statistics.failures = inner_->failures.load(relaxed);
  statistics.writes = inner_->writes.load(relaxed);
  statistics.removals = inner_->removals.load(relaxed);
  statistics.clears = inner_->clears.load(relaxed);
  return statistics;
}

TierStatistics TieredCache::tier_statistics() const noexcept {
  TierStatistics statistics;
  statistics.near_hits = inner_->near_hits.load(relaxed);
  statistics.near_misses = inner_->near_misses.load(relaxed);
  statistics.far_hits = inner_->far_hits.load(relaxed);
  statistics.far_misses = inner_->far_misses.load(relaxed);
  statistics.fills = inner_->near.fills.load(relaxed);
  statistics.fills_dropped = inner_->near.fills_dropped.load(relaxed);
  return statistics;
}

bool TieredCache::forget_near(std::string_view key) noexcept {
  return inner_->near.changed(key);
}

void TieredCache::clear_near() noexcept {
  inner_->near.clear();
}

std::uint64_t TieredCache::near_size() noexcept {
  return inner_->near.size();
}

template <class T>
Result<T> TieredCache::counted(Result<T> result) const noexcept {
  if (!result.ok()) Inner::count(inner_->failures);
  return result;
}

template <class T>
Result<T> TieredCache::after_change(std::string_view key, Result<T> result) noexcept {
  (void)inner_->near.changed(key);
  return counted(std::move(result));
}

Result<Found> TieredCache::do_read(std::string_view key, Value& destination) {
  auto& inner = *inner_;
  if (stopped()) return counted<Found>(closed());
  if (const auto known = inner.near.read(key, destination)) {
    Inner::count(*known == Found::miss ? inner.near_misses : inner.near_hits);
    return *known;
  }
  const auto ticket = inner.near.ticket(key);
  const auto found = forward_read(key, destination);
  if (!found.ok()) return counted(found);
  inner.count_far(found.value());
  if (found.value() == Found::miss) {
    inner.near.fill_absent(key, ticket);
    return found;
  }
  const auto asked = inner.near.now();
  if (const auto left = forward_time_to_live(key); left.ok())
    inner.near.fill(key,
                    found.value() == Found::hit ? std::optional(ByteView(destination.text())) : std::nullopt,
                    left.value(), asked, ticket);
  return found;
}

Status TieredCache::do_write(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live) {
  const auto ticket = inner_->near.ticket(key);
  const auto written = forward_write(key, value, time_to_live);
  if (!written.ok()) return after_change(key, written);
  inner_->near.changed_to(key, value, time_to_live, ticket);
  Inner::count(inner_->writes);
  return written;
}

Result<bool> TieredCache::do_add(std::string_view key, std::optional<ByteView> value,
                                 TimeToLive time_to_live) {
  const auto ticket = inner_->near.ticket(key);
  const auto added = forward_add(key, value, time_to_live);
  if (!added.ok() || !added.value()) return after_change(key, added);
  inner_->near.changed_to(key, value, time_to_live, ticket);
  Inner::count(inner_->writes);
  return added;
}

Result<bool> TieredCache::do_replace(std::string_view key, std::optional<ByteView> value,
                                     TimeToLive time_to_live) {
  const auto ticket = inner_->near.ticket(key);
  const auto replaced = forward_replace(key, value, time_to_live);
  if (!replaced.ok() || !replaced.value()) return after_change(key, replaced);
  inner_->near.changed_to(key, value, time_to_live, ticket);
  Inner::count(inner_->writes);
  return replaced;
}

Result<std::int64_t> TieredCache::do_increment(std::string_view key, std::int64_t by,
                                               TimeToLive time_to_live) {
  const auto sum = after_change(key, forward_increment(key, by, time_to_live));
  if (sum.ok()) Inner::count(inner_->writes);
  return sum;
}

Result<bool> TieredCache::do_remove(std::string_view key) {
  const auto removed = after_change(key, forward_remove(key));
  if (removed.ok() && removed.value()) Inner::count(inner_->removals);
  return removed;
}

Result<bool> TieredCache::do_contains(std::string_view key) {
  return counted(forward_contains(key));
}

Result<Remaining> TieredCache::do_time_to_live(std::string_view key) {
  return counted(forward_time_to_live(key));
}

Result<bool> TieredCache::do_expire(std::string_view key, TimeToLive time_to_live) {
  return after_change(key, forward_expire(key, time_to_live));
}

Result<bool> TieredCache::do_persist(std::string_view key) {
  return after_change(key, forward_persist(key));
}

void TieredCache::do_time_to_live_many(std::span<const std::string_view> keys,
                                       std::span<Result<Remaining>> results) {
  forward_time_to_live_many(keys, results);
  for (const auto& result : results)
    if (!result.ok()) Inner::count(inner_->failures);
}

// How long the entries still live that were found.
std::vector<Result<Remaining>> TieredCache::lives_of(std::span<const std::string_view> keys,
                                                     std::span<const Lookup> found) {
  std::vector<std::string_view> asked;
  for (std::size_t index = 0; index < keys.size(); ++index)
    if (found[index].ok() && !found[index].miss()) asked.push_back(keys[index]);
  std::vector<Result<Remaining>> answers(asked.size(), Result<Remaining>(Remaining()));
  if (!asked.empty()) forward_time_to_live_many(asked, answers);
  std::vector<Result<Remaining>> lives(keys.size(), Result<Remaining>(Remaining()));
  for (std::size_t index = 0, next = 0; index < keys.size(); ++index)
    if (found[index].ok() && !found[index].miss()) lives[index] = std::move(answers[next++]);
  return lives;
}

void TieredCache::do_read_many(std::span<const std::string_view> keys, std::span<Lookup> results) {
  auto& inner = *inner_;
  if (stopped()) return forward_read_many(keys, results);
  std::vector<std::size_t> places;
  std::vector<std::string_view> asked_keys;
  std::vector<tiered::NearTier::Ticket> tickets;
  for (std::size_t index = 0; index < keys.size(); ++index) {
    Value value;
    if (const auto known = inner.near.read(keys[index], value)) {
      Inner::count(*known == Found::miss ? inner.near_misses : inner.near_hits);
      results[index] = Lookup(*known, *known == Found::hit ? std::move(value) : Value());
    } else {
      places.push_back(index);
      asked_keys.push_back(keys[index]);
      tickets.push_back(inner.near.ticket(keys[index]));
    }
  }
  if (places.empty()) return;
  std::vector<Lookup> answers(places.size());
  forward_read_many(asked_keys, answers);
  const auto asked = inner.near.now();
  const auto left = lives_of(asked_keys, answers);
  for (std::size_t index = 0; index < places.size(); ++index) {
    auto& answer = answers[index];
    if (answer.failed()) {
      Inner::count(inner.failures);
    } else if (answer.miss()) {
      Inner::count(inner.far_misses);
      inner.near.fill_absent(asked_keys[index], tickets[index]);
    } else {
      Inner::count(inner.far_hits);
      if (left[index].ok())
        inner.near.fill(asked_keys[index],
                        answer.hit() ? std::optional(ByteView(answer.value().text())) : std::nullopt,
                        left[index].value(), asked, tickets[index]);
    }
    results[places[index]] = std::move(answer);
  }
}

void TieredCache::do_write_many(std::span<const CacheEntry> entries, std::span<Status> results) {
  std::vector<tiered::NearTier::Ticket> tickets;
  tickets.reserve(entries.size());
  for (const auto& entry : entries)
    tickets.push_back(inner_->near.ticket(entry.key));
  forward_write_many(entries, results);
  for (std::size_t index = 0; index < entries.size(); ++index) {
    const auto& entry = entries[index];
    if (results[index].ok()) {
      inner_->near.changed_to(entry.key, entry.value, entry.time_to_live, tickets[index]);
      Inner::count(inner_->writes);
    } else {
      (void)after_change(entry.key, results[index]);
    }
  }
}

void TieredCache::do_remove_many(std::span<const std::string_view> keys, std::span<Result<bool>> results) {
  forward_remove_many(keys, results);
  for (std::size_t index = 0; index < keys.size(); ++index) {
    (void)after_change(keys[index], results[index]);
    if (results[index].ok() && results[index].value()) Inner::count(inner_->removals);
  }
}

Result<std::uint64_t> TieredCache::do_remove_matching(std::string_view pattern) {
  const auto removed = counted(forward_remove_matching(pattern));
  inner_->near.changed_matching(pattern);
  if (removed.ok()) Inner::count(inner_->removals, removed.value());
  return removed;
}

Status TieredCache::do_clear() {
  const auto cleared = counted(forward_clear());
  inner_->near.clear();
  if (cleared.ok()) Inner::count(inner_->clears);
  return cleared;
}

}  // namespace cachesite
