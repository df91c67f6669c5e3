#include "layers/remember/remember_call.hpp"

#include "layers/remember/key_in_text.hpp"

#include <cachesite/detail/guarded_call.hpp>

#include <algorithm>
#include <exception>
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

// Failures that say something about the value or its source, not about the call.
bool may_become_stale(const Error& error) noexcept {
  return error.code() != ErrorCode::closed && error.code() != ErrorCode::bad_argument;
}

}  // namespace

/// A computation that may outlive its caller, and all that it needs.
struct RememberCache::RememberCall::Work {
  Work(RememberCache& computing, std::string_view asked, TimeToLive life, const Computation& how,
       std::shared_ptr<Flight> led, bool again)
      : cache(computing),
        key(asked),
        time_to_live(life),
        computation(how),
        flight(std::move(led)),
        look_again(again) {
    computation.report = nullptr;  // its caller may be gone
  }
  Work(const Work&) = delete;
  Work& operator=(const Work&) = delete;
  // Work that was dropped.
  ~Work() {
    if (!begun) cache.inner_->table->land(key, flight, Lookup(closed()));
  }

  void run() {
    begun = true;
    auto& flights = cache.inner_->table.get();
    try {
      flights.lead(*flight);
      RememberCall call(cache, key, time_to_live, computation);
      call.terms_ = &cache.inner_->rules.terms_for(key);
      call.missed_ = missed;
      call.readable_ = readable;
      (void)call.lead(flight, look_again);
    } catch (...) {
      flights.land(key, flight, Lookup(thrown_failure()));
    }
  }

  RememberCache& cache;
  const std::string key;
  const TimeToLive time_to_live;
  Computation computation;
  const std::shared_ptr<Flight> flight;
  const bool look_again;
  bool missed = false;
  bool readable = true;
  bool begun = false;
};

/// Until when a caller waits, and why not longer.
struct RememberCache::RememberCall::Limit {
  enum class Kind { wait, hard, call, soft };
  TimePoint at;
  Kind kind;
};

// Nearly every call is a hit, whose value is read to its place in the answer.
Lookup RememberCache::RememberCall::run_plainly(RememberCache& cache, std::string_view key,
                                                TimeToLive time_to_live, const Computation& computation) {
  auto& inner = *cache.inner_;
  const auto landings = inner.table->landings();
  Lookup answer(Found::hit, Value());
  Value&& value = std::move(answer).value();
  const auto found = guarded_call<Found>([&] { return cache.forward_read(key, value); });
  if (!found.ok() || found.value() == Found::miss) [[unlikely]] {
    answer = RememberCall(cache, key, time_to_live, computation).run_after(landings, found);
    return answer;
  }
  if (found.value() == Found::null) [[unlikely]]
    answer = Lookup(Found::null, Value());
  if (inner.points && inner.points->claim(key, *inner.clock)) [[unlikely]]
    answer = RememberCall(cache, key, time_to_live, computation).renewed(std::move(answer));
  return answer;
}

Lookup RememberCache::RememberCall::run() {
  if (!tags_.empty() && !inner_.tagged)
    return Lookup(Error(ErrorCode::unsupported, "the cache below has no tags"));
  if (const auto refused = ITaggedCache::check_entry_tags(tags_)) return Lookup(*refused);
  if (computation_.refresh) {
    terms_ = &inner_.rules.terms_for(key_);
    return or_stale(refresh());
  }
  const auto landings = flights_.landings();
  if (auto answer = look(true)) {
    const bool is_due =
        inner_.points && answer->ok() && !answer->stale() && inner_.points->claim(key_, *inner_.clock);
    return is_due ? renewed(*std::move(answer)) : *std::move(answer);
  }
  return compute_missing(landings);
}

Lookup RememberCache::RememberCall::run_after(std::uint64_t landings, const Result<Found>& found) {
  begin_missing();
  if (auto answer = without_entry(found)) return *std::move(answer);
  return compute_missing(landings);
}

Lookup RememberCache::RememberCall::compute_missing(std::uint64_t landings) {
  if (terms_->error_ttl.count() > 0)
    if (const auto error = inner_.failures->error_of(key_, inner_.clock->now())) {
      ComputingCounters::add(inner_.counters.errors_remembered);
      return or_stale(Lookup(*error));
    }
  if (auto stale = serve_throttled()) return *std::move(stale);
  if (auto stale = serve_while_revalidating()) return *std::move(stale);
  const auto boarding = flights_.board(key_, landings, computation_.tags, inner_.flight_limits());
  switch (boarding.role) {
    case FlightTable::Role::leader: {
      if (computation_.may_outlive_call) {
        if (auto answer = start_elsewhere(boarding.flight, boarding.look_again)) return *std::move(answer);
      } else if (inner_.options.factory_soft.count() > 0 && may_be_stale()) {
        inner_.tell_of_soft_limit();
      }
      return or_stale(lead(boarding.flight, boarding.look_again));
    }
    case FlightTable::Role::passenger:
      return follow(boarding.flight, false);
    case FlightTable::Role::crowded:
      return shed("too many callers wait for the value under ");
    case FlightTable::Role::exhausted:
      return shed("too many factories are past their hard limit to start one for ");
    case FlightTable::Role::circular:
      break;
  }
  return Lookup(Error(ErrorCode::not_computed, "the value under " + key_in_text(key_) + " needs itself"));
}

Lookup RememberCache::RememberCall::shed(const char* reason) {
  ComputingCounters::add(inner_.counters.shed);
  return or_stale(Lookup(Error(ErrorCode::refused, reason + key_in_text(key_))));
}

// The answer, when the cache has one, or there is none to be had.
std::optional<Lookup> RememberCache::RememberCall::look(bool first) {
  Value value;
  const auto found = guarded_call<Found>([&] { return cache_.forward_read(key_, value); });
  if (found.ok() && found.value() != Found::miss &&
      (!computation_.accepts || computation_.accepts(found.value(), value))) {
    if (!first) inner_.further_hits.fetch_add(1);
    return Lookup(found.value(), std::move(value));
  }
  if (first) begin_missing();
  if (!first && found.ok()) {
    const bool missed = found.value() == Found::miss;
    (missed ? inner_.further_misses : inner_.further_hits).fetch_add(1);
  }
  return without_entry(found);
}

void RememberCache::RememberCall::begin_missing() {
  terms_ = &inner_.rules.terms_for(key_);
  missed_at_ = TimePoint::clock::now();
}

// There is none that is acceptable; the answer, when there is none to be had.
std::optional<Lookup> RememberCache::RememberCall::without_entry(const Result<Found>& found) {
  readable_ = found.ok();
  missed_ = found.ok() && found.value() == Found::miss;
  if (found.ok()) return std::nullopt;
  if (found.error().code() == ErrorCode::closed && cache_.stopped()) return Lookup(found.error());
  if (!computation_.compute_without_cache) return or_stale(Lookup(found.error()));
  report(found.error());
  return std::nullopt;
}

Lookup RememberCache::RememberCall::refresh() {
  if (cache_.stopped()) return Lookup(closed());
  flights_.supersede(key_);
  return compute_apart();
}

Lookup RememberCache::RememberCall::compute_apart() {
  struct Apart {
    FlightTable& flights;
    std::shared_ptr<Flight> flight;
    RememberCache::Inner& inner;
    // Not in a child that the computation has forked.
    ~Apart() {
      if (inner.table.find() == &flights) flights.end_apart(flight);
    }
  } const apart{flights_, flights_.begin_apart(key_, computation_.tags), inner_};
  return compute(*apart.flight, nullptr);
}

// Nothing when there is no thread for it: the caller then computes.
std::optional<Lookup> RememberCache::RememberCall::start_elsewhere(const std::shared_ptr<Flight>& flight,
                                                                   bool look_again) {
  const auto work = guarded_call<std::shared_ptr<Work>>([&]() -> Result<std::shared_ptr<Work>> {
    auto made = std::make_shared<Work>(cache_, key_, time_to_live_, computation_, flight, look_again);
    made->missed = missed_;
    made->readable = readable_;
    return made;
  });
  if (!work.ok()) return std::nullopt;
  flights_.hand_over(*flight);
  const auto started =
      guarded_call<bool>([&] { return inner_.crew->run([each = work.value()] { each->run(); }); });
  if (started.ok() && started.value()) return follow(flight, true);
  flights_.lead(*flight);
  work.value()->begun = true;
  return std::nullopt;
}

RememberCache::RememberCall::Limit RememberCache::RememberCall::next_limit(const Flight& flight, bool own,
                                                                           bool soft) const {
  const auto& options = inner_.options;
  Limit next{flight.begun + TimeSpan::longest, Limit::Kind::call};
  const auto offer = [&next](TimePoint at, Limit::Kind kind) {
    if (at < next.at) next = {at, kind};
  };
  if (!own) offer(missed_at_ + TimeSpan(options.wait).milliseconds(), Limit::Kind::wait);
  if (options.factory_hard.count() > 0) offer(flight.begun + options.factory_hard, Limit::Kind::hard);
  if (computation_.deadline) offer(missed_at_ + *computation_.deadline, Limit::Kind::call);
  if (soft) offer(missed_at_ + options.factory_soft, Limit::Kind::soft);
  return next;
}

Lookup RememberCache::RememberCall::follow(const std::shared_ptr<Flight>& flight, bool own) {
  if (!own) ComputingCounters::add(inner_.counters.joined);
  bool soft = inner_.options.factory_soft.count() > 0 && knows_stale();
  for (;;) {
    const auto limit = next_limit(*flight, own, soft);
    if (auto result = flights_.wait(*flight, limit.at)) return or_stale(*std::move(result));
    if (flights_.closed()) return Lookup(closed());
    switch (limit.kind) {
      case Limit::Kind::soft:
        if (auto stale = serve_stale()) {
          ComputingCounters::add(inner_.counters.soft_timeouts);
          return *std::move(stale);
        }
        soft = false;  // removed meanwhile
        break;
      case Limit::Kind::hard:
        return give_up(flight);
      case Limit::Kind::call:
        return or_stale(Lookup(Error(ErrorCode::timeout, "the value under " + key_in_text(key_) +
                                                             " was not there within the call's deadline")));
      case Limit::Kind::wait: {
        const Error late(ErrorCode::timeout, "another caller has been computing the value under " +
                                                 key_in_text(key_) + " for longer than the wait limit");
        if (inner_.options.on_lock_failure == OnLockFailure::error) return or_stale(Lookup(late));
        report(late);
        return or_stale(compute_apart());
      }
    }
  }
}

Lookup RememberCache::RememberCall::give_up(const std::shared_ptr<Flight>& flight) {
  const Error late(ErrorCode::timeout,
                   "the value under " + key_in_text(key_) + " was not computed within the hard limit");
  if (flights_.retire(key_, flight)) {
    ComputingCounters::add(inner_.counters.hard_timeouts);
    note_failure(late);
  }
  return or_stale(Lookup(late));
}

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
    Lookup result = Lookup(Error(ErrorCode::no_memory));  // of a computation that never came to its end
    // Not in a child that the computation has forked: who waits does so in the parent.
    ~Landing() {
      if (inner.table.find() == &flights) flights.land(key, flight, result);
    }
  } landing{inner_, flights_, key_, flight};
  landing.result = answer(*flight);
  return landing.result;
}

Lookup RememberCache::RememberCall::answer_of_leader(Flight& flight, bool look_again,
                                                     std::shared_ptr<IMutexLease>& lease) {
  if (look_again) {
    if (auto answer = look(false)) return *std::move(answer);
    if (auto stale = serve_throttled()) return *std::move(stale);
  }
  const bool lenient = inner_.options.on_lock_failure == OnLockFailure::compute;
  if (inner_.options.locks.component() && (readable_ || !lenient)) {
    auto taken = take(lenient);
    if (cache_.stopped()) return Lookup(closed());
    const bool failed = !taken.ok();
    if (!failed) lease = std::move(taken).value();
    if (!failed || taken.error().code() == ErrorCode::timeout)
      if (auto answer = look(false)) return *std::move(answer);
    if (failed && !lenient) return Lookup(taken.error());
    if (failed) report(taken.error());
  }
  return compute(flight, lease.get());
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

Result<Computed> RememberCache::RememberCall::call_factory(Flight& flight) {
  ComputingCounters::add(inner_.counters.factories);
  ComputeContext context{.key = key_, .trigger = trigger_, .stop = flight.stop.get_token()};
  std::optional<Lookup> kept;
  if (computation_.refresh) {
    context.trigger = Trigger::forced;
  } else if (computation_.contextual && may_be_stale()) {
    StaleRead stale;
    kept = kept_value(stale, false);
    if (kept && kept->stale()) {
      context.trigger = Trigger::stale;
      context.age = stale.age;
      if (kept->hit()) context.stale = &kept->value();
    }
  }
  try {
    return computation_.make(context);
  } catch (...) {
    return not_computed(std::current_exception());
  }
}

Lookup RememberCache::RememberCall::compute(Flight& flight, const IMutexLease* lease) {
  const auto begin = inner_.clock->now();
  auto computed = call_factory(flight);
  inner_.note_cost(inner_.clock->now() - begin);
  if (!computed.ok()) {
    ComputingCounters::add(inner_.counters.failures);
    if (!flights_.is_retired(flight)) note_failure(computed.error());
    return Lookup(computed.error());
  }
  inner_.failures->succeeded(key_);
  Computed made = std::move(computed).value();
  const auto time_to_live = made.time_to_live ? *made.time_to_live : lasting(made.value.has_value());
  const Lookup lookup = lookup_of(std::move(made.value));
  if (made.store && time_to_live) store(flight, lease, lookup, *time_to_live);
  return lookup;
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
  if (!time_to_live.valid())
    return report(Error(ErrorCode::bad_argument, "the factory's TTL is not 1 ms to 10 years"));
  if (lookup.value().size() > ICache::largest_value)
    return report(Error(ErrorCode::too_large, "a value is at most 512 MiB long"));
  if (lease && !lease->held())
    return report(Error(ErrorCode::timeout, "the lock was lost while the value was computed"));
  const bool late = flights_.is_retired(flight);
  flights_.outdate_older(key_, flight);
  std::optional<Error> failure;
  const bool stored = flight.store_unless_outdated(
      [&] {
        const auto written = guarded_call<Done>([&] { return write(lookup, time_to_live); });
        if (!written.ok()) failure = written.error();
      },
      [&] {
        (void)guarded_call<bool>(
            [&] { return cache_.ask_below<bool>(CacheRequest(CacheOperation::remove, key_)); });
      });
  if (late)
    ComputingCounters::add(stored && !failure ? inner_.counters.late_stored : inner_.counters.late_dropped);
  if (failure) return report(*failure);
  if (stored && inner_.points && lookup.hit()) arm_refresh(time_to_live);
}

// A null never replaces a value that came while it was computed.
Status RememberCache::RememberCall::write(const Lookup& lookup, TimeToLive time_to_live) {
  const auto value = lookup.hit() ? std::optional(ByteView(lookup.value().text())) : std::nullopt;
  if (!tags_.empty() && !cache_.stopped())
    return inner_.tagged->write_tagged(key_, value, time_to_live, tags_);
  if (!value && missed_) {
    const auto added =
        cache_.ask_below<bool>(CacheRequest(CacheOperation::add, key_, std::nullopt, time_to_live));
    if (added.ok()) return Done{};
    if (added.error().code() != ErrorCode::unsupported) return added.error();
  }
  return cache_.forward_write(key_, value, time_to_live);
}

bool RememberCache::RememberCall::may_be_stale() const noexcept {
  return terms_ != nullptr && terms_->stale.count() > 0 && computation_.accept_stale;
}

std::optional<Lookup> RememberCache::RememberCall::kept_value(StaleRead& stale, bool to_serve) {
  Value value;
  stale.longest = terms_->stale;
  const auto found = guarded_call<Found>([&] { return cache_.forward_stale_read(key_, value, stale); });
  if (!found.ok() || found.value() == Found::miss) return std::nullopt;
  if (to_serve && computation_.accepts && !computation_.accepts(found.value(), value)) return std::nullopt;
  Lookup kept(found.value(), std::move(value));
  if (stale.stale) kept.mark_stale();
  return kept;
}

bool RememberCache::RememberCall::knows_stale() {
  StaleRead stale;
  return may_be_stale() && kept_value(stale, false).has_value();
}

std::optional<Lookup> RememberCache::RememberCall::serve_stale() {
  if (!may_be_stale()) return std::nullopt;
  StaleRead stale;
  auto kept = kept_value(stale, true);
  if (kept && kept->stale()) ComputingCounters::add(inner_.counters.stale_served);
  return kept;
}

std::optional<Lookup> RememberCache::RememberCall::serve_throttled() {
  if (!may_be_stale() || !inner_.failures->throttles(key_, inner_.clock->now())) return std::nullopt;
  auto kept = serve_stale();
  if (kept) ComputingCounters::add(inner_.counters.throttled);
  return kept;
}

Lookup RememberCache::RememberCall::or_stale(Lookup answer) {
  if (!answer.failed() || !may_become_stale(answer.error())) return answer;
  if (auto stale = serve_stale()) return *std::move(stale);
  return answer;
}

void RememberCache::RememberCall::note_failure(const Error& error) {
  const auto& stale = inner_.options.stale;
  const bool throttles = terms_->stale.count() > 0;
  if (!throttles && terms_->error_ttl.count() == 0) return;
  (void)guarded_call<Done>([&]() -> Result<Done> {
    inner_.failures->failed(
        key_, error, {throttles ? stale.throttle : std::chrono::milliseconds(0), stale.longest_throttle},
        terms_->error_ttl, inner_.clock->now());
    return Done{};
  });
}

}  // namespace cachesite
