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

/// Whether a cache keeps written entries. NullCache keeps nothing.
enum class Keeps { entries, nothing };

/// How the calls of a cache are made.
enum class CallForm {
  blocking,      ///< `get(key)`
  asynchronous,  ///< `async_get(key).wait()`
  coroutine,     ///< `co_await async_get(key)`
};

/// A cache to check, how to make time pass for its entries, and which promises do not apply to it.
struct CacheUnderTest {
  /// Empty, and not used by anything else.
  std::shared_ptr<ICache> cache;
  /// Returns when at least this much time has passed for the entries: moves a FakeClock, or sleeps.
  std::function<void(std::chrono::milliseconds)> let_pass;
  /// Called after each clause: a description of an inconsistency in the cache, or "". May be empty.
  std::function<std::string()> check_invariants;
  Keeps keeps = Keeps::entries;
  /// False for a cache that stores a cached null as an empty value.
  bool tells_null_from_empty = true;
  /// False for a cache whose `increment` is `unsupported`, such as a layer that changes values.
  bool counts = true;
  /// The longest key; less for a cache that adds to keys.
  std::size_t longest_key = ICache::longest_key;
  /// The TTL of an entry that is stored without one; empty for a cache that refuses such calls.
  std::optional<std::chrono::milliseconds> ttl = {};
  /// The TTL of entries that have to expire during a test. Longer for a slow cache whose `let_pass` sleeps.
  std::chrono::milliseconds short_time{20};
  /// Calls without an asynchronous form are made as ever.
  CallForm form = CallForm::blocking;
  /// An object that has to live as long as the cache.
  std::shared_ptr<void> environment;
};

struct Subject;

/// One promise that every ICache keeps.
struct CacheClause {
  /// The promise, with underscores between its words.
  const char* name;
  /// See `check_clause`.
  void (*body)(const Subject& subject);
  /// True when it does not apply to a cache that keeps nothing.
  bool needs_entries;
};

/// All promises of ICache, for a test framework that shows each as a test.
[[nodiscard]] std::vector<CacheClause> cache_clauses();

/// Checks one promise: returns a sentence for each violation, such as "an empty value is a hit: the entry is
/// not there (entry_clauses.cpp:146)"; and none when it is kept. An exception of the cache is a sentence too.
/// Afterwards the cache may hold entries, or be stopped.
[[nodiscard]] std::vector<std::string> check_clause(const CacheClause& clause, const CacheUnderTest& subject);

/// Checks all promises, each with a new cache from `make`. Takes seconds, and uses several threads.
[[nodiscard]] std::vector<std::string> check_cache_contract(const std::function<CacheUnderTest()>& make);

}  // namespace cachesite::testing
