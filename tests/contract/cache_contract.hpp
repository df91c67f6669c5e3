#pragma once

#include <cachesite/cache.hpp>

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <string>

namespace cachesite::test {

/// Clauses that need an entry to stay are left out for a cache that keeps nothing.
enum class Keeps { entries, nothing };

/// A cache that the contract is checked against, and how to make time pass for its entries.
struct CacheSubject {
  std::shared_ptr<ICache> cache;
  /// Returns when at least this much time has passed for the entries.
  std::function<void(std::chrono::milliseconds)> let_pass;
  /// Looks into the cache after each clause and fails the test when its structures are inconsistent; may be
  /// empty.
  std::function<void()> check_invariants;
  Keeps keeps = Keeps::entries;
  /// False for a cache that is set to store a cached null as an empty value.
  bool tells_null_from_empty = true;
  /// False for a cache whose `increment` is `unsupported`.
  bool counts = true;
  /// The longest key; less where the cache makes keys longer on their way down.
  std::size_t longest_key = ICache::longest_key;
  /// How long an entry lives that is stored without a TTL; empty for a cache that refuses such calls.
  std::optional<std::chrono::milliseconds> ttl = {};
  /// What has to live as long as the cache.
  std::shared_ptr<void> environment;
};

/// Adds one test for each clause of the contract, in a suite called `name`. Call it from a static
/// initialiser:
///
///     const bool registered = cachesite::test::register_cache_contract("memory_lru", make_subject);
bool register_cache_contract(const std::string& name, std::function<CacheSubject()> make_subject,
                             Keeps keeps = Keeps::entries);

}  // namespace cachesite::test
