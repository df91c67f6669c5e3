#include "layers/remember/async_lead.hpp"

#include <cachesite/detail/guarded_call.hpp>

#include <utility>

namespace cachesite {

RememberCache::AsyncLead::AsyncLead(RememberCache& cache, std::shared_ptr<ICache> owner,
                                    const detail::PendingComputation& pending, Computation computation,
                                    std::shared_ptr<remembering::Flight> flight)
    : cache_(cache),
      inner_(*cache.inner_),
      owner_(std::move(owner)),
      key_(pending.key),
      computation_(std::move(computation)),
      factory_(pending.factory),
      flight_(std::move(flight)),
      call_(cache, key_, pending.time_to_live, computation_) {
  inner_.table->hand_over(*flight_);
}

RememberCache::AsyncLead::~AsyncLead() {
  land(
      Lookup(Error(ErrorCode::not_computed, "the factory's awaitable was destroyed before it had a result")));
}

void RememberCache::AsyncLead::begin(bool look_again, const RememberCall& asked) {
  call_.begin_missing();
  call_.terms_ = asked.terms_;
  call_.seen_ = asked.seen_;
  const bool waits = inner_.options.locks.component() || inner_.foreign.are_heard() ||
                     (look_again && cache_.below_may_wait());
  run_where_it_may_wait(waits, [self = shared_from_this(), look_again] { self->prepare(look_again); });
}

// A queue that is full does not lose what has been computed.
template <class Step>
void RememberCache::AsyncLead::run_where_it_may_wait(bool waits, Step step) noexcept {
  const auto queued = guarded_call<bool>(
      [&] { return waits && inner_.async_crew->run(step, AsyncComputation::worker_limits); });
  if (!queued.ok() || !queued.value()) step();
}

void RememberCache::AsyncLead::prepare(bool look_again) noexcept {
  try {
    if (const auto answer = call_.answer_before_factory(look_again, lease_)) return land(*answer);
    const auto context = call_.begin_factory(*flight_);
    begun_ = inner_.clock->now();
    factory_->begin(context, shared_from_this());
  } catch (...) {
    land(Lookup(thrown_failure()));
  }
}

void RememberCache::AsyncLead::made(Result<Computed> result) noexcept {
  call_.note_cost(begun_);
  made_.emplace(std::move(result));
  run_where_it_may_wait(cache_.below_may_wait(), [self = shared_from_this()] { self->finish(); });
}

void RememberCache::AsyncLead::finish() noexcept {
  try {
    land(call_.conclude(*flight_, lease_.get(), *std::move(made_)));
  } catch (...) {
    land(Lookup(thrown_failure()));
  }
}

void RememberCache::AsyncLead::land(const Lookup& result) noexcept {
  if (landed_.exchange(true)) return;
  if (auto* const flights = inner_.table.find()) flights->land(key_, flight_, result);
  lease_.reset();
}

}  // namespace cachesite
