#pragma once

#include <cachesite/cache_hook.hpp>
#include <cachesite/cache_request.hpp>

#include <cstddef>
#include <cstdint>

namespace cachesite::layers {

// Which of the counters of CacheStatistics a request is for.
enum class Counted : std::uint8_t { reads, writes, removals, clears, none };

[[nodiscard]] Counted counted_as(const CacheRequest& request) noexcept;

// How a request ended, as hooks and counters see it.
struct RequestEnd {
  // Null when there was an answer. Of a batch the first failure, when each item failed.
  const Error* failure = nullptr;
  // Only when there was an answer.
  CacheCallResult result;

  // Keys that a read found, nulls included, and those that it did not.
  [[nodiscard]] std::uint64_t found_keys(const CacheRequest& request) const noexcept {
    if (request.is_batch()) return result.count;
    const bool found =
        result.kind == CacheCallResult::Kind::hit || result.kind == CacheCallResult::Kind::null;
    return failure == nullptr && found ? 1 : 0;
  }
  [[nodiscard]] std::uint64_t missed_keys(const CacheRequest& request) const noexcept {
    const std::uint64_t keys = request.is_batch() ? request.items() : 1;
    return keys - found_keys(request) - failures(request);
  }
  [[nodiscard]] std::uint64_t failures(const CacheRequest& request) const noexcept {
    if (request.is_batch()) return result.failed;
    return failure == nullptr ? 0 : 1;
  }

  // Keys that were stored or removed by a request that does such a thing.
  [[nodiscard]] std::uint64_t changed_keys(const CacheRequest& request) const noexcept {
    if (request.is_batch() || request.operation == CacheOperation::remove_matching) return result.count;
    return failure == nullptr && result.kind == CacheCallResult::Kind::done ? 1 : 0;
  }
};

// `found_before` is how many keys there were in `found` before a scan.
[[nodiscard]] RequestEnd end_of(const CacheRequest& request, std::size_t found_before = 0) noexcept;

// How many keys a request is about, as `CacheCall::keys`.
[[nodiscard]] std::size_t keys_of(const CacheRequest& request) noexcept;

}  // namespace cachesite::layers
