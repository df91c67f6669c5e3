#pragma once

#include <cachesite/cache_request.hpp>
#include <cachesite/detail/batch_part.hpp>
#include <cachesite/detail/cache_rules.hpp>
#include <cachesite/detail/guarded_call.hpp>

#include <algorithm>
#include <cstddef>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

/// How the calls of ICache become requests.
namespace cachesite::detail {

/// Whether a request, or an item of it, leaves the TTL to the cache.
[[nodiscard]] inline bool leaves_time_to_live(const CacheRequest& request) noexcept {
  return !request.time_to_live.specified() ||
         std::any_of(request.entries.begin(), request.entries.end(),
                     [](const CacheEntry& entry) { return !entry.time_to_live.specified(); });
}

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
    request.fail(thrown_failure());
  }
}

/// Has `begin(request)` end a request, or those items of a batch, that the rules allow, and refuses the rest:
/// `refused()` is called for each. What is thrown becomes a failure.
template <class Begin, class Refused>
void perform_allowed(CacheRequest& request, Begin begin, Refused refused) noexcept {
  if (request.is_batch()) {
    const auto refusal = [&](std::size_t item) { return refusal_of_item(request, item); };
    for (auto count = pass_accepted(request, refusal, begin); count > 0; --count)
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
    request.fail(thrown_failure());
  }
}

/// Has a cache end a request, by its members `begin` and `refused`.
template <class Cache>
void perform(Cache& cache, CacheRequest& request, void (Cache::*begin)(CacheRequest&),
             void (Cache::*refused)() noexcept) noexcept {
  const auto perform_as_given = [&](CacheRequest& given) {
    perform_allowed(
        given, [&](CacheRequest& allowed) { (cache.*begin)(allowed); }, [&] { (cache.*refused)(); });
  };
  if (!leaves_time_to_live(request)) return perform_as_given(request);
  perform_completed(
      request,
      [&](std::string_view key, TimeToLive given) { return cache.effective_time_to_live(key, given); },
      perform_as_given);
}

/// The answer of a cache to a request, `T` as for `CacheRequest::end`.
template <class T, class Cache>
Result<T> ask(Cache& cache, CacheRequest request) noexcept {
  cache.perform(request);
  return request.answer<T>();
}

/// The same for a batch of keys.
template <class R, class Cache>
void ask_all(Cache& cache, CacheOperation operation, std::span<const std::string_view> keys,
             std::span<R> results) noexcept {
  CacheRequest request(operation);
  request.keys = keys;
  request.results = results;
  cache.perform(request);
}
template <class Cache>
void ask_all(Cache& cache, std::span<const CacheEntry> entries, std::span<Status> results) noexcept {
  CacheRequest request(CacheOperation::set_many);
  request.entries = entries;
  request.results = results;
  cache.perform(request);
}
template <class Cache>
std::vector<Status> ask_all(Cache& cache, std::span<const CacheEntry> entries) {
  std::vector<Status> results(entries.size(), Status(Done{}));
  ask_all(cache, entries, results);
  return results;
}
template <class R, class Cache>
std::vector<R> ask_all(Cache& cache, CacheOperation operation, std::span<const std::string_view> keys,
                       const R& initial) {
  std::vector<R> results(keys.size(), initial);
  ask_all(cache, operation, keys, std::span<R>(results));
  return results;
}

template <class Cache>
[[nodiscard]] KeyRange walk(Cache& cache, std::string_view pattern) {
  return KeyRange([&cache, pattern = std::string(pattern)](auto& position, auto& found) {
    return cache.scan(pattern, position, found);
  });
}

}  // namespace cachesite::detail
