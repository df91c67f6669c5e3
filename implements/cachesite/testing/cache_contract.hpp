#pragma once

#include <cachesite/cache.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace cachesite::testing {

/// What a cache does with what is written. NullCache keeps nothing.
enum class Keeps { entries, nothing };

/// A cache whose promises are checked, how to make time pass for its entries, and which promises it may do
/// without.
struct CacheUnderTest {
  /// Empty, and used by nobody else.
  std::shared_ptr<ICache> cache;
  /// Returns when at least this much time has passed for the entries: moves a FakeClock, or sleeps.
  std::function<void(std::chrono::milliseconds)> let_pass;
  /// Looks into the cache after each clause: what is inconsistent in there, "" when nothing is. May be empty.
  std::function<std::string()> check_invariants;
  Keeps keeps = Keeps::entries;
  /// False for a cache that is set to store a cached null as an empty value.
  bool tells_null_from_empty = true;
  /// False for a cache whose `increment` is `unsupported`, as that of a layer that changes values.
  bool counts = true;
  /// The longest key; less where the cache makes keys longer on their way down.
  std::size_t longest_key = ICache::longest_key;
  /// How long an entry lives that is stored without a TTL; empty for a cache that refuses such calls.
  std::optional<std::chrono::milliseconds> ttl = {};
  /// How long entries live that are to end soon. More where the cache is slow and `let_pass` sleeps.
  std::chrono::milliseconds short_time{20};
  /// What has to live as long as the cache.
  std::shared_ptr<void> environment;
};

/// One promise that every ICache keeps.
struct CacheClause {
  /// The promise, with underscores between its words.
  const char* name;
  /// See `check_clause`.
  void (*body)(const CacheUnderTest& subject);
  /// True when it says nothing of a cache that keeps nothing.
  bool needs_entries;
};

/// All promises of ICache; for a test framework that shows each of them as a test of its own.
[[nodiscard]] std::vector<CacheClause> cache_clauses();

/// Checks one promise: a sentence for each place where it is broken, such as "an empty value is a hit: the
/// entry is not there (entry_clauses.cpp:146)"; none when it is kept. What the cache throws is such a sentence
/// too. The cache is used up: it may hold entries, or be stopped.
[[nodiscard]] std::vector<std::string> check_clause(const CacheClause& clause, const CacheUnderTest& subject);

/// Checks all promises, each of them on a cache that `make` makes anew. Takes seconds, and several threads.
[[nodiscard]] std::vector<std::string> check_cache_contract(const std::function<CacheUnderTest()>& make);

}  // namespace cachesite::testing
