// How a cache that keeps values in envelopes is an ordinary cache for its callers.

#include "layers/remember/remember_inner.hpp"
#include "layers/remember/stored_entries.hpp"

#include <cachesite/detail/batch_part.hpp>

#include <algorithm>
#include <cstddef>
#include <deque>
#include <utility>
#include <vector>

namespace cachesite {

using remembering::looks_enveloped;

namespace {

// What is a miss for them has no life.
template <class Details>
EntryLife life_for_callers(const Details& details, bool missed) noexcept {
  EntryLife life = details.life;
  life.stale = details.stale && !missed;
  if (missed) life.left = Remaining();
  return life;
}

}  // namespace

bool RememberCache::StoredEntries::has_envelope(const CacheRequest& read) {
  if (!read.is_batch()) {
    const auto* const found = read.answered<Found>();
    return found != nullptr && *found == Found::hit && looks_enveloped(read.destination->text());
  }
  const auto results = read.results_as<Lookup>();
  return std::any_of(results.begin(), results.end(), [](const Lookup& result) {
    return result.hit() && looks_enveloped(result.value().text());
  });
}

void RememberCache::StoredEntries::answer(CacheRequest& request) {
  if (!enveloped()) {
    cache_.forward(request);
    if (request.effect() == CacheEffect::read && has_envelope(request)) answer_read_again(request);
    return;
  }
  switch (request.effect()) {
    case CacheEffect::read:
      return answer_read(request);
    case CacheEffect::look:
      return request.is_batch() ? answer_looks(request) : answer_look(request);
    case CacheEffect::store:
      return request.is_batch() ? answer_stores(request) : answer_store(request);
    case CacheEffect::count:
      return request.fail(cache_.stopped() ? closed()
                                           : Error(ErrorCode::unsupported,
                                                   "a cache of values in envelopes cannot increment"));
    case CacheEffect::prolong:
      return request.end(prolong(request));
    case CacheEffect::remove:
    case CacheEffect::list:
      return cache_.forward(request);
  }
}

void RememberCache::StoredEntries::answer_read_again(CacheRequest& request) {
  if (!request.is_batch() && request.stale == nullptr) cache_.inner_->note_further(true);
  for (const auto& found : request.is_batch() ? request.results_as<Lookup>() : std::span<Lookup>())
    if (found.ok()) cache_.inner_->note_further(!found.miss());
  answer_read(request);
}

void RememberCache::StoredEntries::answer_read(CacheRequest& request) {
  const auto limits = request.read_limits();
  const bool takes_stale = !request.lives.empty() && limits.accept_stale;
  if (request.is_batch()) return answer_batch(request, limits, takes_stale);
  Value& destination = *request.destination;
  Details details;
  auto found = request.stale != nullptr ? read_kept(request.key, destination, *request.stale, details)
                                        : read(request.key, destination, details, &limits);
  if (found.ok() && found.value() != Found::miss && details.stale && !takes_stale && request.stale == nullptr)
    found = Found::miss;
  const bool missed = found.ok() && found.value() == Found::miss;
  if (missed) destination.clear();
  if (!request.lives.empty()) request.lives.front() = life_for_callers(details, missed);
  request.end(std::move(found));
}

// For a layer above that takes an ended entry.
Result<Found> RememberCache::StoredEntries::read_kept(std::string_view key, Value& destination,
                                                      StaleRead& stale, Details& details) {
  if (!enveloped() || cache_.inner_->copies_below) return read_copy(key, destination, stale, details);
  const auto found = read(key, destination, details);
  stale.stale = details.stale;
  stale.age = details.age;
  return details.too_old(stale.longest) ? Result<Found>(Found::miss) : found;
}

void RememberCache::StoredEntries::answer_batch(CacheRequest& batch, const ReadLimits& limits,
                                                bool takes_stale) {
  const auto results = batch.results_as<Lookup>();
  std::vector<Details> details(batch.items());
  read_many(batch.keys, results, details, &limits);
  for (std::size_t item = 0; item < batch.items(); ++item) {
    if (results[item].ok() && results[item].stale() && !takes_stale) results[item] = Lookup();
    if (batch.lives.empty()) continue;
    batch.lives[item] = life_for_callers(details[item], results[item].miss());
  }
}

void RememberCache::StoredEntries::answer_look(CacheRequest& request) {
  if (request.operation == CacheOperation::time_to_live) return request.end(left_of(request.key));
  Value unused;
  Details details;
  const auto found = read(request.key, unused, details);
  if (!found.ok()) return request.fail(found.error());
  const bool there = found.value() != Found::miss && !details.stale;
  cache_.inner_->note_further(there);
  request.end(Result<bool>(there));
}

Result<Remaining> RememberCache::StoredEntries::left_of(std::string_view key) {
  Value unused;
  Details details;
  const auto found = read(key, unused, details);
  if (!found.ok()) return found.error();
  const bool there = found.value() != Found::miss && !details.stale;
  cache_.inner_->note_further(there);
  if (!there) return Remaining();
  const bool told = details.life.left.state != Remaining::State::absent;
  return told ? Result<Remaining>(details.life.left) : time_to_live_below(key);
}

void RememberCache::StoredEntries::answer_looks(CacheRequest& batch) {
  const auto results = batch.results_as<Result<Remaining>>();
  std::vector<Lookup> found(batch.items());
  std::vector<Details> details(batch.items());
  read_many(batch.keys, found, details);
  for (std::size_t item = 0; item < batch.items(); ++item) {
    const auto& entry = found[item];
    const bool there = entry.ok() && !entry.miss() && !entry.stale();
    if (entry.ok()) cache_.inner_->note_further(there);
    if (entry.failed())
      results[item] = entry.error();
    else if (!there)
      results[item] = Remaining();
    else if (details[item].life.left.state != Remaining::State::absent)
      results[item] = details[item].life.left;
    else
      results[item] = guarded_call<Remaining>([&] { return time_to_live_below(batch.keys[item]); });
  }
}

void RememberCache::StoredEntries::answer_store(CacheRequest& request) {
  const auto sealed = seal(request.key, request.value, request.time_to_live, {});
  if (!sealed.ok()) return request.fail(sealed.error());
  CacheRequest stored = request;
  stored.value = sealed.value().bytes_to_store();
  stored.time_to_live = sealed.value().time_to_live;
  cache_.forward(stored);
  request.end_as(stored);
}

void RememberCache::StoredEntries::answer_stores(CacheRequest& batch) {
  std::deque<Sealed> sealed;
  std::vector<std::size_t> places;
  for (std::size_t item = 0; item < batch.items(); ++item) {
    const auto& entry = batch.entries[item];
    auto each = guarded_call<Sealed>([&] { return seal(entry.key, entry.value, entry.time_to_live, {}); });
    if (!each.ok()) {
      batch.fail(item, each.error());
      continue;
    }
    places.push_back(item);
    sealed.push_back(std::move(each).value());
  }
  detail::BatchPart part(batch, std::move(places));
  for (std::size_t index = 0; index < sealed.size(); ++index) {
    part.entries()[index].value = sealed[index].bytes_to_store();
    part.entries()[index].time_to_live = sealed[index].time_to_live;
  }
  cache_.forward(part.request());
  part.hand_back();
}

// The value keeps the time that it is of use after its end.
Result<bool> RememberCache::StoredEntries::prolong(CacheRequest& request) {
  Value unused;
  Details details;
  const auto found = read(request.key, unused, details);
  if (!found.ok()) return found.error();
  const bool there = found.value() != Found::miss && !details.stale;
  cache_.inner_->note_further(there);
  if (!there) return false;
  CacheRequest longer = request;
  if (request.operation == CacheOperation::expire) {
    const auto life = cache_.below()->effective_time_to_live(request.key, request.time_to_live);
    longer.time_to_live = with_stale(life, details.stale_for);
    note_end(request.key, details.mark.version, life);
  }
  return cache_.ask_below<bool>(longer);
}

}  // namespace cachesite
