// How a call computes a value and stores it.

#include "layers/remember/key_in_text.hpp"
#include "layers/remember/remember_call.hpp"

#include <cachesite/detail/guarded_call.hpp>

#include <algorithm>
#include <exception>
#include <memory>
#include <string>
#include <utility>

namespace cachesite {

using remembering::ComputingCounters;
using remembering::key_in_text;
using std::chrono::milliseconds;

namespace {

/// A long value moves instead of being copied.
Lookup lookup_of(std::optional<std::string>&& bytes) {
  if (!bytes) return {Found::null, Value()};
  Value value;
  if (bytes->size() <= Value::inline_capacity) {
    value.assign(ByteView(*bytes));
  } else {
    const auto holder = std::make_shared<const std::string>(std::move(*bytes));
    value.share(std::shared_ptr<const std::byte>(holder, reinterpret_cast<const std::byte*>(holder->data())),
                holder->size());
  }
  return {Found::hit, std::move(value)};
}

}  // namespace

Lookup RememberCache::RememberCall::lead(const std::shared_ptr<Flight>& flight, bool look_again) {
  std::shared_ptr<IMutexLease> lease;  // released after the landing
  return land_with(flight, [&](Flight& own) { return answer_of_leader(own, look_again, lease); });
}

Lookup RememberCache::RememberCall::land_with(const std::shared_ptr<Flight>& flight,
                                              const std::function<Lookup(Flight&)>& answer) {
  struct Landing {
    RememberCache::Inner& inner;
    FlightTable& flights;
    std::string_view key;
    const std::shared_ptr<Flight>& flight;
    Lookup result = Lookup(Error(ErrorCode::no_memory));
    // Not in a child that the computation has forked: who waits does so in the parent.
    ~Landing() {
      if (inner.table.find() == &flights) flights.land(key, flight, result);
    }
  } landing{inner_, flights_, key_, flight};
  try {
    landing.result = answer(*flight);
  } catch (...) {
    landing.result = Lookup(thrown_failure());
    throw;
  }
  return landing.result;
}

Lookup RememberCache::RememberCall::answer_of_leader(Flight& flight, bool look_again,
                                                     std::shared_ptr<IMutexLease>& lease) {
  // Others have the lock, or what they compute is not wanted.
  if (!flight.apart)
    if (auto answer = answer_before_factory(look_again, lease)) return *std::move(answer);
  return compute(flight, lease.get());
}

std::optional<Lookup> RememberCache::RememberCall::answer_before_factory(
    bool look_again, std::shared_ptr<IMutexLease>& lease) {
  if (look_again) {
    if (auto answer = look(false)) return *std::move(answer);
    if (auto stale = serve_throttled()) return *std::move(stale);
  }
  const bool lenient = inner_.options.on_lock_failure == OnLockFailure::compute;
  if (inner_.options.locks.component() && (seen_.readable || !lenient)) {
    auto taken = take(lenient);
    if (cache_.stopped()) return Lookup(closed());
    const bool failed = !taken.ok();
    if (!failed) lease = std::move(taken).value();
    if (!failed || taken.error().code() == ErrorCode::timeout)
      if (auto answer = look(false)) return *std::move(answer);
    if (failed && !lenient) return Lookup(taken.error());
    if (failed) report(taken.error());
  }
  return std::nullopt;
}

Result<std::shared_ptr<IMutexLease>> RememberCache::RememberCall::lock(milliseconds wait) {
  return guarded_call<std::shared_ptr<IMutexLease>>([&]() -> Result<std::shared_ptr<IMutexLease>> {
    const auto mutex = inner_.options.locks->get_mutex(remembering::mutex_name(key_));
    if (!mutex) return Error(ErrorCode::unreachable, "the locks cannot be reached");
    MutexRequest request;
    request.expire = TimeToLive(inner_.options.lease);
    request.stop = inner_.stopping->get_token();
    request.wait = wait;
    return mutex->take(request);
  });
}

Result<std::shared_ptr<IMutexLease>> RememberCache::RememberCall::take(bool lenient) {
  auto taken = lock(milliseconds(0));
  const bool ended = taken.ok() ? taken.value() != nullptr : lenient;
  if (!ended && inner_.options.wait.count() != 0) {
    ComputingCounters::add(inner_.counters.joined);
    taken = lock(inner_.options.wait);
  }
  if (taken.ok() && !taken.value())
    return Error(ErrorCode::timeout, "another process has been computing the value under " +
                                         key_in_text(key_) + " for longer than the wait limit");
  return taken;
}

ComputeContext RememberCache::RememberCall::begin_factory(Flight& flight) {
  Flight* const begun = &flight;
  inner_.foreign.begin({&begun, 1});
  ComputingCounters::add(inner_.counters.factories);
  ComputeContext context{.key = key_, .trigger = trigger_, .stop = flight.stop.get_token()};
  if (computation_.refresh)
    context.trigger = Trigger::forced;
  else if (computation_.contextual)
    recall_last_value(context);
  return context;
}

Result<Computed> RememberCache::RememberCall::call_factory(Flight& flight) {
  const ComputeContext context = begin_factory(flight);
  try {
    return computation_.make(context);
  } catch (...) {
    return not_computed(std::current_exception());
  }
}

// The one that has ended, or the one that ends soon.
void RememberCache::RememberCall::recall_last_value(ComputeContext& context) {
  if (may_be_stale()) {
    StaleRead stale;
    known_ = kept_value(stale, false);
    if (known_ && known_->stale()) {
      context.trigger = Trigger::stale;
      context.age = stale.age;
    }
  } else if (trigger_ == Trigger::eager) {
    Value value;
    known_details_ = Details();
    const auto found = guarded_call<Found>([&] { return inner_.entries.read(key_, value, known_details_); });
    if (found.ok() && found.value() != Found::miss && !known_details_.stale)
      known_.emplace(found.value(), std::move(value));
  }
  if (known_ && !known_->stale() && trigger_ != Trigger::eager) known_.reset();
  if (known_) context.etag = known_details_.etag;
  if (known_ && known_->hit()) context.stale = &known_->value();
}

Lookup RememberCache::RememberCall::compute(Flight& flight, const IMutexLease* lease) {
  const auto begin = inner_.clock->now();
  auto computed = call_factory(flight);
  note_cost(begin);
  return conclude(flight, lease, std::move(computed));
}

void RememberCache::RememberCall::note_cost(IClock::TimePoint begin) {
  knowledge_.cost = inner_.clock->now() - begin;
  inner_.note_cost(knowledge_.cost);
}

Lookup RememberCache::RememberCall::conclude(Flight& flight, const IMutexLease* lease,
                                             Result<Computed> computed) {
  const Outcome outcome = outcome_of(flight, std::move(computed));
  if (outcome.time_to_live) store(flight, lease, outcome.answer, *outcome.time_to_live);
  return outcome.answer;
}

RememberCache::RememberCall::Outcome RememberCache::RememberCall::outcome_of(const Flight& flight,
                                                                             Result<Computed> computed) {
  if (computed.ok() && computed.value().not_modified && !known_)
    computed =
        Error(ErrorCode::not_computed, "the factory says that the value is not modified, but was given none");
  if (!computed.ok()) {
    ComputingCounters::add(inner_.counters.failures);
    if (!flights_.is_retired(flight)) note_failure(computed.error());
    return {Lookup(computed.error()), std::nullopt};
  }
  inner_.failures->succeeded(key_);
  Computed made = std::move(computed).value();
  knowledge_.etag = std::move(made.etag);
  knowledge_.stale_for = std::min(made.stale_for.value_or(terms_->stale), terms_->stale);
  if (made.not_modified) return outcome_of_not_modified(made.time_to_live);
  const auto time_to_live = made.time_to_live ? made.time_to_live : lasting(made.value.has_value());
  return {lookup_of(std::move(made.value)), made.store ? time_to_live : std::nullopt};
}

RememberCache::RememberCall::Outcome RememberCache::RememberCall::outcome_of_not_modified(
    std::optional<TimeToLive> time_to_live) {
  ComputingCounters::add(inner_.counters.not_modified);
  renews_ = inner_.entries.enveloped() ? keeps_its_header() : !known_->stale();
  if (knowledge_.etag.empty()) knowledge_.etag = known_details_.etag;
  knowledge_.cost = known_details_.cost;
  return {known_->hit() ? Lookup(Found::hit, known_->value()) : Lookup(Found::null, Value()),
          time_to_live ? time_to_live : lasting(known_->hit())};
}

std::optional<TimeToLive> RememberCache::RememberCall::lasting(bool has_value) const {
  const auto usual = terms_->time_to_live.value_or(time_to_live_);
  if (has_value) return usual;
  const auto& negative = terms_->negative_ttl;
  if (!negative) return default_null_time_to_live(usual);
  if (negative->count() == 0) return std::nullopt;
  if (usual.expires() && usual.milliseconds() < *negative) return usual;
  return TimeToLive(*negative);
}

void RememberCache::RememberCall::store(Flight& flight, const IMutexLease* lease, const Lookup& lookup,
                                        TimeToLive time_to_live) {
  if (!may_store(lease, lookup, time_to_live)) return;
  const bool late = flights_.is_retired(flight);
  flights_.outdate_older(key_, flight);
  std::optional<Error> failure;
  const auto succeeds = [&](const Result<bool>& done) {
    if (!done.ok()) failure = done.error();
    return done.ok() && done.value();
  };
  if (!succeeds(guarded_call<bool>([&] { return may_replace(lookup); })))
    return note_stored(late, false, failure, lookup, time_to_live);
  bool written = false;
  const bool current = flight.store_unless_outdated(
      [&] { written = succeeds(guarded_call<bool>([&] { return write(lookup, time_to_live); })); },
      [&] {
        (void)guarded_call<bool>(
            [&] { return cache_.ask_below<bool>(CacheRequest(CacheOperation::remove, key_)); });
      });
  note_stored(late, current && (written || failure), failure, lookup, time_to_live);
}

bool RememberCache::RememberCall::may_store(const IMutexLease* lease, const Lookup& lookup,
                                            TimeToLive time_to_live) const {
  std::optional<Error> reason;
  if (!time_to_live.valid())
    reason.emplace(ErrorCode::bad_argument, "the factory's TTL is not 1 ms to 10 years");
  else if (lookup.value().size() > ICache::largest_value)
    reason.emplace(ErrorCode::too_large, "a value is at most 512 MiB long");
  else if (lease && !lease->held())
    reason.emplace(ErrorCode::timeout, "the lock was lost while the value was computed");
  if (reason) report(*reason);
  return !reason;
}

void RememberCache::RememberCall::note_stored(bool late, bool stored, const std::optional<Error>& failure,
                                              const Lookup& lookup, TimeToLive time_to_live) {
  if (late)
    ComputingCounters::add(stored && !failure ? inner_.counters.late_stored : inner_.counters.late_dropped);
  if (failure) return report(*failure);
  if (stored && inner_.points && lookup.hit()) arm_refresh(time_to_live);
}

}  // namespace cachesite
