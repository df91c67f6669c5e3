// How a call has a value computed again before it is missing.

#include "layers/remember/remember_call.hpp"

#include <cachesite/detail/guarded_call.hpp>
#include <cachesite/prefix_cache.hpp>

#include <string>
#include <utility>

namespace cachesite {

using remembering::ComputingCounters;

ITieredCache* RememberCache::Inner::tiers_below(ICache& cache) {
  for (auto* next = &cache; next != nullptr;) {
    if (auto* const found = dynamic_cast<ITieredCache*>(next)) return found;
    const auto* const layer = dynamic_cast<const CacheLayer*>(next);
    if (layer == nullptr || dynamic_cast<const PrefixCache*>(next) != nullptr) return nullptr;
    next = layer->below().get();
  }
  return nullptr;
}

/// A value to be computed again, and all that is needed for it.
struct RememberCache::RememberCall::RefreshWork {
  RefreshWork(RememberCache& computing, std::string_view asked, TimeToLive life, const Computation& how,
              Trigger why)
      : cache(computing), key(asked), time_to_live(life), computation(how), trigger(why) {
    computation.report = nullptr;  // its caller may be gone
  }
  RefreshWork(const RefreshWork&) = delete;
  RefreshWork& operator=(const RefreshWork&) = delete;
  ~RefreshWork() { cache.inner_->refreshing->end(key); }

  void run() noexcept {
    (void)guarded_call<Done>([&]() -> Result<Done> {
      RememberCall call(cache, key, time_to_live, computation);
      call.terms_ = &cache.inner_->rules.terms_for(key);
      call.trigger_ = trigger;
      (void)call.refresh_ahead();
      return Done{};
    });
  }

  RememberCache& cache;
  const std::string key;
  const TimeToLive time_to_live;
  Computation computation;
  const Trigger trigger;
};

Lookup RememberCache::RememberCall::renewed(Lookup answer) {
  if (inner_.failures->throttles(key_, inner_.clock->now())) return answer;
  terms_ = &inner_.rules.terms_for(key_);
  trigger_ = Trigger::eager;
  if (computation_.may_outlive_call) {
    refresh_elsewhere();
    return answer;
  }
  auto fresh = refresh_ahead();
  return fresh && fresh->ok() ? *std::move(fresh) : std::move(answer);
}

std::optional<Lookup> RememberCache::RememberCall::serve_while_revalidating() {
  if (inner_.options.refresh.mode != RefreshMode::swr || !computation_.may_outlive_call) return std::nullopt;
  auto stale = serve_stale();
  if (!stale || !stale->stale()) return stale;
  trigger_ = Trigger::stale;
  refresh_elsewhere();
  return stale;
}

void RememberCache::RememberCall::refresh_elsewhere() {
  const auto started = guarded_call<bool>([&]() -> Result<bool> {
    if (!inner_.refreshing->begin(key_)) return true;
    std::shared_ptr<RefreshWork> work;
    try {
      work = std::make_shared<RefreshWork>(cache_, key_, time_to_live_, computation_, trigger_);
    } catch (...) {
      inner_.refreshing->end(key_);
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
  ComputingCounters::add(inner_.counters.refreshes);
  missed_ = true;  // a null does not replace what is there
  return land_with(boarding.flight, [&](Flight& flight) { return compute(flight, lease.get()); });
}

// What another process has stored meanwhile is as good as what would be computed.
bool RememberCache::RememberCall::take_newer() {
  Value value;
  if (trigger_ == Trigger::stale) {
    const auto found = guarded_call<Found>([&] { return cache_.forward_read(key_, value); });
    missed_ = found.ok() && found.value() == Found::miss;
    return found.ok() && found.value() != Found::miss;
  }
  const auto whole = terms_->time_to_live.value_or(time_to_live_);
  const auto left = guarded_call<Remaining>(
      [&] { return cache_.ask_below<Remaining>(CacheRequest(CacheOperation::time_to_live, key_)); });
  if (!whole.expires() || !left.ok() || left.value().state != Remaining::State::expires) return false;
  constexpr std::chrono::milliseconds rounding(10);
  const auto now = inner_.clock->now();
  const auto due =
      inner_.points->due_at(key_, terms_->refresh_from, {whole.milliseconds(), left.value().left},
                            std::chrono::nanoseconds(inner_.cost.load()), now);
  if (due <= now + rounding) return false;
  if (inner_.tiers != nullptr) {
    inner_.tiers->forget_near(key_);
    (void)guarded_call<Found>([&] { return cache_.forward_read(key_, value); });
  }
  inner_.points->arm(key_, due);
  return true;
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
