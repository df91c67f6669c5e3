#pragma once

#include "contract/cache_contract.hpp"
#include "contract/layer_pairs_contract.hpp"
#include "support/sanitized.hpp"

#include <chrono>
#include <cstddef>
#include <functional>
#include <string>

namespace cachesite::test {

/// Which parts a logical cache of the contract has: each bit is one.
using PartSet = unsigned;

inline constexpr std::size_t optional_parts = 6;  // ttl, codec, near, metrics, tags, remember
inline constexpr PartSet all_optional_parts = (1U << optional_parts) - 1;
/// Prefix, hooks and failover, all three.
inline constexpr PartSet further_parts = 1U << optional_parts;

inline constexpr std::chrono::hours usual_ttl{2};
/// The rule for keys `soon:*`; keys `price:*` live a minute.
inline constexpr std::chrono::milliseconds soon_ttl{50 * slowness};

/// Registers the contract of ICache, and of every interface that the cache offers, in suites called `name` and
/// `name`_interfaces, for a cache with those parts.
bool register_logical_cache_contract(const std::string& name,
                                     const std::function<CacheSubject()>& make_subject, PartSet parts);
/// The same for a cache that is declared in code.
bool register_logical_cache_contract(const std::string& ground, const MakeGround& make_ground, PartSet parts);

}  // namespace cachesite::test
