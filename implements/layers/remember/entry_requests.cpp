// How a cache that keeps values in envelopes is an ordinary cache for its callers.

#include "layers/remember/entry_answers.hpp"
#include "layers/remember/remember_inner.hpp"

#include <cachesite/async_request.hpp>

#include <algorithm>
#include <span>
#include <string_view>
#include <utility>

namespace cachesite {

using remembering::looks_enveloped;

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
  const bool batch = request.is_batch();
  if (!enveloped()) {
    cache_.forward(request);
    if (request.effect() != CacheEffect::read || !has_envelope(request)) return;
    note_first_read(request);
  }
  switch (request.effect()) {
    case CacheEffect::read:
      if (request.stale != nullptr) return answer_kept(request);
      return batch ? answer_by<BatchReadAnswer>(request) : answer_by<ReadAnswer>(request);
    case CacheEffect::look:
      return batch ? answer_by<BatchLookAnswer>(request) : answer_by<LookAnswer>(request);
    case CacheEffect::store:
      return batch ? answer_by<BatchStoreAnswer>(request) : answer_by<StoreAnswer>(request);
    case CacheEffect::count:
      return request.fail(cache_.stopped() ? closed()
                                           : Error(ErrorCode::unsupported,
                                                   "a cache of values in envelopes cannot increment"));
    case CacheEffect::prolong:
      return answer_by<LookAnswer>(request);
    case CacheEffect::remove:
    case CacheEffect::list:
      return cache_.forward(request);
  }
}

template <class SomeAnswer>
void RememberCache::StoredEntries::answer_by(CacheRequest& request) {
  SomeAnswer answer(*this, request);
  CacheRequest question = request;
  ask(answer, question);
  answer.end(request, question);
}

void RememberCache::StoredEntries::note_first_read(const CacheRequest& read) {
  if (!read.is_batch() && read.stale == nullptr) cache_.inner_->note_further(true);
  for (const auto& found : read.is_batch() ? read.results_as<Lookup>() : std::span<Lookup>())
    if (found.ok()) cache_.inner_->note_further(!found.miss());
}

// For a layer above that takes an ended entry.
void RememberCache::StoredEntries::answer_kept(CacheRequest& request) {
  Details details;
  auto found = read_kept(request.key, *request.destination, *request.stale, details);
  const bool missed = found.ok() && found.value() == Found::miss;
  if (missed) request.destination->clear();
  if (!request.lives.empty()) request.lives.front() = Answer::life_for_callers(details, missed);
  request.end(std::move(found));
}

Result<Found> RememberCache::StoredEntries::read_kept(std::string_view key, Value& destination,
                                                      StaleRead& stale, Details& details) {
  if (!enveloped() || cache_.inner_->copies_below) return read_copy(key, destination, stale, details);
  const auto found = read(key, destination, details);
  stale.stale = details.stale;
  stale.age = details.age;
  return details.too_old(stale.longest) ? Result<Found>(Found::miss) : found;
}

// The request is itself the question, and at the end as it was.
template <class SomeAnswer>
class RememberCache::StoredEntries::AsyncAnswer final : public AsyncStep {
 public:
  AsyncAnswer(StoredEntries& entries, const CacheRequest& request)
      : cache_(entries.cache_), asked_(request), answer_(entries, request) {}

  bool after(AsyncRequest& call) override {
    if (!go_on(call.request())) return true;
    call.repeat(*this);
    return cache_.forward_async(call);
  }

 private:
  bool go_on(CacheRequest& request) {
    try {
      if (answer_.go_on(request)) return true;
      const CacheRequest last_question = std::exchange(request, asked_);
      answer_.end(request, last_question);
    } catch (...) {
      request = asked_;
      request.fail_thrown();
    }
    return false;
  }

  RememberCache& cache_;
  const CacheRequest asked_;
  SomeAnswer answer_;
};

template <class SomeAnswer>
bool RememberCache::StoredEntries::answer_async_by(AsyncRequest& call) {
  if (SomeAnswer::keeps_arguments) call.keep_arguments();
  return call.memory().make<AsyncAnswer<SomeAnswer>>(*this, call.request()).after(call);
}

// With form plain: opens what an earlier configuration has left, which is rare.
class RememberCache::StoredEntries::AsyncOpening final : public AsyncStep {
 public:
  AsyncOpening(StoredEntries& entries, AsyncRequest& call) : entries_(entries) {
    call.keep_arguments();
    key_ = call.request().key;
    keys_ = call.request().keys;
    lives_ = call.request().lives;
  }

  bool after(AsyncRequest& call) override {
    CacheRequest& request = call.request();
    if (!has_envelope(request)) return true;
    request.key = key_;
    request.keys = keys_;
    request.lives = lives_;
    entries_.note_first_read(request);
    return request.is_batch() ? entries_.answer_async_by<BatchReadAnswer>(call)
                              : entries_.answer_async_by<ReadAnswer>(call);
  }

 private:
  StoredEntries& entries_;
  std::string_view key_;
  std::span<const std::string_view> keys_;
  std::span<EntryLife> lives_;
};

bool RememberCache::StoredEntries::answer_async(AsyncRequest& call) {
  CacheRequest& request = call.request();
  const bool batch = request.is_batch();
  if (!enveloped()) {
    if (request.effect() == CacheEffect::read) call.add_step<AsyncOpening>(*this, call);
    return cache_.forward_async(call);
  }
  switch (request.effect()) {
    case CacheEffect::read:
      return batch ? answer_async_by<BatchReadAnswer>(call) : answer_async_by<ReadAnswer>(call);
    case CacheEffect::look:
      return batch ? answer_async_by<BatchLookAnswer>(call) : answer_async_by<LookAnswer>(call);
    case CacheEffect::store:
      return batch ? answer_async_by<BatchStoreAnswer>(call) : answer_async_by<StoreAnswer>(call);
    case CacheEffect::prolong:
      return answer_async_by<LookAnswer>(call);
    case CacheEffect::count:
      answer(request);
      return true;
    case CacheEffect::remove:
    case CacheEffect::list:
      break;
  }
  return cache_.forward_async(call);
}

}  // namespace cachesite
