#pragma once

#include "contract/cache_contract.hpp"

#include <span>
#include <string>
#include <string_view>

namespace cachesite::test {

struct CacheClause {
  const char* name;
  void (*check)(const CacheSubject&);
  bool needs_entries;
};

// A clause that needs an entry to stay, and one that holds for a cache that keeps nothing as well.
#define CLAUSE(name)  \
  CacheClause {       \
#name, name, true \
  }
#define CLAUSE_OF_ANY_CACHE(name) \
  CacheClause {                   \
#name, name, false            \
  }

/// Adding, replacing, counting, and TTLs that change.
std::span<const CacheClause> operation_clauses();
/// Many keys in one go.
std::span<const CacheClause> batch_clauses();
/// All keys: walks, patterns, clearing, size.
std::span<const CacheClause> key_clauses();

/// Fails unless there is a value under `key`, and it is `expected`.
void check_hit(ICache& cache, std::string_view key, std::string_view expected);
/// A cached null as this cache tells one.
bool is_null(const CacheSubject& subject, const Lookup& lookup);

}  // namespace cachesite::test
