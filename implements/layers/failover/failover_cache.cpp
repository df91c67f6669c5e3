#include "basics/checked_options.hpp"
#include "basics/empty_answer.hpp"
#include "layers/failover/failover_cache_inner.hpp"

#include <cachesite/failover_cache.hpp>

#include <algorithm>
#include <atomic>
#include <cstddef>
#include <stdexcept>
#include <utility>

namespace cachesite {

namespace {

FailoverCacheOptions checked(FailoverCacheOptions options) {
  if (!options.over.component())
    throw std::invalid_argument("a FailoverCache needs a cache: over is not set");
  return checked_options("FailoverCache", std::move(options));
}

// The first byte of a position tells which cache the walk is in.
constexpr char in_first = '1';
constexpr char in_second = '2';

template <class Scan>
void scan_in(char place, CacheRequest& request, Scan scan) {
  ScanPosition& position = *request.position;
  ScanPosition own{position.text.empty() ? std::string() : position.text.substr(1), false};
  request.position = &own;
  scan();
  request.position = &position;
  if (request.error() != nullptr) return;
  position.finished = own.finished;
  position.text = place + own.text;
}

std::vector<std::size_t> outages_of(const CacheRequest& batch) {
  std::vector<std::size_t> items;
  batch.for_each_result([&](std::size_t item, const auto& result) {
    if (!result.ok() && layers::is_outage(result.error())) items.push_back(item);
  });
  return items;
}

}  // namespace

FailoverCache::FailoverCache(FailoverCacheOptions options, const ComponentContext& context)
    : CacheLayer(checked(options).over.component()),
      inner_(std::make_unique<Inner>(options, *below(), context)) {}

FailoverCache::~FailoverCache() = default;

void FailoverCache::stop() noexcept {
  CacheLayer::stop();
  inner_->stopped.store(true, std::memory_order_relaxed);
}

Health FailoverCache::health() const {
  auto health = CacheLayer::health();
  if (stopped() || health.state != HealthState::down) return health;
  if (inner_->second && inner_->second->health().state != HealthState::down)
    return {HealthState::degraded, "the second cache is in use: " + health.reason};
  if (inner_->on_error != OnError::error)
    return {HealthState::degraded, "works without a cache: " + health.reason};
  return health;
}

CacheStatistics FailoverCache::statistics() const {
  auto statistics = CacheLayer::statistics();
  if (!inner_->second) return statistics;
  const auto more = inner_->second->statistics();
  statistics.hits += more.hits;
  statistics.misses += more.misses;
  statistics.writes += more.writes;
  statistics.removals += more.removals;
  statistics.clears += more.clears;
  return statistics;
}

FailoverStatistics FailoverCache::failover_statistics() const {
  FailoverStatistics statistics;
  inner_->log.add_to(statistics);
  statistics.failover_calls = inner_->failover_calls.load(std::memory_order_relaxed);
  statistics.degraded_calls = inner_->degraded_calls.load(std::memory_order_relaxed);
  return statistics;
}

bool FailoverCache::may_wait() const noexcept {
  return below_may_wait() || (inner_->second && waits(*inner_->second));
}

void FailoverCache::do_begin(CacheRequest& request) {
  if (request.is_batch()) return begin_batch(request);
  if (request.operation == CacheOperation::scan && !request.position->text.empty()) return walk_on(request);
  auto& inner = *inner_;
  std::optional<Error> reason;
  bool use_first = inner.may_use_first();
  for (bool insist = false;; insist = true) {
    reason = use_first ? try_first(request) : inner.log.last_error();
    if (!reason) return;
    if (use_first || !inner.second) inner.tell(request.operation, request.key, *reason);
    if (inner.owe(request, insist)) break;
    use_first = true;
  }
  if (inner.second) {
    inner.failover_calls.fetch_add(1, std::memory_order_relaxed);
    ask_second(request);
    if (request.error() == nullptr || !layers::is_outage(*request.error())) return;
    reason = *request.error();
    inner.tell(request.operation, request.key, *reason);
  }
  if (inner.on_error == OnError::error) return request.fail(*reason);
  inner.degraded_calls.fetch_add(1, std::memory_order_relaxed);
  if (request.effect() == CacheEffect::count) return request.fail(*reason);
  basics::answer_as_empty(request);
}

// Why the first cache cannot answer; nothing when it has.
std::optional<Error> FailoverCache::try_first(CacheRequest& request) {
  auto& log = inner_->log;
  if (const auto settled = inner_->settle(request); !settled.ok()) return settled.error();
  ask_first(request);
  const auto* const error = request.error();
  if (error == nullptr) log.note_success();
  if (error == nullptr || !layers::is_outage(*error)) return std::nullopt;
  log.note_failure(*error);
  return *error;
}

void FailoverCache::ask_first(CacheRequest& request) {
  auto& inner = *inner_;
  if (request.subject() != CacheSubject::key && layers::changes_entries(request) && inner.second &&
      inner.log.may_owe()) {
    CacheRequest same = request;
    inner.second->perform(same);
  }
  if (request.operation != CacheOperation::scan) return forward(request);
  const auto before = static_cast<std::ptrdiff_t>(request.found->size());
  scan_in(in_first, request, [&] { forward(request); });
  if (!inner.log.may_owe()) return;
  auto& keys = *request.found;
  keys.erase(std::remove_if(keys.begin() + before, keys.end(),
                            [&](const std::string& key) { return inner.log.owes(key); }),
             keys.end());
}

void FailoverCache::ask_second(CacheRequest& request) {
  auto& inner = *inner_;
  if (request.operation == CacheOperation::scan)
    return scan_in(in_second, request, [&] { inner.second->perform(request); });
  CacheRequest same = request;
  same.time_to_live = inner.limited(request.time_to_live);
  if (same.operation == CacheOperation::persist && same.time_to_live.expires())
    same.operation = CacheOperation::expire;
  inner.second->perform(same);
  request.end_as(same);
  if (request.subject() == CacheSubject::key && layers::changes_entries(request))
    inner.log.confirm_key(request.key);
}

// A walk stays with the cache that it began in.
void FailoverCache::walk_on(CacheRequest& request) {
  if (request.position->text.front() == in_second) return ask_second(request);
  ask_first(request);
  const auto* const error = request.error();
  if (error == nullptr || !layers::is_outage(*error)) return;
  inner_->log.note_failure(*error);
  inner_->tell(request.operation, request.key, *error);
}

// The keys of a batch fare each by itself.
void FailoverCache::begin_batch(CacheRequest& batch) {
  auto& inner = *inner_;
  std::vector<std::size_t> failed;
  bool use_first = inner.may_use_first();
  for (bool insist = false;; insist = true) {
    if (!use_first) batch.fail(inner.log.last_error());
    failed = use_first ? try_first_batch(batch) : outages_of(batch);
    if (failed.empty()) return;
    if (use_first || !inner.second)
      for (const auto item : failed)
        inner.tell(batch.operation, batch.key_of(item), *batch.error(item));
    if (inner.owe(batch, insist)) break;
    use_first = true;
  }
  if (inner.second) ask_second_batch(batch, failed);
  answer_without(batch, failed);
}

// The items that the first cache cannot answer.
std::vector<std::size_t> FailoverCache::try_first_batch(CacheRequest& batch) {
  auto& log = inner_->log;
  if (const auto settled = inner_->settle(batch); !settled.ok()) {
    batch.fail(settled.error());
    return outages_of(batch);
  }
  forward(batch);
  auto failed = outages_of(batch);
  if (!failed.empty())
    log.note_failure(*batch.error(failed.front()));
  else if (layers::end_of(batch).result.failed < batch.items())
    log.note_success();
  return failed;
}

void FailoverCache::ask_second_batch(CacheRequest& batch, std::span<const std::size_t> failed) {
  auto& inner = *inner_;
  inner.failover_calls.fetch_add(1, std::memory_order_relaxed);
  detail::BatchPart part(batch, {failed.begin(), failed.end()});
  for (auto& entry : part.entries())
    entry.time_to_live = inner.limited(entry.time_to_live);
  inner.second->perform(part.request());
  part.hand_back();
  for (const auto item : failed) {
    if (layers::changes_entries(batch)) inner.log.confirm_key(batch.key_of(item));
    if (Inner::is_outage(batch, item)) inner.tell(batch.operation, batch.key_of(item), *batch.error(item));
  }
}

void FailoverCache::answer_without(CacheRequest& batch, std::span<const std::size_t> failed) {
  if (inner_->on_error == OnError::error) return;
  bool degraded = false;
  for (const auto item : failed) {
    if (!Inner::is_outage(batch, item)) continue;
    degraded = true;
    basics::answer_as_empty(batch, item);
  }
  if (degraded) inner_->degraded_calls.fetch_add(1, std::memory_order_relaxed);
}

}  // namespace cachesite
