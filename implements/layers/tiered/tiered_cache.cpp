#include "basics/checked_options.hpp"
#include "layers/tiered/tiered_cache_inner.hpp"

#include <cachesite/detail/guarded_call.hpp>
#include <cachesite/tiered_cache.hpp>

#include <stdexcept>
#include <utility>
#include <vector>

namespace cachesite {

namespace {

constexpr std::chrono::milliseconds longest_stop{1'000};
constexpr std::memory_order relaxed = std::memory_order_relaxed;

TieredCacheOptions checked(TieredCacheOptions options) {
  if (!options.near.component())
    throw std::invalid_argument("a TieredCache needs a near tier: near is not set");
  return checked_options("TieredCache", std::move(options));
}

}  // namespace

TieredCache::TieredCache(TieredCacheOptions options, const ComponentContext& context)
    : CacheLayer(options.over.component()),
      inner_(std::make_unique<Inner>(checked(std::move(options)), context, [this] { return stopped(); })) {}

TieredCache::~TieredCache() = default;

Health TieredCache::health() const {
  auto health = CacheLayer::health();
  if (stopped()) return health;
  if (health.state == HealthState::down) {
    if (inner_->near.is_down()) return health;
    const std::string served =
        inner_->serves_copies() ? "only copies are served: " : "no copies are served: ";
    return {HealthState::degraded, served + health.reason};
  }
  if (health.state == HealthState::up && inner_->recovery != nullptr)
    if (auto trouble = inner_->recovery->trouble(); !trouble.empty())
      return {HealthState::degraded, std::move(trouble)};
  if (health.state != HealthState::up || inner_->news == nullptr || !inner_->news->has_begun()) return health;
  auto report = inner_->news->report();
  if (report.state == Coherence::coherent) return health;
  return {HealthState::degraded, std::move(report.reason)};
}

CoherenceReport TieredCache::coherence() const {
  CoherenceReport report;
  if (inner_->news != nullptr) report = inner_->news->report();
  if (stopped()) report.state = Coherence::stopped;
  return report;
}

Status TieredCache::fence(std::chrono::milliseconds limit) noexcept {
  if (stopped()) return closed();
  if (inner_->news == nullptr)
    return Error(ErrorCode::unsupported, "nobody tells this cache of changes: set coherence to tracking");
  return inner_->news->fence(limit);
}

CopyReport TieredCache::explain_copy(std::string_view key) noexcept {
  auto report = inner_->near.explain(key);
  if (inner_->recovery != nullptr) report.recovery_pending = inner_->recovery->owes(key);
  return report;
}

AuditReport TieredCache::audit(std::uint64_t most, std::uint64_t keys_per_second) noexcept {
  if (stopped()) return {};
  AuditReport report;
  (void)guarded_call<Done>([&]() -> Status {
    report = inner_->audit.run(most, keys_per_second);
    return Done{};
  });
  return report;
}

void TieredCache::stop() noexcept {
  if (!stopped() && inner_->recovery != nullptr)
    (void)guarded_call<Done>([&]() -> Status {
      inner_->recovery->finish(longest_stop);
      return Done{};
    });
  CacheLayer::stop();
  inner_->audit.close();
}

CacheStatistics TieredCache::statistics() const {
  auto statistics = CacheLayer::statistics();
  const auto tiers = tier_statistics();
  inner_->calls.fill(statistics);
  statistics.hits = tiers.near_hits + tiers.far_hits;
  statistics.misses = tiers.near_misses + tiers.far_misses;
  statistics.failures = inner_->calls.failures.load(relaxed);
  statistics.clears = inner_->calls.clears.load(relaxed);
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
  statistics.fills_unvouched = inner_->near.fills_unvouched.load(relaxed);
  statistics.fills_ruled_out = inner_->near.fills_ruled_out.load(relaxed);
  statistics.stale_hits = inner_->stale_hits.load(relaxed);
  statistics.fenced_reads = inner_->fenced_reads.load(relaxed);
  statistics.pass_through_reads = inner_->pass_through_reads.load(relaxed);
  if (inner_->news != nullptr) inner_->news->fill(statistics);
  if (inner_->recovery != nullptr) inner_->recovery->fill(statistics);
  inner_->audit.fill(statistics);
  return statistics;
}

void TieredCache::set_rules(const std::vector<TierRule>& rules) {
  const bool tracks = inner_->near.guarded() && !inner_->near.guard().keeps_own();
  const auto complaints = TierRule::complaints(rules, tracks);
  if (!complaints.empty()) throw std::invalid_argument("TieredCache: rules: " + complaints.front());
  inner_->near.set_rules(rules);
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

void TieredCache::do_begin(CacheRequest& request) {
  switch (request.effect()) {
    case CacheEffect::read:
      if (request.stale != nullptr) return read_copy(request);
      if (request.is_batch()) return read_many(request);
      return request.end(request.is_plain_read() ? do_read(request.key, *request.destination)
                                                 : answer_with_life(request));
    case CacheEffect::store:
    case CacheEffect::count:
    case CacheEffect::prolong:
    case CacheEffect::remove: {
      const StoreTickets tickets(inner_->near, request);
      ask_far(request);
      note_change(request, tickets);
      break;
    }
    case CacheEffect::look:
    case CacheEffect::list:
      ask_far(request);
      break;
  }
  inner_->count(request);
}

void TieredCache::read_copy(CacheRequest& request) {
  if (stopped()) return request.fail(closed());
  inner_->near.read_stale(request);
}

bool TieredCache::keep_ended(std::chrono::milliseconds time) noexcept {
  return inner_->near.keep_ended(time);
}

void TieredCache::forget_ended() noexcept {
  inner_->near.forget_ended();
}

bool TieredCache::add_listener(detail::IForeignChangeListener& listener) {
  if (inner_->news == nullptr) return false;
  inner_->near.listeners.add(listener);
  return true;
}

void TieredCache::remove_listener(detail::IForeignChangeListener& listener) noexcept {
  inner_->near.listeners.remove(listener);
}

void TieredCache::await_changes(std::chrono::milliseconds limit) noexcept {
  if (inner_->news != nullptr) inner_->news->await_changes(limit);
}

bool TieredCache::tells_own_changes() const noexcept {
  return inner_->news != nullptr && inner_->news->tells_own_changes();
}

void TieredCache::forget_copies(const CacheRequest& request) {
  auto& near = inner_->near;
  switch (request.subject()) {
    case CacheSubject::key:
      if (request.effect() == CacheEffect::prolong) return near.changed_end(request.key);
      (void)near.changed(request.key);
      return;
    case CacheSubject::batch:
      for (std::size_t item = 0; item < request.items(); ++item)
        (void)near.changed(request.key_of(item));
      return;
    case CacheSubject::pattern:
      return near.changed_matching(request.key);
    case CacheSubject::everything:
      return near.clear();
  }
}

void TieredCache::keep_copies(const CacheRequest& stored, const StoreTickets& tickets) {
  auto& near = inner_->near;
  const auto keep = [&](const CacheEntry& entry, bool done, const Inner::Ticket& ticket) {
    if (done)
      near.changed_to(entry.key, entry.value, effective_time_to_live(entry.key, entry.time_to_live), ticket);
    else
      (void)near.changed(entry.key);
  };
  if (!stored.is_batch())
    return keep({stored.key, stored.value, stored.time_to_live},
                layers::end_of(stored).changed_keys(stored) == 1, tickets.of(0));
  for (std::size_t item = 0; item < stored.items(); ++item)
    keep(stored.entries[item], stored.error(item) == nullptr, tickets.of(item));
}

// The far tier has answered.
void TieredCache::note_change(const CacheRequest& request, const StoreTickets& tickets) {
  request.effect() == CacheEffect::store ? keep_copies(request, tickets) : forget_copies(request);
  inner_->announce(request);
}

}  // namespace cachesite
