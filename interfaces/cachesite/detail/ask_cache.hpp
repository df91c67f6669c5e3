#pragma once

#include <cachesite/cache_request.hpp>

#include <span>
#include <string_view>

/// How the calls of ICache become requests.
namespace cachesite::detail {

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
}  // namespace cachesite::detail
