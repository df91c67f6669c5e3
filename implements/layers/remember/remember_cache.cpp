#include "basics/checked_options.hpp"
#include "layers/remember/remember_call.hpp"

#include <cachesite/cache_statistics.hpp>
#include <cachesite/detail/guarded_call.hpp>
#include <cachesite/detail/i_stale_store.hpp>
#include <cachesite/key_range.hpp>
#include <cachesite/remember_cache.hpp>

#include <algorithm>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace cachesite {

using remembering::Flight;

namespace {

Error no_tags() {
  return Error(ErrorCode::unsupported, "the cache below has no tags");
}

/// The nearest cache below that can keep ended entries; null when there is none.
detail::IStaleStore* stale_store_below(ICache& cache) {
  for (auto* next = &cache; next != nullptr;) {
    if (dynamic_cast<const IFailoverStatistics*>(next) != nullptr) return nullptr;  // it may ask either store
    if (auto* const store = dynamic_cast<detail::IStaleStore*>(next)) return store;
    const auto* const layer = dynamic_cast<const CacheLayer*>(next);
    next = layer == nullptr ? nullptr : layer->below().get();
  }
  return nullptr;
}

}  // namespace

RememberCache::RememberCache(Options options, const ComponentContext& context)
    : CacheLayer(options.over.component()),
      inner_(std::make_unique<Inner>(checked_options("RememberCache", std::move(options)), context)) {
  const auto keep = inner_->rules.longest_stale();
  if (keep.count() == 0) return;
  auto* const store = stale_store_below(*below());
  if (store == nullptr || !store->keep_ended(keep))
    throw std::invalid_argument(
        "RememberCache: stale: no cache below keeps values in memory: put a TieredCache (in a Cache, near) "
        "below, or a MemoryCache");
}

RememberCache::~RememberCache() {
  if (auto* const flights = inner_->table.find()) flights->stop_all();
  if (auto* const crew = inner_->crew.find()) crew->finish();
  if (auto* const crew = inner_->refresh_crew.find()) crew->finish();
}

void RememberCache::stop() noexcept {
  CacheLayer::stop();
  if (auto* const flights = inner_->table.find()) {
    flights->close();
    flights->stop_all();
  }
  if (auto* const crew = inner_->crew.find()) crew->close();
  if (auto* const crew = inner_->refresh_crew.find()) crew->close();
  if (auto* const stopping = inner_->stopping.find()) stopping->request_stop();
}

ComputingStatistics RememberCache::computing_statistics() const {
  auto statistics = inner_->counters.statistics();
  if (const auto* const flights = inner_->table.find()) {
    statistics.hard_timeouts += flights->retired_by_boarding();
    statistics.abandoned_now = flights->retired_now();
  }
  return statistics;
}

CacheStatistics RememberCache::statistics() const {
  const auto hits = inner_->further_hits.load();
  const auto misses = inner_->further_misses.load();
  auto statistics = CacheLayer::statistics();
  statistics.hits = inner_->hits.report(statistics.hits - std::min(statistics.hits, hits));
  statistics.misses = inner_->misses.report(statistics.misses - std::min(statistics.misses, misses));
  statistics.stampede_waits += inner_->counters.joined.load();
  return statistics;
}

Health RememberCache::health() const {
  auto health = CacheLayer::health();
  if (stopped() || health.state != HealthState::down) return health;
  const auto& locks = inner_->options.locks.component();
  const bool needs_locks = locks && inner_->options.on_lock_failure == OnLockFailure::error;
  if (needs_locks && locks->health().state == HealthState::down) return health;
  return {HealthState::degraded, "values are computed but not stored: " + health.reason};
}

Lookup RememberCache::do_remember(std::string_view key, TimeToLive time_to_live,
                                  const Computation& computation) {
  if (computation.refresh || computation.accepts || !computation.tags.empty())
    return RememberCall(*this, key, time_to_live, computation).run();
  return RememberCall::run_plainly(*this, key, time_to_live, computation);
}

void RememberCache::on_refused() noexcept {
  CacheLayer::on_refused();
}

TimeToLive RememberCache::effective_time_to_live(std::string_view key,
                                                 TimeToLive time_to_live) const noexcept {
  if (time_to_live.specified()) return CacheLayer::effective_time_to_live(key, time_to_live);
  return CacheLayer::effective_time_to_live(key,
                                            inner_->rules.terms_for(key).time_to_live.value_or(time_to_live));
}

Status RememberCache::do_write_tagged(std::string_view key, std::optional<ByteView> value,
                                      TimeToLive time_to_live, std::span<const std::string_view> tags) {
  if (stopped()) return closed();
  if (!inner_->tagged) return no_tags();
  outdate(key);
  return inner_->tagged->write_tagged(key, value, time_to_live, tags);
}

Result<std::uint64_t> RememberCache::do_evict_tags(std::span<const std::string_view> tags) {
  if (stopped()) return closed();
  if (!inner_->tagged) return no_tags();
  inner_->table->outdate_matching([&](std::string_view, const Flight& flight) {
    return std::any_of(flight.tags.begin(), flight.tags.end(), [&](const std::string& tag) {
      return std::find(tags.begin(), tags.end(), tag) != tags.end();
    });
  });
  return inner_->tagged->evict_tags(tags);
}

Result<Found> RememberCache::do_read(std::string_view key, Value& destination) {
  return forward_read(key, destination);
}

// What changes an entry tells the computations of it that are under way.
void RememberCache::do_begin(CacheRequest& request) {
  switch (request.effect()) {
    case CacheEffect::store:
    case CacheEffect::count:
    case CacheEffect::remove:
      outdate_computations(request);
      break;
    case CacheEffect::read:
    case CacheEffect::look:
    case CacheEffect::prolong:
    case CacheEffect::list:
      break;
  }
  forward(request);
}

void RememberCache::outdate(std::string_view key) {
  inner_->table->outdate(key);
  if (inner_->points) inner_->points->forget(key);
}

void RememberCache::outdate_computations(const CacheRequest& request) {
  auto& flights = inner_->table.get();
  switch (request.subject()) {
    case CacheSubject::key:
      return outdate(request.key);
    case CacheSubject::batch:
      for (std::size_t item = 0; item < request.items(); ++item)
        outdate(request.key_of(item));
      return;
    case CacheSubject::pattern:
      return flights.outdate_matching(
          [&](std::string_view key, const Flight&) { return matches_key_pattern(request.key, key); });
    case CacheSubject::everything:
      return flights.outdate_matching([](std::string_view, const Flight&) { return true; });
  }
}

}  // namespace cachesite
