#pragma once

#include "testing/caller.hpp"

#include <cachesite/detail/testing/cache_contract.hpp>

#include <span>

namespace cachesite::testing {

// A clause that needs an entry to stay, and one that holds for a cache that keeps nothing as well.
#define CLAUSE(name)  \
  CacheClause {       \
#name, name, true \
  }
#define CLAUSE_OF_ANY_CACHE(name) \
  CacheClause {                   \
#name, name, false            \
  }

/// One key at a time: values, nulls, TTLs, removing, counters, threads, stopping.
std::span<const CacheClause> entry_clauses();
/// Adding, replacing, counting, and TTLs that change.
std::span<const CacheClause> operation_clauses();
/// Reads that tell how long entries live.
std::span<const CacheClause> life_clauses();
/// Many keys in one go.
std::span<const CacheClause> batch_clauses();
/// All keys: walks, patterns, clearing, size.
std::span<const CacheClause> key_clauses();

/// A cached null as this cache tells one.
bool is_null(const Subject& subject, const Lookup& lookup);

}  // namespace cachesite::testing
