// How a call waits for a value that another caller computes, or a thread of the cache.

#include "layers/remember/call_limit.hpp"
#include "layers/remember/key_in_text.hpp"
#include "layers/remember/remember_call.hpp"

#include <cachesite/detail/guarded_call.hpp>
#include <cachesite/detail/time_span.hpp>

#include <memory>
#include <string>
#include <utility>

namespace cachesite {

using remembering::ComputingCounters;
using remembering::key_in_text;

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
      call.terms_ = terms;
      // g++ 12 warns of an assignment, as if there could be something to assign to.
      std::destroy_at(&call.seen_);
      std::construct_at(&call.seen_, std::move(seen));
      call.missed_at_ = missed_at;
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
  const remembering::Terms* terms = nullptr;
  Seen seen;
  TimePoint missed_at{};
  bool begun = false;
};

// Nothing when there is no thread for it: the caller then computes.
std::optional<Lookup> RememberCache::RememberCall::start_elsewhere(const std::shared_ptr<Flight>& flight,
                                                                   bool look_again) {
  if (!run_elsewhere(flight, look_again, inner_.crew.get(), {})) return std::nullopt;
  return follow(flight, true);
}

bool RememberCache::RememberCall::run_elsewhere(const std::shared_ptr<Flight>& flight, bool look_again,
                                                basics::Crew& crew, const basics::Crew::Limits& limits) {
  const auto work = guarded_call<std::shared_ptr<Work>>([&]() -> Result<std::shared_ptr<Work>> {
    auto made = std::make_shared<Work>(cache_, key_, time_to_live_, computation_, flight, look_again);
    made->terms = terms_;
    made->seen = seen_;
    made->missed_at = missed_at_;
    return made;
  });
  if (!work.ok()) return false;
  flights_.hand_over(*flight);
  const auto started =
      guarded_call<bool>([&] { return crew.run([each = work.value()] { each->run(); }, limits); });
  if (started.ok() && started.value()) return true;
  flights_.lead(*flight);
  work.value()->begun = true;
  return false;
}

RememberCache::RememberCall::Limit RememberCache::RememberCall::next_limit(const Flight& flight, bool own,
                                                                           bool soft) const {
  const auto& options = inner_.options;
  Limit next{flight.begun + TimeSpan::longest, Limit::Kind::call};
  const auto offer = [&next](TimePoint at, Limit::Kind kind) {
    if (at < next.at) next = {at, kind};
  };
  if (!own) offer(missed_at_ + TimeSpan(options.wait).milliseconds(), Limit::Kind::wait);
  if (options.factory_hard.count() > 0)
    offer(flight.begun + TimeSpan(options.factory_hard).milliseconds(), Limit::Kind::hard);
  if (computation_.deadline)
    offer(deadline_.value_or(missed_at_ + TimeSpan(*computation_.deadline).milliseconds()),
          Limit::Kind::call);
  if (soft) offer(missed_at_ + TimeSpan(options.factory_soft).milliseconds(), Limit::Kind::soft);
  return next;
}

Lookup RememberCache::RememberCall::follow(const std::shared_ptr<Flight>& flight, bool own) {
  if (auto answer = follow_within_wait(flight, own)) return *std::move(answer);
  const auto apart = flights_.begin_apart(key_, computation_.tags, inner_.flight_limits());
  if (!apart) return refused_boarding(FlightTable::Role::exhausted);
  if (computation_.may_outlive_call)
    if (auto answer = start_elsewhere(apart, false)) return *std::move(answer);
  return or_stale(lead(apart, false));
}

std::optional<Lookup> RememberCache::RememberCall::follow_within_wait(const std::shared_ptr<Flight>& flight,
                                                                      bool own) {
  if (!own) ComputingCounters::add(inner_.counters.joined);
  bool soft = inner_.options.factory_soft.count() > 0 && knows_stale();
  for (;;) {
    const auto limit = next_limit(*flight, own, soft);
    if (auto result = flights_.wait(*flight, limit.at)) return or_stale(*std::move(result));
    if (flights_.closed()) return Lookup(closed());
    switch (limit.kind) {
      case Limit::Kind::soft:
        if (auto stale = serve_at_soft_limit()) return stale;
        soft = false;  // removed meanwhile
        break;
      case Limit::Kind::hard:
        return give_up(flight);
      case Limit::Kind::call:
        return late_for_the_call();
      case Limit::Kind::wait:
        return late_for_the_wait();
    }
  }
}

std::optional<Lookup> RememberCache::RememberCall::serve_at_soft_limit() {
  auto stale = serve_stale();
  if (stale) ComputingCounters::add(inner_.counters.soft_timeouts);
  return stale;
}

Lookup RememberCache::RememberCall::late_for_the_call() {
  return or_stale(Lookup(Error(ErrorCode::timeout, "the value under " + key_in_text(key_) +
                                                       " was not there within the call's deadline")));
}

// Nothing when the caller is to compute itself.
std::optional<Lookup> RememberCache::RememberCall::late_for_the_wait() {
  const Error late(ErrorCode::timeout, "another caller has been computing the value under " +
                                           key_in_text(key_) + " for longer than the wait limit");
  if (inner_.options.on_lock_failure == OnLockFailure::error) return or_stale(Lookup(late));
  report(late);
  return std::nullopt;
}

Lookup RememberCache::RememberCall::give_up(const std::shared_ptr<Flight>& flight) {
  const Error late(ErrorCode::timeout,
                   "the value under " + key_in_text(key_) + " was not computed within the hard limit");
  if (flights_.retire(key_, flight)) {
    ComputingCounters::add(inner_.counters.hard_timeouts);
    if (!flight->is_outdated()) note_failure(late);
  }
  return or_stale(Lookup(late));
}

}  // namespace cachesite
