#include "layers/remember/async_computation.hpp"

#include "layers/remember/async_lead.hpp"
#include "layers/remember/call_limit.hpp"

#include <cachesite/detail/guarded_call.hpp>
#include <cachesite/event_loop.hpp>

#include <cstddef>
#include <limits>
#include <utility>

namespace cachesite {

using remembering::ComputingCounters;

Computation RememberCache::AsyncComputation::computation_of(const Inner& inner,
                                                            const detail::PendingComputation& pending) {
  Computation computation;
  if (!pending.factory) {
    computation = pending.time_to_live.specified() ? *inner.loading : *inner.loading_with_time_to_live;
  } else {
    computation.contextual = [factory = pending.factory](const ComputeContext& context) {
      return factory->make(context);
    };
  }
  computation.may_outlive_call = true;
  computation.deadline = pending.patience;
  return computation;
}

RememberCache::AsyncComputation::AsyncComputation(RememberCache& cache,
                                                  std::shared_ptr<detail::PendingComputation> pending)
    : cache_(cache),
      inner_(*cache.inner_),
      owner_(cache.weak_from_this().lock()),
      pending_(std::move(pending)),
      computation_(computation_of(inner_, *pending_)),
      call_(cache, pending_->key,
            pending_->time_to_live.specified() ? pending_->time_to_live : TimeToLive::never_expires(),
            computation_),
      loop_(EventLoop::shared()),
      reactor_(*find_interface<event_loop::IReactor>(*loop_)) {
  call_.set_deadline();
}

RememberCache::AsyncComputation::~AsyncComputation() {
  reactor_.disarm(*this);
  if (in_line_) pending_->answer(Lookup(closed()));
}

void RememberCache::AsyncComputation::begin() {
  auto answered = decide();
  if (pending_->answered()) return;
  if (!answered) answered = board();
  if (answered) answer(*std::move(answered));
}

bool RememberCache::AsyncComputation::begin_elsewhere() {
  const auto self = shared_from_this();
  if (call_.deadline_) reactor_.arm(*this, *call_.deadline_);
  in_line_ = true;
  const bool taken = inner_.async_crew->run([self] { self->begin_by_worker(); }, worker_limits);
  if (!taken) in_line_ = false;
  return taken;
}

void RememberCache::AsyncComputation::begin_by_worker() noexcept {
  in_line_ = false;
  try {
    begin();
  } catch (...) {
    answer(Lookup(thrown_failure()));
  }
}

// On a thread that may wait, if the cache below does.
std::optional<Lookup> RememberCache::AsyncComputation::look() {
  auto answer = call_.look(true);
  call_.may_wait_ = false;
  if (answer && answer->ok() && !answer->stale() && cache_.is_due(pending_->key))
    return call_.renewed(*std::move(answer));
  return answer;
}

std::optional<Lookup> RememberCache::AsyncComputation::decide() {
  if (!pending_->found) {
    if (auto answer = look()) return answer;
    return decide_without_entry();
  }
  const auto found = pending_->found.value_or(Found::miss);
  if (found.ok() && found.value() != Found::miss)
    return call_.renewed(Lookup(found.value(), std::move(pending_->value)));
  call_.begin_missing();
  if (auto answer = call_.without_entry(found)) return answer;
  return decide_without_entry();
}

std::optional<Lookup> RememberCache::AsyncComputation::decide_without_entry() {
  if (auto earlier = call_.answer_of_earlier_failure()) return earlier;
  return call_.serve_while_revalidating();
}

std::optional<Lookup> RememberCache::AsyncComputation::board() {
  const auto boarding = inner_.table->board(pending_->key, pending_->reads_begun, {}, inner_.flight_limits(),
                                            FlightTable::Joins::later);
  switch (boarding.role) {
    case FlightTable::Role::leader:
      lead(boarding.flight, boarding.look_again);
      return std::nullopt;
    case FlightTable::Role::passenger:
      if (inner_.table->is_circular(*boarding.flight))
        return call_.refused_boarding(FlightTable::Role::circular);
      ComputingCounters::add(inner_.counters.joined);
      watch(boarding.flight, false);
      return std::nullopt;
    case FlightTable::Role::crowded:
    case FlightTable::Role::exhausted:
    case FlightTable::Role::circular:
      break;
  }
  return call_.refused_boarding(boarding.role);
}

// Whatever happens, the flight lands, and the call is answered.
void RememberCache::AsyncComputation::lead(const std::shared_ptr<Flight>& flight, bool look_again) {
  auto& flights = inner_.table.get();
  try {
    watch(flight, true);
    if (!flight->apart && pending_->factory && pending_->factory->gives_awaitable()) {
      std::make_shared<AsyncLead>(cache_, owner_, *pending_, computation_, flight)->begin(look_again, call_);
    } else if (!call_.run_elsewhere(flight, look_again, inner_.async_crew.get(), worker_limits)) {
      flights.land(
          pending_->key, flight,
          Lookup(Error(ErrorCode::refused, "too many factories of asynchronous calls wait for a thread")));
    }
  } catch (...) {
    flights.land(pending_->key, flight, Lookup(thrown_failure()));
    throw;
  }
}

void RememberCache::AsyncComputation::watch(std::shared_ptr<Flight> flight, bool own) {
  flight_ = std::move(flight);
  own_ = own;
  soft_ = inner_.options.factory_soft.count() > 0 && call_.knows_stale();
  watches_.store(true);
  arm();
  const auto most = own ? std::numeric_limits<std::size_t>::max() : inner_.options.most_waiting;
  const auto role = inner_.table->watch(*flight_, shared_from_this(), most);
  if (role == FlightTable::Role::crowded) answer(call_.refused_boarding(role));
}

void RememberCache::AsyncComputation::arm() {
  reactor_.arm(*this, call_.next_limit(*flight_, own_, soft_).at);
}

void RememberCache::AsyncComputation::landed(const Lookup& result) noexcept {
  auto answered = guarded_call<Lookup>([&]() -> Result<Lookup> { return call_.or_stale(result); });
  answer(answered.ok() ? std::move(answered).value() : Lookup(answered.error()));
}

// It may be on its way to its end, which then waits for this.
void RememberCache::AsyncComputation::expire() noexcept {
  const auto self = weak_from_this().lock();
  if (!self || pending_->answered()) return;
  try {
    if (!watches_.load()) return pending_->answer(answer_while_reading());
    if (auto answered = answer_at_limit()) answer(*std::move(answered));
  } catch (...) {
    answer(Lookup(thrown_failure()));
  }
}

// Another thread has the call in hand, or will have.
Lookup RememberCache::AsyncComputation::answer_while_reading() {
  RememberCall late(cache_, pending_->key, pending_->time_to_live, computation_);
  late.begin_missing();
  late.may_wait_ = false;
  late.seen_.readable = false;
  return late.late_for_the_call();
}

std::optional<Lookup> RememberCache::AsyncComputation::answer_at_limit() {
  const auto limit = call_.next_limit(*flight_, own_, soft_);
  if (inner_.table->closed()) return Lookup(closed());
  switch (limit.kind) {
    case RememberCall::Limit::Kind::soft:
      if (auto stale = call_.serve_at_soft_limit()) return stale;
      soft_ = false;  // removed meanwhile
      arm();
      return std::nullopt;
    case RememberCall::Limit::Kind::hard:
      return call_.give_up(flight_);
    case RememberCall::Limit::Kind::call:
      return call_.late_for_the_call();
    case RememberCall::Limit::Kind::wait:
      if (auto late = call_.late_for_the_wait()) return late;
      compute_apart();
      return std::nullopt;
  }
  return std::nullopt;
}

// Rare, so a worker does it, whatever the factory. This one may just be told of the end of the other flight.
void RememberCache::AsyncComputation::compute_apart() {
  const auto next = std::make_shared<AsyncComputation>(cache_, pending_);
  next->call_.deadline_ = call_.deadline_;
  next->call_.missed_at_ = call_.missed_at_;
  next->call_.terms_ = call_.terms_;
  next->call_.seen_ = call_.seen_;
  const auto apart = inner_.table->begin_apart(pending_->key, {}, inner_.flight_limits());
  if (!apart) return answer(call_.refused_boarding(FlightTable::Role::exhausted));
  inner_.table->unwatch(*flight_, *this);
  next->lead(apart, false);
}

void RememberCache::AsyncComputation::answer(Lookup lookup) noexcept {
  const auto self = shared_from_this();
  reactor_.disarm(*this);
  if (auto* const flights = inner_.table.find(); flights != nullptr && flight_)
    flights->unwatch(*flight_, *this);
  pending_->answer(std::move(lookup));
}

bool RememberCache::reads_first(std::uint64_t& reads_begun) noexcept {
  const auto* const flights = inner_->table.find();
  reads_begun = flights != nullptr ? flights->landings() : 0;
  return inner_->reads_plainly;
}

bool RememberCache::is_due(std::string_view key) noexcept {
  return inner_->points && inner_->points->claim(key, *inner_->clock);
}

void RememberCache::do_begin_remember(const std::shared_ptr<detail::PendingComputation>& call) {
  if (!call->factory && !inner_->loading)
    return call->answer(IComputingCache::do_get_or_load(call->key, call->time_to_live));
  const auto computation = std::make_shared<AsyncComputation>(*this, call);
  const bool looks = !call->found && !inner_->reads_plainly;
  if (!looks || !below_may_wait()) return computation->begin();
  if (!computation->begin_elsewhere())
    call->answer(Lookup(Error(ErrorCode::refused, "too many asynchronous calls wait for a thread")));
}

}  // namespace cachesite
