#pragma once

#include <cachesite/cache_request.hpp>
#include <cachesite/detail/ask_cache.hpp>
#include <cachesite/detail/async_cache_calls.hpp>
#include <cachesite/detail/cache_rules.hpp>
#include <cachesite/detail/cache_statistics.hpp>
#include <cachesite/detail/guarded_call.hpp>

#include <chrono>
#include <initializer_list>
#include <utility>

namespace cachesite {

/// A cache: keys and values are any bytes, and every entry has a time to live.
///
/// The **graceful** calls, `get_value` and `set_value`, treat a failure as a miss. The **precise** calls, all
/// others, distinguish a hit, a cached null, a miss and a failure with its reason. All calls are safe from any
/// thread. None throws, except std::bad_alloc where it says so. AsyncCacheCalls has their asynchronous forms.
///
/// Every cache keeps these rules. A key is 1 byte to 64 KiB long, a value at most 512 MiB, or less by its
/// settings. A TTL is 1 ms to 10 years, or `TimeToLive::never_expires()`. Other arguments are refused with
/// `bad_argument` or `too_large` before anything else happens. A call without a TTL takes that of the cache
/// (see `effective_time_to_live`); a cache that has none refuses it. An entry is never returned later than 1
/// ms after the end of its TTL. An operation that a cache does not offer, such as `increment` in an encrypted
/// one, fails with `unsupported`. A cache of your own derives from CacheBase, a layer from CacheLayer.
class ICache : public AsyncCacheCalls {
  using Keys = std::span<const std::string_view>;
  using Operation = CacheOperation;

 public:
  static constexpr std::size_t longest_key = detail::longest_key;
  static constexpr std::size_t largest_value = detail::largest_value;

  /// The value under `key`; empty on a miss, on a cached null, and on any failure.
  [[nodiscard]] std::optional<Value> get_value(std::string_view key) noexcept {
    std::optional<Value> value(std::in_place);
    const auto found = read(key, *value);
    if (!found.ok() || found.value() != Found::hit) value.reset();
    return value;
  }

  /// Stores `value`, or a cached null for std::nullopt, and replaces an existing entry. `expire`, its TTL, is
  /// any std::chrono duration; without it the TTL of the cache counts. False when refused and on any failure.
  bool set_value(std::string_view key, std::optional<ByteView> value,
                 TimeToLive expire = TimeToLive::unspecified()) noexcept {
    return write(key, value, expire).ok();
  }

  /// The entry under `key`.
  [[nodiscard]] Lookup get(std::string_view key) noexcept {
    Value value;
    const auto found = read(key, value);
    return found.ok() ? Lookup(found.value(), std::move(value)) : Lookup(found.error());
  }

  /// As `get`, into a `destination` whose memory is used again. Unless `Found::hit` its bytes have no meaning.
  Result<Found> read(std::string_view key, Value& destination) noexcept {
    if (const auto refused = detail::refusal_of_key(key)) return refuse(*refused);
    return guarded_call<Found>([&] { return do_read(key, destination); });
  }

  /// As `read`, and tells in `life` how long the entry lives, in one round trip.
  Result<Found> read_with_life(std::string_view key, Value& destination, EntryLife& life,
                               const ReadLimits& limits = {}) noexcept;

  /// Stores `value`, or a cached null for std::nullopt, and replaces an existing entry.
  Status write(std::string_view key, std::optional<ByteView> value,
               TimeToLive time_to_live = TimeToLive::unspecified()) noexcept {
    if (!time_to_live.specified()) [[unlikely]]
      time_to_live = effective_time_to_live(key, time_to_live);
    if (const auto refused = detail::refusal_of_entry(key, value, time_to_live)) return refuse(*refused);
    return guarded_call<Done>([&] { return do_write(key, value, time_to_live); }, Outcome::unknown);
  }

  /// Stores `value` if there is no entry under `key`, not even a cached null, atomically: of several callers
  /// one gets true. False when there is an entry.
  Result<bool> add(std::string_view key, std::optional<ByteView> value,
                   TimeToLive time_to_live = TimeToLive::unspecified()) noexcept {
    return detail::ask<bool>(*this, {Operation::add, key, value, time_to_live});
  }

  /// Stores `value` if there is an entry under `key`, atomically. False when there is none.
  Result<bool> replace(std::string_view key, std::optional<ByteView> value,
                       TimeToLive time_to_live = TimeToLive::unspecified()) noexcept {
    return detail::ask<bool>(*this, {Operation::replace, key, value, time_to_live});
  }

  /// Adds `by`, which may be negative, to the counter under `key` atomically, and returns the sum. A counter
  /// is an entry whose value is an integer of 64 bits in decimal. A new one starts from 0 with the TTL
  /// `time_to_live`; an existing one keeps its TTL. Fails with `refused`, and changes nothing, when the entry
  /// is not a counter or the sum is out of range.
  Result<std::int64_t> increment(std::string_view key, std::int64_t by,
                                 TimeToLive time_to_live = TimeToLive::unspecified()) noexcept {
    return detail::ask<std::int64_t>(*this, {Operation::increment, key, by, time_to_live});
  }

  /// Removes the entry under `key`. True when there was one that had not expired.
  Result<bool> remove(std::string_view key) noexcept {
    return detail::ask<bool>(*this, {Operation::remove, key});
  }

  /// True when there is an entry under `key`, also for a cached null. Does not count as a read.
  Result<bool> contains(std::string_view key) noexcept {
    return detail::ask<bool>(*this, {Operation::contains, key});
  }

  /// The remaining TTL of the entry under `key`. Does not count as a read.
  Result<Remaining> time_to_live(std::string_view key) noexcept {
    return detail::ask<Remaining>(*this, {Operation::time_to_live, key});
  }

  /// Gives the entry under `key` a new TTL from now, never_expires() included. False when there is no entry.
  Result<bool> expire(std::string_view key, TimeToLive time_to_live) noexcept {
    return detail::ask<bool>(*this, {Operation::expire, key, std::nullopt, time_to_live});
  }

  /// As `expire`, until a time of this machine's wall clock. A time that is not in the future removes the entry.
  Result<bool> expire_at(std::string_view key, std::chrono::system_clock::time_point when) noexcept;

  /// Lets the entry under `key` live for ever. True when there is an entry that had a TTL.
  Result<bool> persist(std::string_view key) noexcept {
    return detail::ask<bool>(*this, {Operation::persist, key});
  }

  // Many keys in one round trip, to all servers of a cluster at once. `results` has the length and the order of
  // what is asked; one that is refused does not affect the others. What returns results throws std::bad_alloc.

  /// Reads `keys`. A key may occur more than once.
  void get_many(Keys keys, std::span<Lookup> results) noexcept {
    detail::ask_all(*this, Operation::get_many, keys, results);
  }
  [[nodiscard]] std::vector<Lookup> get_many(Keys keys);
  [[nodiscard]] std::vector<Lookup> get_many(std::initializer_list<std::string_view> keys) {
    return get_many(Keys(keys.begin(), keys.size()));
  }

  /// Reads `keys`, as `read_with_life` does. `lives` is as long as `results`.
  void read_with_life_many(Keys keys, std::span<Lookup> results, std::span<EntryLife> lives,
                           const ReadLimits& limits = {}) noexcept;

  /// Stores each of `entries` as `write` does, not in one step. When a key occurs twice, the later one counts.
  void set_many(std::span<const CacheEntry> entries, std::span<Status> results) noexcept {
    detail::ask_all(*this, entries, results);
  }
  std::vector<Status> set_many(std::span<const CacheEntry> entries);
  std::vector<Status> set_many(std::initializer_list<CacheEntry> entries) {
    return set_many(std::span<const CacheEntry>(entries.begin(), entries.size()));
  }

  /// Removes the entries under `keys`, each as `remove` does.
  void remove_many(Keys keys, std::span<Result<bool>> results) noexcept {
    detail::ask_all(*this, Operation::remove_many, keys, results);
  }
  std::vector<Result<bool>> remove_many(Keys keys);
  std::vector<Result<bool>> remove_many(std::initializer_list<std::string_view> keys) {
    return remove_many(Keys(keys.begin(), keys.size()));
  }

  /// The remaining TTLs of the entries under `keys`.
  void time_to_live_many(Keys keys, std::span<Result<Remaining>> results) noexcept {
    detail::ask_all(*this, Operation::time_to_live_many, keys, results);
  }

  /// The keys that match `pattern` (see matches_key_pattern), fetched in batches during the iteration.
  [[nodiscard]] KeyRange keys(std::string_view pattern = "*");

  /// One batch of them: appends its keys, which may be none, to `keys`, and moves `position`, which is a new
  /// one at first. It was the last when `position.finished`.
  Status scan(std::string_view pattern, ScanPosition& position, std::vector<std::string>& keys) noexcept {
    return position.finished ? Status(Done{}) : detail::ask<Done>(*this, {pattern, position, keys});
  }

  /// Removes the entries whose keys match `pattern`, and returns their number. After a failure some are gone.
  Result<std::uint64_t> remove_matching(std::string_view pattern) noexcept {
    return detail::ask<std::uint64_t>(*this, {Operation::remove_matching, pattern});
  }

  /// Removes all entries of this cache: with a prefix, only those whose keys begin with it.
  Status clear() noexcept { return detail::ask<Done>(*this, {Operation::clear}); }

  /// Number of entries; expired ones may be counted. On a shared server this may have to read all keys.
  Result<std::uint64_t> size() noexcept { return detail::ask<std::uint64_t>(*this, {Operation::size}); }

  /// Any of the operations above, for code that handles all in the same way: it ends `request`.
  void perform(CacheRequest& request) noexcept;

  /// The TTL that an entry gets from a call with the TTL `given`; `unspecified()` when there is none. It differs
  /// from `given` by what this cache or one below it is set to (see ExpiryCache). A layer that changes keys or
  /// TTLs overrides it, and asks the cache below.
  [[nodiscard]] virtual TimeToLive effective_time_to_live(std::string_view, TimeToLive given) const noexcept {
    return given;
  }

  /// Counters since the cache was created.
  [[nodiscard]] virtual CacheStatistics statistics() const = 0;

  /// The logger for failures that no caller sees, such as those in `cached()`; may be null.
  [[nodiscard]] virtual std::shared_ptr<class ILogger> logger() const noexcept { return nullptr; }

 protected:
  friend class async::CacheAccess;
  friend class CacheLayer;  // calls the cache below without the rules, which its own caller has passed

  // What a cache provides. The arguments follow the rules above. An exception that escapes becomes a failure
  // (see thrown_failure), of a change with Outcome::unknown. `do_begin` ends any request, reads and writes included.
  virtual Result<Found> do_read(std::string_view key, Value& destination) = 0;
  virtual Status do_write(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live) = 0;
  virtual void do_begin(CacheRequest& request) = 0;
  /// Called for each call that was refused for its arguments, so that it can be counted.
  virtual void on_refused() noexcept {}
  Error refuse(Error error) noexcept { return on_refused(), error; }

 private:
  void perform_as_given(CacheRequest& request) noexcept;
};

}  // namespace cachesite
