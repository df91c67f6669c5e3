#include "interfaces/request_rules.hpp"

#include <cachesite/cache.hpp>
#include <cachesite/detail/batch_part.hpp>
#include <cachesite/detail/complete_lives.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cachesite {

namespace {

using interfaces::leaves_time_to_live;
using interfaces::refusal_of;
using interfaces::refusal_of_item;

/// Has `then(request)` end the same request with the TTLs that `own(key, TTL)` gives where it leaves them to
/// the cache.
template <class Own, class Then>
void perform_completed(CacheRequest& request, Own own, Then then) noexcept {
  try {
    CacheRequest completed = request;
    completed.time_to_live = own(request.key, request.time_to_live);
    std::vector<CacheEntry> entries(request.entries.begin(), request.entries.end());
    for (auto& entry : entries)
      entry.time_to_live = own(entry.key, entry.time_to_live);
    completed.entries = entries;
    then(completed);
    if (!request.is_batch()) request.end_as(completed);
  } catch (...) {
    request.fail_thrown();
  }
}

/// Has `begin(request)` end a request, or those items of a batch, that the rules allow, and refuses the rest:
/// `refused()` is called for each. What is thrown becomes a failure.
template <class Begin, class Refused>
void perform(CacheRequest& request, Begin begin, Refused refused) noexcept {
  if (request.is_batch()) {
    const auto refusal = [&](std::size_t item) { return refusal_of_item(request, item); };
    for (auto count = detail::pass_accepted(request, refusal, begin); count > 0; --count)
      refused();
    return;
  }
  if (const auto reason = refusal_of(request)) {
    refused();
    return request.fail(*reason);
  }
  try {
    begin(request);
  } catch (...) {
    request.fail_thrown();
  }
}

template <class R>
std::vector<R> ask_all(ICache& cache, CacheOperation operation, std::span<const std::string_view> keys,
                       const R& initial) {
  std::vector<R> results(keys.size(), initial);
  detail::ask_all(cache, operation, keys, std::span<R>(results));
  return results;
}

}  // namespace

Result<bool> ICache::expire_at(std::string_view key, std::chrono::system_clock::time_point when) noexcept {
  const auto now = std::chrono::system_clock::now();
  if (when <= now) return remove(key);
  return expire(key, TimeToLive(std::chrono::ceil<std::chrono::milliseconds>(when - now)));
}

Result<Found> ICache::read_with_life(std::string_view key, Value& destination, EntryLife& life,
                                     const ReadLimits& limits) noexcept {
  CacheRequest request(Operation::read, key);
  request.destination = &destination;
  request.lives = {&life, 1};
  request.limits = &limits;
  life = EntryLife();
  perform(request);
  detail::complete_lives(request, [this](CacheRequest& question) { perform(question); });
  return request.answer<Found>();
}

void ICache::read_with_life_many(Keys keys, std::span<Lookup> results, std::span<EntryLife> lives,
                                 const ReadLimits& limits) noexcept {
  CacheRequest request(Operation::get_many);
  request.keys = keys;
  request.results = results;
  request.lives = lives;
  request.limits = &limits;
  std::fill(lives.begin(), lives.end(), EntryLife());
  perform(request);
  detail::complete_lives(request, [this](CacheRequest& question) { perform(question); });
}

std::vector<Lookup> ICache::get_many(Keys keys) {
  return ask_all(*this, Operation::get_many, keys, Lookup());
}

std::vector<Status> ICache::set_many(std::span<const CacheEntry> entries) {
  std::vector<Status> results(entries.size(), Status(Done{}));
  set_many(entries, results);
  return results;
}

std::vector<Result<bool>> ICache::remove_many(Keys keys) {
  return ask_all(*this, Operation::remove_many, keys, Result<bool>(false));
}

KeyRange ICache::keys(std::string_view pattern) {
  return KeyRange(
      [this, text = std::string(pattern)](ScanPosition& position, std::vector<std::string>& found) {
        return scan(text, position, found);
      });
}

void ICache::perform(CacheRequest& request) noexcept {
  if (!leaves_time_to_live(request)) return perform_as_given(request);
  perform_completed(
      request, [this](std::string_view key, TimeToLive given) { return effective_time_to_live(key, given); },
      [this](CacheRequest& completed) { perform_as_given(completed); });
}

void ICache::perform_as_given(CacheRequest& request) noexcept {
  cachesite::perform(
      request, [this](CacheRequest& accepted) { do_begin(accepted); }, [this] { on_refused(); });
}

}  // namespace cachesite
