#pragma once

#include <cachesite/cache.hpp>

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cachesite {

/// The base of caches that hold their entries themselves: one function for each operation, of which
/// `do_read`, `do_write` and the first three below are required. Without an override, an operation is
/// `unsupported`, or uses others: a batch calls the single operation for each key, `remove_matching` uses
/// `scan` and `remove_many`, `clear` uses `remove_matching`.
///
/// The arguments have passed the rules of ICache; `results` has one element for each item. An exception
/// becomes a failure: std::bad_alloc becomes no_memory, anything else becomes refused with its text. Several
/// threads may call at once.
class CacheBase : public ICache {
 protected:
  virtual Result<bool> do_remove(std::string_view key) = 0;
  virtual Result<bool> do_contains(std::string_view key) = 0;
  virtual Result<Remaining> do_time_to_live(std::string_view key) = 0;

  virtual Result<bool> do_add(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live);
  virtual Result<bool> do_replace(std::string_view key, std::optional<ByteView> value,
                                  TimeToLive time_to_live);
  virtual Result<std::int64_t> do_increment(std::string_view key, std::int64_t by, TimeToLive time_to_live);
  virtual Result<bool> do_expire(std::string_view key, TimeToLive time_to_live);
  virtual Result<bool> do_persist(std::string_view key);
  /// Reads an entry whose TTL may have ended; by default none that has.
  virtual Result<Found> do_read_stale(std::string_view key, Value& destination, StaleRead& stale);
  /// Reads an entry and tells its life; by default with two calls.
  virtual Result<Found> do_read_with_life(std::string_view key, Value& destination, EntryLife& life,
                                          const ReadLimits& limits);
  virtual void do_read_with_life_many(std::span<const std::string_view> keys, std::span<Lookup> results,
                                      std::span<EntryLife> lives, const ReadLimits& limits);
  virtual void do_read_many(std::span<const std::string_view> keys, std::span<Lookup> results);
  virtual void do_write_many(std::span<const CacheEntry> entries, std::span<Status> results);
  virtual void do_remove_many(std::span<const std::string_view> keys, std::span<Result<bool>> results);
  virtual void do_time_to_live_many(std::span<const std::string_view> keys,
                                    std::span<Result<Remaining>> results);
  virtual Status do_scan(std::string_view pattern, ScanPosition& position, std::vector<std::string>& keys);
  virtual Result<std::uint64_t> do_remove_matching(std::string_view pattern);
  virtual Status do_clear();
  virtual Result<std::uint64_t> do_size();

 private:
  void do_begin(CacheRequest& request) final;
  Result<Found> begin_read(const CacheRequest& request);
};

/// Removes the entries that match `pattern` with `scan` and `remove_many` of `cache`, like
/// `ICache::remove_matching`. A failure after the first removed entry has the outcome `unknown`. Throws nothing.
Result<std::uint64_t> remove_by_scan(ICache& cache, std::string_view pattern);

}  // namespace cachesite
