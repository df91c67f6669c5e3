// How a call has a value computed again before it is missing.

#include "layers/remember/remember_call.hpp"

#include <cachesite/detail/cache_statistics.hpp>
#include <cachesite/detail/guarded_call.hpp>
#include <cachesite/prefix_cache.hpp>

#include <string>
#include <utility>

namespace cachesite {

using remembering::ComputingCounters;
using remembering::KeysAtWork;

ITieredCache* RememberCache::Inner::tiers_below(ICache& cache) {
  for (auto* next = &cache; next != nullptr;) {
    if (auto* const found = dynamic_cast<ITieredCache*>(next)) return found;
    const auto* const layer = dynamic_cast<const CacheLayer*>(next);
    if (layer == nullptr || dynamic_cast<const PrefixCache*>(next) != nullptr) return nullptr;
    next = layer->below().get();
  }
  return nullptr;
}

bool RememberCache::Inner::tiers_on_the_way(ICache& cache) {
  for (auto* next = &cache; next != nullptr;) {
    if (dynamic_cast<const ITieredCache*>(next) != nullptr) return true;
    if (dynamic_cast<const IFailoverStatistics*>(next) != nullptr) return false;  // it may ask either store
    const auto* const layer = dynamic_cast<const CacheLayer*>(next);
    next = layer == nullptr ? nullptr : layer->below().get();
  }
  return false;
}

/// A value to be computed again, and all that is needed for it.
struct RememberCache::RememberCall::RefreshWork {
  RefreshWork(const RememberCall& call, const Computation& how, std::shared_ptr<const KeysAtWork::Work> work)
      : cache(call.cache_),
        key(call.key_),
        registered(std::move(work)),
        time_to_live(call.time_to_live_),
        computation(how),
        terms(call.terms_),
        trigger(call.trigger_) {
    computation.report = nullptr;  // its caller may be gone
  }
  RefreshWork(const RefreshWork&) = delete;
  RefreshWork& operator=(const RefreshWork&) = delete;
  ~RefreshWork() { cache.inner_->refreshing->end(key, *registered); }

  void run() noexcept {
    if (registered->cancelled()) return;
    (void)guarded_call<Done>([&]() -> Result<Done> {
      RememberCall call(cache, key, time_to_live, computation);
      call.terms_ = terms;
      call.trigger_ = trigger;
      call.registered_ = registered.get();
      (void)call.refresh_ahead();
      return Done{};
    });
  }

  RememberCache& cache;
  const std::string key;
  const std::shared_ptr<const KeysAtWork::Work> registered;
  const TimeToLive time_to_live;
  Computation computation;
  const remembering::Terms* const terms;
  const Trigger trigger;
};

Lookup RememberCache::RememberCall::renewed(Lookup answer) {
  if (inner_.failures->throttles(key_, inner_.clock->now())) return answer;
  terms_ = &inner_.rules.terms_for(key_);
  trigger_ = Trigger::eager;
  if (const auto* const computation = computation_for_elsewhere()) {
    refresh_elsewhere(*computation);
    return answer;
  }
  auto fresh = refresh_ahead();
  return fresh && fresh->ok() ? *std::move(fresh) : std::move(answer);
}

// That of the call, or that of the loader, which gives no tags; null when there is neither.
const Computation* RememberCache::RememberCall::computation_for_elsewhere() const noexcept {
  if (computation_.may_outlive_call) return &computation_;
  const auto& loading = gives_time_to_live_ ? inner_.loading : inner_.loading_with_time_to_live;
  return loading && tags_.empty() ? &*loading : nullptr;
}

std::optional<Lookup> RememberCache::RememberCall::serve_while_revalidating() {
  const auto* const computation = computation_for_elsewhere();
  if (inner_.options.refresh.mode != RefreshMode::swr || computation == nullptr) return std::nullopt;
  auto stale = serve_stale();
  if (!stale || !stale->stale()) return stale;
  trigger_ = Trigger::stale;
  refresh_elsewhere(*computation);
  return stale;
}

void RememberCache::RememberCall::refresh_elsewhere(const Computation& computation) {
  const auto started = guarded_call<bool>([&]() -> Result<bool> {
    const auto registered = inner_.refreshing->begin(key_, computation.tags);
    if (!registered) return true;
    std::shared_ptr<RefreshWork> work;
    try {
      work = std::make_shared<RefreshWork>(*this, computation, registered);
    } catch (...) {
      inner_.refreshing->end(key_, *registered);
      throw;
    }
    const auto& refresh = inner_.options.refresh;
    return inner_.refresh_crew->run([work] { work->run(); }, {refresh.workers, refresh.queue});
  });
  if (!started.ok() || !started.value()) ComputingCounters::add(inner_.counters.refreshes_dropped);
}

std::optional<Lookup> RememberCache::RememberCall::refresh_ahead() {
  if (take_newer()) {
    ComputingCounters::add(inner_.counters.refreshes_taken_from_far);
    return std::nullopt;
  }
  std::shared_ptr<IMutexLease> lease;  // released after the landing
  if (inner_.options.locks.component()) {
    auto taken = lock(std::chrono::milliseconds(0));
    if (!taken.ok() || !taken.value()) {
      ComputingCounters::add(inner_.counters.refreshes_dropped);
      return std::nullopt;
    }
    lease = std::move(taken).value();
  }
  const auto boarding = flights_.board(key_, flights_.landings(), computation_.tags, inner_.flight_limits());
  if (boarding.role == FlightTable::Role::passenger) flights_.leave(*boarding.flight);
  if (boarding.role != FlightTable::Role::leader) return std::nullopt;
  // A change before this had no flight to outdate.
  if (registered_ != nullptr && registered_->cancelled()) boarding.flight->make_outdated();
  ComputingCounters::add(inner_.counters.refreshes);
  seen_.missed = true;  // a null does not replace what is there
  return land_with(boarding.flight, [&](Flight& flight) { return compute(flight, lease.get()); });
}

// What another process has stored meanwhile is as good as what would be computed.
bool RememberCache::RememberCall::take_newer() {
  Value value;
  if (trigger_ == Trigger::stale) return !is_missing_below();
  const auto whole = terms_->time_to_live.value_or(time_to_live_);
  auto cost = std::chrono::nanoseconds(inner_.cost.load());
  const auto left = left_below(cost);
  if (!whole.expires() || !left.ok() || left.value().state != Remaining::State::expires) return false;
  constexpr std::chrono::milliseconds rounding(10);
  const auto now = inner_.clock->now();
  const auto due =
      inner_.points->due_at(key_, terms_->refresh_from, {whole.milliseconds(), left.value().left}, cost, now);
  if (due <= now + rounding) return false;
  if (inner_.tiers != nullptr) {
    inner_.tiers->forget_near(key_);
    (void)guarded_call<Found>([&] { return cache_.forward_read(key_, value); });
  }
  inner_.points->arm(key_, due);
  return true;
}

// Unless another process has computed the value meanwhile.
bool RememberCache::RememberCall::is_missing_below() {
  Value value;
  Details details;
  const auto changes = inner_.changes.of(key_);
  const auto found = guarded_call<Found>([&] { return inner_.entries.read(key_, value, details); });
  seen_.missed = found.ok() && (found.value() == Found::miss || details.stale);
  note_seen(found, value, details, changes);
  return !found.ok() || seen_.missed;
}

// The TTL of the entry, whatever copies say; in an envelope stands what its factory cost.
Result<Remaining> RememberCache::RememberCall::left_below(std::chrono::nanoseconds& cost) {
  if (!inner_.entries.enveloped())
    return guarded_call<Remaining>(
        [&] { return cache_.ask_below<Remaining>(CacheRequest(CacheOperation::time_to_live, key_)); });
  ReadLimits now;
  now.max_staleness = std::chrono::milliseconds(0);
  Value value;
  Details details;
  const auto changes = inner_.changes.of(key_);
  const auto found = guarded_call<Found>([&] { return inner_.entries.read(key_, value, details, &now); });
  if (found.ok()) inner_.note_further(found.value() != Found::miss && !details.stale);
  note_seen(found, value, details, changes);
  if (!found.ok()) return found.error();
  if (details.cost.count() > 0) cost = details.cost;
  return details.stale ? Remaining() : details.life.left;
}

void RememberCache::RememberCall::arm_refresh(TimeToLive time_to_live) noexcept {
  const auto life = cache_.effective_time_to_live(key_, time_to_live);
  if (!life.expires()) return;
  const auto now = inner_.clock->now();
  inner_.points->arm(
      key_, inner_.points->due_at(key_, terms_->refresh_from, {life.milliseconds(), life.milliseconds()},
                                  std::chrono::nanoseconds(inner_.cost.load()), now));
}

}  // namespace cachesite
