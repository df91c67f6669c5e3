#pragma once

#include <cachesite/cache_request.hpp>
#include <cachesite/cache_statistics.hpp>
#include <cachesite/component.hpp>
#include <cachesite/detail/ask_cache.hpp>
#include <cachesite/detail/cache_rules.hpp>
#include <cachesite/detail/guarded_call.hpp>

#include <chrono>
#include <initializer_list>
#include <utility>

namespace cachesite {

/// A cache: keys and values are any bytes, and every entry has a time to live.
///
/// There are two ways to use one. The **graceful** calls, `get_value` and `set_value`, treat a failing
/// backend as a miss: right for code that can always do without the cache. The **precise** calls, `get`,
/// `read`, `write` and the rest, tell a hit, a cached null, a miss and a failure with its reason apart. No
/// call throws, except std::bad_alloc where it says so.
///
/// Rules that hold for every implementation: a key is 1 byte to 64 KiB long; a value is at most 512 MiB long
/// (an implementation may be set to less); a TTL is 1 ms to 10 years, or `TimeToLive::never_expires()` where
/// it is asked for by name; arguments outside that are refused with `bad_argument` or `too_large` before
/// anything else happens. A call that leaves the TTL out gets that of the cache (see
/// `effective_time_to_live`), and is refused by a cache that has none. An entry is never returned later than
/// 1 ms after the end of its TTL. All calls are safe from any thread.
///
/// What a cache cannot do at all, such as counting in an encrypted one, fails with `unsupported`; its own
/// comment says so. A cache of one's own derives from CacheBase, a layer over another cache from CacheLayer.
class ICache : public Interface<ICache, "ICache"> {
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

  /// Stores `value`, or a cached null for std::nullopt, in place of what is there, for as long as `expire`
  /// (rounded down to milliseconds). True when stored; false when refused or on any failure.
  template <class Rep, class Period>
  bool set_value(std::string_view key, std::optional<ByteView> value,
                 std::chrono::duration<Rep, Period> expire) noexcept {
    return write(key, value, TimeToLive(expire)).ok();
  }
  /// The same for as long as the cache is set to; false when it is set to nothing.
  bool set_value(std::string_view key, std::optional<ByteView> value) noexcept {
    return write(key, value).ok();
  }

  /// The entry under `key`, with every case told apart.
  [[nodiscard]] Lookup get(std::string_view key) noexcept {
    Value value;
    const auto found = read(key, value);
    return found.ok() ? Lookup(found.value(), std::move(value)) : Lookup(found.error());
  }

  /// As `get`, into a destination that the caller keeps and whose memory is used again. Unless the result is
  /// `Found::hit` it is empty or holds bytes without meaning.
  Result<Found> read(std::string_view key, Value& destination) noexcept {
    if (const auto refused = detail::refusal_of_key(key)) return refuse(*refused);
    return guarded_call<Found>([&] { return do_read(key, destination); });
  }

  /// Stores `value`, or a cached null for std::nullopt, and replaces what is there.
  Status write(std::string_view key, std::optional<ByteView> value,
               TimeToLive time_to_live = TimeToLive::unspecified()) noexcept {
    if (!time_to_live.specified()) [[unlikely]]
      time_to_live = effective_time_to_live(key, time_to_live);
    if (const auto refused = detail::refusal_of_entry(key, value, time_to_live)) return refuse(*refused);
    return guarded_call<Done>([&] { return do_write(key, value, time_to_live); });
  }

  /// Stores `value` only if there is no entry under `key`, in one step: of several callers one gets true.
  /// False when there is an entry, a cached null included.
  Result<bool> add(std::string_view key, std::optional<ByteView> value,
                   TimeToLive time_to_live = TimeToLive::unspecified()) noexcept {
    return detail::ask<bool>(*this, {Operation::add, key, value, time_to_live});
  }

  /// Stores `value` only if there is an entry under `key`, in one step. False when there is none.
  Result<bool> replace(std::string_view key, std::optional<ByteView> value,
                       TimeToLive time_to_live = TimeToLive::unspecified()) noexcept {
    return detail::ask<bool>(*this, {Operation::replace, key, value, time_to_live});
  }

  /// Adds `by`, which may be negative, to the counter under `key` in one step, and returns its new value. A
  /// counter is an entry whose value is a whole number of 64 bits in decimal, as `get` shows it. A new one
  /// starts from 0 and lives for `time_to_live`; one that is there keeps its TTL. Fails with `refused` and
  /// changes nothing when the entry is no counter or the sum is out of range.
  Result<std::int64_t> increment(std::string_view key, std::int64_t by,
                                 TimeToLive time_to_live = TimeToLive::unspecified()) noexcept {
    return detail::ask<std::int64_t>(*this, {Operation::increment, key, by, time_to_live});
  }

  /// Removes the entry under `key`. True when there was one that had not expired.
  Result<bool> remove(std::string_view key) noexcept {
    return detail::ask<bool>(*this, {Operation::remove, key});
  }

  /// True when there is an entry under `key`, a cached null included. Does not count as a read.
  Result<bool> contains(std::string_view key) noexcept {
    return detail::ask<bool>(*this, {Operation::contains, key});
  }

  /// How long the entry under `key` still lives. Does not count as a read.
  Result<Remaining> time_to_live(std::string_view key) noexcept {
    return detail::ask<Remaining>(*this, {Operation::time_to_live, key});
  }

  /// Gives the entry under `key` a new TTL, counted from now; never_expires() takes its end away. False when
  /// there is no entry.
  Result<bool> expire(std::string_view key, TimeToLive time_to_live) noexcept {
    return detail::ask<bool>(*this, {Operation::expire, key, std::nullopt, time_to_live});
  }

  /// Lets the entry under `key` end at a point of this machine's wall clock, to the millisecond. A time that
  /// is not in the future removes it. False when there is no entry.
  Result<bool> expire_at(std::string_view key, std::chrono::system_clock::time_point when) noexcept;

  /// Takes the end of the entry under `key` away. True when there is an entry that had one.
  Result<bool> persist(std::string_view key) noexcept {
    return detail::ask<bool>(*this, {Operation::persist, key});
  }

  // Many keys in one go: one round trip, to all servers of a cluster at once. The forms that return the
  // results throw std::bad_alloc.

  /// Reads `keys` together. `results` is as long as `keys`, has one result for each in their order, and is
  /// overwritten. A key may occur more than once; one that is refused does not keep others from being read.
  void get_many(Keys keys, std::span<Lookup> results) noexcept {
    detail::ask_all(*this, Operation::get_many, keys, results);
  }
  [[nodiscard]] std::vector<Lookup> get_many(Keys keys);
  [[nodiscard]] std::vector<Lookup> get_many(std::initializer_list<std::string_view> keys) {
    return get_many(Keys(keys.begin(), keys.size()));
  }

  /// Stores `entries` together, each as `write` does; not one step, so some may be stored and others not.
  /// `results` has one result for each. When a key occurs twice, the later one counts.
  void set_many(std::span<const CacheEntry> entries, std::span<Status> results) noexcept {
    detail::ask_all(*this, entries, results);
  }
  std::vector<Status> set_many(std::span<const CacheEntry> entries);
  std::vector<Status> set_many(std::initializer_list<CacheEntry> entries) {
    return set_many(std::span<const CacheEntry>(entries.begin(), entries.size()));
  }

  /// Removes the entries under `keys` together. `results` has for each what `remove` returns.
  void remove_many(Keys keys, std::span<Result<bool>> results) noexcept {
    detail::ask_all(*this, Operation::remove_many, keys, results);
  }
  std::vector<Result<bool>> remove_many(Keys keys);
  std::vector<Result<bool>> remove_many(std::initializer_list<std::string_view> keys) {
    return remove_many(Keys(keys.begin(), keys.size()));
  }

  /// How long the entries under `keys` still live, asked together. `results` has one for each.
  void time_to_live_many(Keys keys, std::span<Result<Remaining>> results) noexcept {
    detail::ask_all(*this, Operation::time_to_live_many, keys, results);
  }

  /// The keys that match `pattern` (see matches_key_pattern), fetched while the range is walked.
  [[nodiscard]] KeyRange keys(std::string_view pattern = "*");

  /// One step of such a walk: appends the keys of one batch, which may be none, to `keys` and moves
  /// `position`, which begins as a new one. It is finished when `position.finished`.
  Status scan(std::string_view pattern, ScanPosition& position, std::vector<std::string>& keys) noexcept {
    if (position.finished) return Done{};
    return detail::ask<Done>(*this, {pattern, position, keys});
  }

  /// Removes the entries whose keys match `pattern`, a batch at a time, and returns how many there were. A
  /// failure leaves those removed that came first.
  Result<std::uint64_t> remove_matching(std::string_view pattern) noexcept {
    return detail::ask<std::uint64_t>(*this, {Operation::remove_matching, pattern});
  }

  /// Removes all entries of this cache: with a prefix, those that begin with it, and nobody else's.
  Status clear() noexcept { return detail::ask<Done>(*this, {Operation::clear}); }

  /// Number of entries of this cache; expired ones that were not swept yet may be counted. On a server that
  /// is shared this may have to walk all keys.
  Result<std::uint64_t> size() noexcept { return detail::ask<std::uint64_t>(*this, {Operation::size}); }

  /// Any of the operations above, for code that treats all alike: it ends `request`.
  void perform(CacheRequest& request) noexcept;

  /// How long an entry under `key` lives that is stored with `time_to_live`: as long as that says, unless this
  /// cache, or one that it stands on, has a TTL for calls that give none or a limit for those that do (see
  /// ExpiryCache). `unspecified()` when the call gives none and there is none. A layer that changes keys or
  /// TTLs on their way down overrides it, and asks the cache below.
  [[nodiscard]] virtual TimeToLive effective_time_to_live(std::string_view /*key*/,
                                                          TimeToLive time_to_live) const noexcept {
    return time_to_live;
  }

  /// Counters since the cache was made.
  [[nodiscard]] virtual CacheStatistics statistics() const = 0;

  /// Where failures are logged that nobody else is told about, as by `cached()`; null when nowhere.
  [[nodiscard]] virtual std::shared_ptr<class ILogger> logger() const noexcept { return nullptr; }

 protected:
  friend class CacheLayer;  // calls the cache below without the rules, which its own caller has passed

  // What a cache provides; the arguments have passed the rules above. An exception that escapes becomes a
  // failure (see thrown_failure). `do_begin` ends any request, reads and writes included.
  virtual Result<Found> do_read(std::string_view key, Value& destination) = 0;
  virtual Status do_write(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live) = 0;
  virtual void do_begin(CacheRequest& request) = 0;
  /// Told about each call that was refused for its arguments, so that it can be counted.
  virtual void on_refused() noexcept {}
  Error refuse(Error error) noexcept { return on_refused(), error; }

 private:
  void perform_as_given(CacheRequest& request) noexcept;
};

}  // namespace cachesite
