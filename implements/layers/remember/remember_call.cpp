#include "layers/remember/remember_call.hpp"

#include "layers/remember/key_in_text.hpp"

#include <cachesite/detail/guarded_call.hpp>
#include <cachesite/detail/time_span.hpp>

#include <algorithm>
#include <exception>
#include <string>
#include <utility>

namespace cachesite {

using remembering::ComputingCounters;
using remembering::key_in_text;
using std::chrono::milliseconds;

// Nearly every call is a hit, whose value is read to its place in the answer.
Lookup RememberCache::RememberCall::run_plainly(RememberCache& cache, std::string_view key,
                                                TimeToLive time_to_live, const Computation& computation) {
  auto& inner = *cache.inner_;
  if (!inner.reads_plainly || computation.deadline) [[unlikely]]
    return RememberCall(cache, key, time_to_live, computation).run();
  const auto landings = inner.table->landings();
  Lookup answer(Found::hit, Value());
  Value&& value = std::move(answer).value();
  auto found = guarded_call<Found>([&] { return cache.forward_read(key, value); });
  if (remembering::looks_enveloped(value.text())) [[unlikely]]
    found = guarded_call<Found>([&] { return inner.entries.opened(key, found, value); });
  if (!found.ok() || found.value() != Found::hit) [[unlikely]] {
    if (!found.ok() || found.value() == Found::miss) {
      answer = RememberCall(cache, key, time_to_live, computation).run_after(landings, found);
      return answer;
    }
    answer = Lookup(Found::null, Value());
  }
  if (inner.points && inner.points->claim(key, *inner.clock)) [[unlikely]]
    answer = RememberCall(cache, key, time_to_live, computation).renewed(std::move(answer));
  return answer;
}

Lookup RememberCache::RememberCall::run() {
  if (!tags_.empty() && !inner_.tagged)
    return Lookup(Error(ErrorCode::unsupported, "the cache below has no tags"));
  if (const auto refused = ITaggedCache::check_entry_tags(tags_)) return Lookup(*refused);
  set_deadline();
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
  if (auto earlier = answer_of_earlier_failure()) return *std::move(earlier);
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
    case FlightTable::Role::exhausted:
    case FlightTable::Role::circular:
      break;
  }
  return refused_boarding(boarding.role);
}

std::optional<Lookup> RememberCache::RememberCall::answer_of_earlier_failure() {
  if (terms_->error_ttl.count() > 0)
    if (const auto error = inner_.failures->error_of(key_, inner_.clock->now())) {
      ComputingCounters::add(inner_.counters.errors_remembered);
      return or_stale(Lookup(*error));
    }
  return serve_throttled();
}

Lookup RememberCache::RememberCall::refused_boarding(FlightTable::Role role) {
  if (role == FlightTable::Role::crowded) return shed("too many callers wait for the value under ");
  if (role == FlightTable::Role::exhausted)
    return shed("too many factories are past their hard limit to start one for ");
  return Lookup(Error(ErrorCode::not_computed, "the value under " + key_in_text(key_) + " needs itself"));
}

Lookup RememberCache::RememberCall::shed(const char* reason) {
  ComputingCounters::add(inner_.counters.shed);
  return or_stale(Lookup(Error(ErrorCode::refused, reason + key_in_text(key_))));
}

// The answer, when the cache has one, or there is none to be had.
std::optional<Lookup> RememberCache::RememberCall::look(bool first) {
  Value value;
  Details details;
  const auto changes = inner_.changes.of(key_);
  const auto found = guarded_call<Found>([&] { return read_first(value, details); });
  const bool there = found.ok() && found.value() != Found::miss && !details.stale;
  if (there && (!computation_.accepts || computation_.accepts(found.value(), value))) {
    if (!first) inner_.further_hits.fetch_add(1);
    return Lookup(found.value(), std::move(value));
  }
  if (first) begin_missing();
  if (!first && found.ok()) inner_.note_further(there);
  note_seen(found, value, details, changes);
  return without_entry(details.stale ? Result<Found>(Found::miss) : found);
}

// Nobody waits long for the store who has a stale value at hand.
Result<Found> RememberCache::RememberCall::read_first(Value& value, Details& details) {
  ReadLimits limits;
  const auto soft = inner_.options.far_soft;
  if (soft.count() > 0 && has_stale_copy()) limits.patience = soft;
  if (deadline_) {
    const auto left = std::chrono::ceil<milliseconds>(*deadline_ - TimePoint::clock::now());
    limits.patience = std::clamp(left, milliseconds(1), limits.patience.value_or(milliseconds::max()));
  }
  return inner_.entries.read(key_, value, details, limits.patience ? &limits : nullptr);
}

bool RememberCache::RememberCall::has_stale_copy() {
  terms_ = &inner_.rules.terms_for(key_);
  if (!inner_.copies_below || !may_be_stale()) return false;
  StaleRead stale{terms_->stale};
  Value value;
  Details details;
  const auto kept = inner_.entries.read_copy(key_, value, stale, details);
  return kept.ok() && kept.value() != Found::miss && stale.stale;
}

void RememberCache::RememberCall::note_seen(const Result<Found>& found, const Value& value,
                                            const Details& details, std::uint64_t changes) {
  if (details.bad != nullptr) report(Error(ErrorCode::corrupt, details.bad));
  if (!inner_.entries.enveloped() || !found.ok()) return;
  seen_.changes = changes;
  seen_.kept.reset();
  seen_.mark = StoredEntries::mark_of(found.value(), value, details);
  seen_.details = details;
  seen_.fresh = found.value() != Found::miss && !details.stale;
  if (found.value() == Found::miss || !details.stale) return;
  seen_.kept.emplace(found.value(), value);
  seen_.kept->mark_stale();
}

void RememberCache::RememberCall::note_batch_seen(const Lookup& found, Details details,
                                                  std::uint64_t changes) {
  if (found.failed()) return note_seen(found.error(), {}, details, changes);
  note_seen(found.miss()  ? Found::miss
            : found.hit() ? Found::hit
                          : Found::null,
            found.value(), details, changes);
}

void RememberCache::RememberCall::set_deadline() {
  if (computation_.deadline)
    deadline_ = TimePoint::clock::now() + TimeSpan(*computation_.deadline).milliseconds();
}

void RememberCache::RememberCall::begin_missing() {
  terms_ = &inner_.rules.terms_for(key_);
  missed_at_ = TimePoint::clock::now();
}

// There is none that is acceptable; the answer, when there is none to be had.
std::optional<Lookup> RememberCache::RememberCall::without_entry(const Result<Found>& found) {
  seen_.readable = found.ok();
  seen_.missed = found.ok() && found.value() == Found::miss;
  if (found.ok()) return std::nullopt;
  if (found.error().code() == ErrorCode::closed && cache_.stopped()) return Lookup(found.error());
  if (deadline_ && TimePoint::clock::now() >= *deadline_) return late_for_the_call();
  if (!computation_.compute_without_cache) return or_stale(Lookup(found.error()));
  report(found.error());
  return std::nullopt;
}

Lookup RememberCache::RememberCall::refresh() {
  if (cache_.stopped()) return Lookup(closed());
  const auto apart = flights_.begin_apart(key_, computation_.tags, inner_.flight_limits());
  if (!apart) return refused_boarding(FlightTable::Role::exhausted);
  flights_.supersede(key_);
  return lead(apart, false);
}

}  // namespace cachesite
