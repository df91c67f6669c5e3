#pragma once

#include <cachesite/cache_request.hpp>
#include <cachesite/detail/cache_rules.hpp>

#include <algorithm>
#include <cstddef>
#include <optional>

/// The rules of ICache for requests: the reason to refuse one, if any.
namespace cachesite::interfaces {

[[nodiscard]] inline std::optional<Error> refusal_of_item(const CacheRequest& batch,
                                                          std::size_t item) noexcept {
  if (batch.operation != CacheOperation::set_many) return detail::refusal_of_key(batch.keys[item]);
  const auto& entry = batch.entries[item];
  return detail::refusal_of_entry(entry.key, entry.value, entry.time_to_live);
}

/// Of a request that is no batch.
[[nodiscard]] inline std::optional<Error> refusal_of(const CacheRequest& request) noexcept {
  if (request.subject() != CacheSubject::key) return std::nullopt;
  return detail::refusal_of_entry(request.key, request.value, request.time_to_live);
}

/// Whether a request, or an item of it, leaves the TTL to the cache.
[[nodiscard]] inline bool leaves_time_to_live(const CacheRequest& request) noexcept {
  return !request.time_to_live.specified() ||
         std::any_of(request.entries.begin(), request.entries.end(),
                     [](const CacheEntry& entry) { return !entry.time_to_live.specified(); });
}

}  // namespace cachesite::interfaces
