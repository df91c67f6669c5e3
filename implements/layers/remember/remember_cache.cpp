#include "basics/checked_options.hpp"
#include "layers/remember/remember_batch.hpp"
#include "layers/remember/remember_call.hpp"
#include "layers/remember/store_wait.hpp"

#include <cachesite/async_request.hpp>
#include <cachesite/detail/cache_statistics.hpp>
#include <cachesite/detail/guarded_call.hpp>
#include <cachesite/detail/i_stale_store.hpp>
#include <cachesite/detail/key_range.hpp>
#include <cachesite/remember_cache.hpp>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string_view>
#include <utility>

namespace cachesite {

using remembering::Flight;
using remembering::FlightTable;

// A change waits for what is just being stored of its keys, so that it is made afterwards.
class RememberCache::AsyncChange final : public AsyncStep {
 public:
  AsyncChange(RememberCache& cache, FlightTable::FlightList storing)
      : cache_(cache), wait_(std::make_shared<remembering::StoreWait>(std::move(storing))) {}

  bool begin(AsyncRequest& call) { return wait_->begin(call); }
  bool after(AsyncRequest& call) override { return !wait_->all_stored() || cache_.change_async(call); }

 private:
  RememberCache& cache_;
  const std::shared_ptr<remembering::StoreWait> wait_;
};

namespace {

Error no_tags() {
  return Error(ErrorCode::unsupported, "the cache below has no tags");
}

bool opens_envelopes_below(ICache& cache) {
  for (auto* next = &cache; next != nullptr;) {
    if (const auto* const other = dynamic_cast<const RememberCache*>(next); other != nullptr)
      if (!other->keeps_envelopes()) return true;
    const auto* const layer = dynamic_cast<const CacheLayer*>(next);
    next = layer == nullptr ? nullptr : layer->below().get();
  }
  return false;
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
      inner_(std::make_unique<Inner>(*this, checked_options("RememberCache", std::move(options)), context)) {
  const bool enveloped = inner_->entries.enveloped();
  if (enveloped && opens_envelopes_below(*below()))
    throw std::invalid_argument(
        "RememberCache: form: a RememberCache with form plain below would open the envelopes: leave one of "
        "the "
        "two out");
  if (!keep_ended_below(inner_->rules.longest_stale()))
    throw std::invalid_argument(
        "RememberCache: stale: no cache below keeps values in memory: put a TieredCache (in a Cache, near) "
        "below, or a MemoryCache, or use form: envelope");
}

// With envelopes copies are kept for an outage of the store alone.
bool RememberCache::keep_ended_below(std::chrono::milliseconds time) noexcept {
  const bool enveloped = inner_->entries.enveloped();
  if (time.count() == 0 || (enveloped && !inner_->copies_below)) return true;
  auto* const store = stale_store_below(*below());
  return (store != nullptr && store->keep_ended(time)) || enveloped;
}

Status RememberCache::set_rules(std::vector<RememberRule> rules) noexcept {
  return guarded_call<Done>([&]() -> Result<Done> {
    Options changed = inner_->options;
    changed.rules = std::move(rules);
    for (const auto& complaint : changed.complaints())
      return Error(ErrorCode::bad_argument, complaint.parameter + ": " + complaint.message);
    remembering::ComputationRules made(changed);
    if (!keep_ended_below(made.longest_stale()))
      return Error(ErrorCode::unsupported, "rules: no cache below keeps values in memory for stale");
    if (!inner_->rules.change(std::move(made)))
      return Error(ErrorCode::refused, "rules: too many different ones were in force");
    return Done{};
  });
}

RememberCache::~RememberCache() {
  if (auto* const flights = inner_->table.find()) flights->stop_all();
  for (auto* const crew : inner_->crews())
    if (crew != nullptr) crew->finish();
}

void RememberCache::stop() noexcept {
  CacheLayer::stop();
  if (auto* const flights = inner_->table.find()) {
    flights->close();
    flights->stop_all();
  }
  for (auto* const crew : inner_->crews())
    if (crew != nullptr) crew->close();
  if (auto* const stopping = inner_->stopping.find()) stopping->request_stop();
}

ComputingStatistics RememberCache::computing_statistics() const {
  auto statistics = inner_->counters.statistics();
  if (const auto* const flights = inner_->table.find()) {
    statistics.hard_timeouts += flights->retired_by_boarding();
    statistics.abandoned_now = flights->retired_now();
  }
  statistics.bad_envelopes = inner_->entries.bad_envelopes.load(std::memory_order_relaxed);
  return statistics;
}

CacheStatistics RememberCache::statistics() const {
  const auto stale = inner_->stale_reads.load();
  const auto hits = inner_->further_hits.load() + stale;
  const auto misses = inner_->further_misses.load();
  auto statistics = CacheLayer::statistics();
  statistics.misses += stale;
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

bool RememberCache::keeps_envelopes() const noexcept {
  return inner_->entries.enveloped();
}

Lookup RememberCache::do_remember(std::string_view key, TimeToLive time_to_live,
                                  const Computation& computation) {
  if (computation.refresh || computation.accepts || !computation.tags.empty())
    return RememberCall(*this, key, time_to_live, computation).run();
  return RememberCall::run_plainly(*this, key, time_to_live, computation);
}

void RememberCache::do_remember_many(std::span<const std::string_view> keys,
                                     std::span<const TimeToLive> times_to_live,
                                     const ManyComputation& computation, std::span<Lookup> results) {
  RememberBatch(*this, keys, times_to_live, computation, results).run();
}

Lookup RememberCache::do_get_or_load(std::string_view key, TimeToLive time_to_live) {
  if (!inner_->loading) return IComputingCache::do_get_or_load(key, time_to_live);
  if (time_to_live.specified()) return do_remember(key, time_to_live, *inner_->loading);
  return do_remember(key, TimeToLive::never_expires(), *inner_->loading_with_time_to_live);
}

void RememberCache::do_get_or_load_many(std::span<const std::string_view> keys,
                                        std::span<const TimeToLive> times_to_live,
                                        std::span<Lookup> results) {
  if (!inner_->loading) return IComputingCache::do_get_or_load_many(keys, times_to_live, results);
  do_remember_many(keys, times_to_live, inner_->loading_of(keys, times_to_live), results);
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
  inner_->outdate(key);
  const auto sealed = inner_->entries.seal(key, value, time_to_live, {});
  if (!sealed.ok()) return sealed.error();
  return inner_->tagged->write_tagged(key, sealed.value().bytes_to_store(), sealed.value().time_to_live,
                                      tags);
}

Result<std::uint64_t> RememberCache::do_evict_tags(std::span<const std::string_view> tags) {
  if (stopped()) return closed();
  if (!inner_->tagged) return no_tags();
  inner_->outdate_matching([&](std::string_view, std::span<const std::string> carried) {
    return std::any_of(carried.begin(), carried.end(), [&](const std::string& tag) {
      return std::find(tags.begin(), tags.end(), tag) != tags.end();
    });
  });
  return inner_->tagged->evict_tags(tags);
}

Result<Found> RememberCache::do_read(std::string_view key, Value& destination) {
  if (!inner_->entries.enveloped())
    return inner_->entries.opened(key, forward_read(key, destination), destination);
  return inner_->entries.reread(key, destination);
}

// What changes an entry tells the computations of it that are under way.
void RememberCache::do_begin(CacheRequest& request) {
  if (outdates_computations(request)) {
    for (const auto& flight : begin_outdating(request))
      flight->await_store();
    forget_points(request);
  }
  inner_->entries.answer(request);
}

bool RememberCache::do_begin_async(AsyncRequest& call) {
  CacheRequest& request = call.request();
  if (request.stale != nullptr) return CacheLayer::do_begin_async(call);
  if (!outdates_computations(request)) return inner_->entries.answer_async(call);
  auto storing = begin_outdating(request);
  if (storing.empty()) return change_async(call);
  call.keep_arguments();
  return call.add_step<AsyncChange>(*this, std::move(storing)).begin(call);
}

bool RememberCache::change_async(AsyncRequest& call) {
  forget_points(call.request());
  return inner_->entries.answer_async(call);
}

// What waits is cancelled before what runs: it may begin to run in between.
FlightTable::FlightList RememberCache::Inner::begin_outdating(std::string_view key) {
  changes.note(key);
  refreshing->cancel(key);
  return table->outdate(key);
}

void RememberCache::Inner::outdate(std::string_view key) {
  for (const auto& flight : begin_outdating(key))
    flight->await_store();
  if (points) points->forget(key);
}

FlightTable::FlightList RememberCache::Inner::begin_outdating_matching(const Matches& matches) {
  changes.note_all();
  refreshing->cancel_matching(matches);
  return table->outdate_matching(
      [&](std::string_view key, const Flight& flight) { return matches(key, flight.tags); });
}

void RememberCache::Inner::outdate_matching(const Matches& matches) {
  for (const auto& flight : begin_outdating_matching(matches))
    flight->await_store();
}

bool RememberCache::outdates_computations(const CacheRequest& request) const noexcept {
  switch (request.effect()) {
    case CacheEffect::count:
      return !inner_->entries.enveloped();  // it is refused
    case CacheEffect::store:
    case CacheEffect::remove:
      return true;
    case CacheEffect::read:
    case CacheEffect::look:
    case CacheEffect::prolong:
    case CacheEffect::list:
      break;
  }
  return false;
}

// Gives those that are being stored just now.
FlightTable::FlightList RememberCache::begin_outdating(const CacheRequest& request) {
  switch (request.subject()) {
    case CacheSubject::key:
      return inner_->begin_outdating(request.key);
    case CacheSubject::batch: {
      FlightTable::FlightList storing;
      for (std::size_t item = 0; item < request.items(); ++item)
        for (auto& flight : inner_->begin_outdating(request.key_of(item)))
          storing.push_back(std::move(flight));
      return storing;
    }
    case CacheSubject::pattern:
      return inner_->begin_outdating_matching([&](std::string_view key, std::span<const std::string>) {
        return matches_key_pattern(request.key, key);
      });
    case CacheSubject::everything:
      break;
  }
  return inner_->begin_outdating_matching(
      [](std::string_view, std::span<const std::string>) { return true; });
}

void RememberCache::forget_points(const CacheRequest& request) noexcept {
  if (!inner_->points) return;
  if (request.subject() == CacheSubject::key) return inner_->points->forget(request.key);
  if (request.subject() != CacheSubject::batch) return;
  for (std::size_t item = 0; item < request.items(); ++item)
    inner_->points->forget(request.key_of(item));
}

}  // namespace cachesite
