// How a call answers with a value whose TTL has ended.

#include "layers/remember/remember_call.hpp"

#include <cachesite/detail/guarded_call.hpp>

#include <utility>

namespace cachesite {

using remembering::ComputingCounters;
using std::chrono::milliseconds;

namespace {

// What has been seen so lately still stands, unless this process has changed it; and nobody who has a stale value
// waits longer to look for it once more.
constexpr milliseconds recent{5};

// Failures that say something about the value or its source, not about the call.
bool may_become_stale(const Error& error) noexcept {
  return error.code() != ErrorCode::closed && error.code() != ErrorCode::bad_argument;
}

}  // namespace

bool RememberCache::RememberCall::may_be_stale() const noexcept {
  return terms_ != nullptr && terms_->stale.count() > 0 && computation_.accept_stale;
}

std::optional<Lookup> RememberCache::RememberCall::kept_value(StaleRead& stale, bool to_serve) {
  stale.longest = terms_->stale;
  Details details;
  auto kept = find_kept(stale, details);
  if (!kept) return std::nullopt;
  const auto found = kept->hit() ? Found::hit : Found::null;
  if (to_serve && computation_.accepts && !computation_.accepts(found, kept->value())) return std::nullopt;
  if (!to_serve) known_details_ = std::move(details);
  if (stale.stale) kept->mark_stale();
  return kept;
}

// In envelopes, what stands in the store; a copy in memory, and what stood there a moment ago, only when the store
// does not answer.
std::optional<Lookup> RememberCache::RememberCall::find_kept(StaleRead& stale, Details& details) {
  if (!inner_.entries.enveloped()) return find_copy(stale, details);
  if (!seen_.readable)
    if (auto copy = find_copy(stale, details)) return copy;
  const bool just_seen = TimePoint::clock::now() - missed_at_ < recent;
  const bool unchanged = seen_.changes == inner_.changes.of(key_);
  if (!may_wait_ || (just_seen && unchanged)) return seen_kept(stale, details);
  return find_kept_below(stale, details);
}

std::optional<Lookup> RememberCache::RememberCall::find_copy(StaleRead& stale, Details& details) {
  if (inner_.entries.enveloped() && !inner_.copies_below) return std::nullopt;
  Value value;
  details = Details();
  const auto found =
      guarded_call<Found>([&] { return inner_.entries.read_copy(key_, value, stale, details); });
  if (!found.ok() || found.value() == Found::miss) return std::nullopt;
  return Lookup(found.value(), std::move(value));
}

std::optional<Lookup> RememberCache::RememberCall::find_kept_below(StaleRead& stale, Details& details) {
  ReadLimits limits;
  if (seen_.kept || !seen_.readable) limits.patience = recent;
  Value value;
  details = Details();
  const auto found = guarded_call<Found>([&] { return inner_.entries.read(key_, value, details, &limits); });
  if (!found.ok()) {
    auto copy = find_copy(stale, details);
    return copy ? std::move(copy) : seen_kept(stale, details);
  }
  inner_.note_further(found.value() != Found::miss && !details.stale);
  stale.stale = details.stale;
  stale.age = details.age;
  if (found.value() == Found::miss || details.too_old(stale.longest)) return std::nullopt;
  return Lookup(found.value(), std::move(value));
}

// Unless this process has changed the key since, or heard of a change.
std::optional<Lookup> RememberCache::RememberCall::seen_kept(StaleRead& stale, Details& details) const {
  if (!seen_.kept || seen_.changes != inner_.changes.of(key_)) return std::nullopt;
  details = seen_.details;
  if (details.too_old(stale.longest)) return std::nullopt;
  details.age += std::chrono::duration_cast<milliseconds>(TimePoint::clock::now() - missed_at_);
  if (details.too_old(stale.longest)) return std::nullopt;
  stale.stale = true;
  stale.age = details.age;
  return seen_.kept;
}

bool RememberCache::RememberCall::knows_stale() {
  StaleRead stale;
  const bool waits = std::exchange(may_wait_, false);
  const bool knows = may_be_stale() && kept_value(stale, false).has_value();
  may_wait_ = waits;
  return knows;
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
