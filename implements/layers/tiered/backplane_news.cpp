#include "layers/tiered/backplane_news.hpp"

#include "layers/base/outage.hpp"
#include "layers/base/request_end.hpp"

#include <cachesite/detail/guarded_call.hpp>

#include <algorithm>
#include <mutex>
#include <utility>
#include <vector>

namespace cachesite::tiered {

namespace {

using std::chrono::milliseconds;

ChangeAction action_of(CacheEffect effect) noexcept {
  switch (effect) {
    case CacheEffect::prolong:
      return ChangeAction::expire;
    case CacheEffect::remove:
      return ChangeAction::remove;
    default:
      return ChangeAction::set;
  }
}

bool may_be_done(const Error* error) noexcept {
  return error == nullptr || error->outcome() == Outcome::unknown;
}

// Of what concerns many entries, some may be gone when it fails, whatever its outcome.
bool may_be_done_in_part(const CacheRequest& request) noexcept {
  const auto* const error = request.error();
  if (request.subject() == CacheSubject::key || may_be_done(error)) return may_be_done(error);
  return error->code() != ErrorCode::bad_argument && error->code() != ErrorCode::closed;
}

}  // namespace

BackplaneNews::BackplaneNews(NearTier& near, const CoherenceOptions& options, std::function<bool()> stopped)
    : near_(near),
      backplane_(options.backplane.component()),
      max_staleness_(std::chrono::nanoseconds(options.max_staleness).count()),
      stopped_(std::move(stopped)) {
  near.guard().use_backplane(guard_, options.mode == CoherenceMode::backplane, options.fallback_ttl);
}

void BackplaneNews::begin() {
  if (begun_.load(std::memory_order_acquire)) return;
  const std::lock_guard lock(beginning_);
  if (begun_.load(relaxed)) return;
  watch_ = backplane_->watch(*this, milliseconds(max_staleness_ / 2'000'000));
  begun_.store(true, std::memory_order_release);
}

// --- what is heard

void BackplaneNews::on_changes(std::span<const BackplaneChange> changes) noexcept {
  if (stopped_()) return;
  for (const auto& change : changes)
    take(change);
}

// Entries in form plain have no version, so a written value is never known to be that of the copy.
void BackplaneNews::take(const BackplaneChange& change) noexcept {
  switch (change.action) {
    case ChangeAction::clear:
      near_.clear();
      return near_.listeners.tell_everything_changed();
    case ChangeAction::matching:
      near_.changed_matching(change.key);
      return near_.listeners.tell_everything_changed();
    case ChangeAction::expire:
      keys_.fetch_add(1, relaxed);
      near_.changed_end(change.key);
      return near_.listeners.tell_changed(change.key);
    case ChangeAction::set:
    case ChangeAction::remove:
    case ChangeAction::extend:
      keys_.fetch_add(1, relaxed);
      if (near_.changed(change.key)) keys_with_copy_.fetch_add(1, relaxed);
      return near_.listeners.tell_changed(change.key);
  }
}

void BackplaneNews::on_state(const BackplaneState& state) noexcept {
  guard_.take(state);
  epoch_.store(state.epoch, relaxed);
  if (!stopped_() && changed_) changed_();
}

void BackplaneNews::on_proven(std::int64_t as_of) noexcept {
  as_of_.store(as_of, relaxed);
  guard_.prove(as_of + max_staleness_);
}

// --- what is told

void BackplaneNews::publish(const CacheRequest& request) noexcept {
  if (!layers::changes_entries(request)) return;
  if (request.is_batch()) {
    for (std::size_t item = 0; item < request.items(); ++item)
      if (may_be_done(request.error(item))) tell_key(action_of(request.effect()), request.key_of(item));
    return;
  }
  const auto* const error = request.error();
  if (!may_be_done_in_part(request)) return;
  const bool refused = error == nullptr && request.effect() == CacheEffect::store &&
                       layers::end_of(request).changed_keys(request) == 0;
  if (!refused) tell(request);
}

void BackplaneNews::publish_unanswered(const CacheRequest& request) noexcept {
  if (!layers::changes_entries(request)) return;
  if (!request.is_batch()) return tell(request);
  for (std::size_t item = 0; item < request.items(); ++item)
    tell_key(action_of(request.effect()), request.key_of(item));
}

void BackplaneNews::tell(const CacheRequest& request) noexcept {
  switch (request.subject()) {
    case CacheSubject::key:
      return tell_key(action_of(request.effect()), request.key);
    case CacheSubject::pattern:
      return tell_pattern(request.key);
    case CacheSubject::everything:
      return publish_clear();
    case CacheSubject::batch:
      return;
  }
}

// No key is empty, and no receiver takes an empty pattern.
void BackplaneNews::tell_pattern(std::string_view pattern) noexcept {
  if (!pattern.empty()) tell_key(ChangeAction::matching, pattern);
}

void BackplaneNews::tell_key(ChangeAction action, std::string_view key) noexcept {
  if (!begun_.load(std::memory_order_acquire)) return;
  const BackplaneChange change{action, key};
  watch_->publish({&change, 1});
}

void BackplaneNews::publish(const layers::OwedRemovals::Part& removed) noexcept {
  if (removed.clear) publish_clear();
  if (removed.pattern) tell_pattern(removed.pattern->first);
  for (const auto& [key, number] : removed.keys)
    tell_key(ChangeAction::remove, key);
}

void BackplaneNews::publish_clear() noexcept {
  tell_key(ChangeAction::clear, {});
}

// --- reports

BackplaneState BackplaneNews::state() const noexcept {
  return {epoch_.load(relaxed), guard_.is_doubtful()};
}

std::string BackplaneNews::reason() const {
  return begun_.load(std::memory_order_acquire) ? watch_->reason() : "nothing has been read or written yet";
}

milliseconds BackplaneNews::proven_age() const noexcept {
  const auto age = std::chrono::nanoseconds(near_.nanoseconds() - as_of_.load(relaxed));
  return std::max(std::chrono::floor<milliseconds>(age), milliseconds(0));
}

void BackplaneNews::fill(TierStatistics& statistics) const noexcept {
  if (!begun_.load(std::memory_order_acquire)) return;
  const auto bus = watch_->statistics();
  statistics.published = bus.published;
  statistics.publish_failures = bus.publish_failures;
  statistics.received = bus.received;
  statistics.bad_messages = bus.bad_messages;
  statistics.sequence_gaps = bus.sequence_gaps;
  statistics.lag_milliseconds = bus.lag_milliseconds;
  statistics.news_keys += keys_.load(relaxed);
  statistics.news_keys_with_copy += keys_with_copy_.load(relaxed);
}

}  // namespace cachesite::tiered
