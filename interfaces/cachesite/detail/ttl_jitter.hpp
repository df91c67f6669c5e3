#pragma once

#include <cachesite/detail/stable_hash.hpp>
#include <cachesite/time_to_live.hpp>

#include <cstdint>
#include <string_view>

namespace cachesite {

/// The largest share for `jittered`: TTLs from 0.5 to 1.5 times as long.
inline constexpr double largest_ttl_jitter = 0.5;

/// A TTL that differs from `time_to_live` by at most `share` of it, up or down, so that entries stored
/// together do not expire together. The difference depends on `key` alone: the same key, TTL and share give
/// the same result in every process and on every machine, and different keys spread evenly over the whole
/// range (`stable_hash` with the finishing step of SplitMix64).
///
/// The result is 1 ms to `TimeToLive::longest`. A TTL of `never_expires()`, one that is not valid, and one
/// whose share is less than a millisecond stay as they are. A `share` below 0 or that is no number counts as
/// 0, one above `largest_ttl_jitter` as that.
[[nodiscard]] constexpr TimeToLive jittered(TimeToLive time_to_live, std::string_view key,
                                            double share) noexcept {
  if (!(share > 0.0) || !time_to_live.expires()) return time_to_live;
  if (share > largest_ttl_jitter) share = largest_ttl_jitter;
  const auto length = time_to_live.count();
  const auto reach = static_cast<std::uint64_t>(static_cast<double>(length) * share);
  if (reach == 0) return time_to_live;

  std::uint64_t hash = stable_hash(key);
  hash = (hash ^ (hash >> 30U)) * 0xbf58'476d'1ce4'e5b9U;
  hash = (hash ^ (hash >> 27U)) * 0x94d0'49bb'1331'11ebU;
  hash ^= hash >> 31U;

  // At most half of 1 ms to 10 years either way: neither the sum nor the difference leaves 64 bits.
  auto changed =
      length + static_cast<std::int64_t>(hash % (2 * reach + 1)) - static_cast<std::int64_t>(reach);
  if (changed < 1) changed = 1;
  if (changed > TimeToLive::longest.count()) changed = TimeToLive::longest.count();
  return TimeToLive::Milliseconds(changed);
}

}  // namespace cachesite
