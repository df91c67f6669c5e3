#pragma once

#include <cachesite/bytes.hpp>
#include <cachesite/cache_entry.hpp>
#include <cachesite/cache_statistics.hpp>
#include <cachesite/component.hpp>
#include <cachesite/guarded_call.hpp>
#include <cachesite/key_range.hpp>
#include <cachesite/lookup.hpp>
#include <cachesite/result.hpp>
#include <cachesite/time_to_live.hpp>
#include <cachesite/value.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cachesite {

class ILogger;

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
/// anything else happens. An entry is never returned later than 1 ms after the end of its TTL. All calls are
/// safe from any thread.
///
/// What a cache cannot do at all, such as counting in an encrypted one, fails with `unsupported`. Every cache
/// of this library does all of it unless its own comment says otherwise.
class ICache : public Interface<ICache, "ICache"> {
 public:
  static constexpr std::size_t longest_key = std::size_t{64} * 1024;
  static constexpr std::size_t largest_value = std::size_t{512} * 1024 * 1024;

  /// The value under `key`; empty on a miss, on a cached null, and on any failure.
  [[nodiscard]] std::optional<Value> get_value(std::string_view key) noexcept {
    std::optional<Value> value(std::in_place);
    const auto found = read(key, *value);
    if (!found.ok() || found.value() != Found::hit) value.reset();
    return value;
  }

  /// Stores `value`, or a cached null for std::nullopt, and replaces what is there. The entry lives for
  /// `expire` (any std::chrono duration, rounded down to milliseconds). True when stored; false when refused
  /// or on any failure.
  template <class Rep, class Period>
  bool set_value(std::string_view key, std::optional<ByteView> value,
                 std::chrono::duration<Rep, Period> expire) noexcept {
    return write(key, value, TimeToLive(expire)).ok();
  }

  /// The entry under `key`, with every case told apart.
  [[nodiscard]] Lookup get(std::string_view key) noexcept {
    Value value;
    const auto found = read(key, value);
    return found.ok() ? Lookup(found.value(), std::move(value)) : Lookup(found.error());
  }

  /// As `get`, into a destination that the caller keeps: a destination used again and again reuses its
  /// memory. Unless the result is `Found::hit` the destination is empty or holds bytes without meaning.
  Result<Found> read(std::string_view key, Value& destination) noexcept {
    if (const auto refused = check_key(key)) return refuse(*refused);
    return guarded_call<Found>([&] { return do_read(key, destination); });
  }

  /// Stores `value`, or a cached null for std::nullopt, and replaces what is there.
  Status write(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live) noexcept {
    if (const auto refused = check_entry(key, value, time_to_live)) return refuse(*refused);
    return guarded_call<Done>([&] { return do_write(key, value, time_to_live); });
  }

  /// Stores `value` only if there is no entry under `key`, in one step: of several callers one gets true.
  /// False when there is an entry, a cached null included.
  Result<bool> add(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live) noexcept {
    if (const auto refused = check_entry(key, value, time_to_live)) return refuse(*refused);
    return guarded_call<bool>([&] { return do_add(key, value, time_to_live); });
  }

  /// Stores `value` only if there is an entry under `key`, in one step. False when there is none.
  Result<bool> replace(std::string_view key, std::optional<ByteView> value,
                       TimeToLive time_to_live) noexcept {
    if (const auto refused = check_entry(key, value, time_to_live)) return refuse(*refused);
    return guarded_call<bool>([&] { return do_replace(key, value, time_to_live); });
  }

  /// Adds `by`, which may be negative, to the counter under `key` in one step, and returns its new value. A
  /// counter is an entry whose value is a whole number of 64 bits in decimal, as `get` shows it. A new one
  /// starts from 0 and lives for `time_to_live`; one that is there keeps its TTL. Fails with `refused` and
  /// changes nothing when the entry is no counter or the sum is out of range.
  Result<std::int64_t> increment(std::string_view key, std::int64_t by, TimeToLive time_to_live) noexcept {
    if (const auto refused = check_entry(key, std::nullopt, time_to_live)) return refuse(*refused);
    return guarded_call<std::int64_t>([&] { return do_increment(key, by, time_to_live); });
  }

  /// Removes the entry under `key`. True when there was one that had not expired.
  Result<bool> remove(std::string_view key) noexcept {
    if (const auto refused = check_key(key)) return refuse(*refused);
    return guarded_call<bool>([&] { return do_remove(key); });
  }

  /// True when there is an entry under `key`, a cached null included. Does not count as a read.
  Result<bool> contains(std::string_view key) noexcept {
    if (const auto refused = check_key(key)) return refuse(*refused);
    return guarded_call<bool>([&] { return do_contains(key); });
  }

  /// How long the entry under `key` still lives. Does not count as a read.
  Result<Remaining> time_to_live(std::string_view key) noexcept {
    if (const auto refused = check_key(key)) return refuse(*refused);
    return guarded_call<Remaining>([&] { return do_time_to_live(key); });
  }

  /// Gives the entry under `key` a new TTL, counted from now; never_expires() takes its end away. False when
  /// there is no entry.
  Result<bool> expire(std::string_view key, TimeToLive time_to_live) noexcept {
    if (const auto refused = check_entry(key, std::nullopt, time_to_live)) return refuse(*refused);
    return guarded_call<bool>([&] { return do_expire(key, time_to_live); });
  }

  /// Lets the entry under `key` end at a point of this machine's wall clock, to the millisecond. A time that
  /// is not in the future removes it. False when there is no entry.
  Result<bool> expire_at(std::string_view key, std::chrono::system_clock::time_point when) noexcept {
    const auto now = std::chrono::system_clock::now();
    if (when <= now) return remove(key);
    return expire(key, TimeToLive(std::chrono::ceil<std::chrono::milliseconds>(when - now)));
  }

  /// Takes the end of the entry under `key` away. True when it had one; false when it had none or there is no
  /// entry.
  Result<bool> persist(std::string_view key) noexcept {
    if (const auto refused = check_key(key)) return refuse(*refused);
    return guarded_call<bool>([&] { return do_persist(key); });
  }

  // --- many keys in one go: one round trip, to all servers of a cluster at once

  /// Reads `keys` together. `results` is as long as `keys`, has one result for each in their order, and is
  /// overwritten. A key may occur more than once; one that is refused does not keep others from being read.
  void get_many(std::span<const std::string_view> keys, std::span<Lookup> results) noexcept {
    each_checked(keys, results, check_key,
                 [this](auto accepted, auto answers) { do_read_many(accepted, answers); });
  }
  /// The same with room for the results. Throws std::bad_alloc.
  [[nodiscard]] std::vector<Lookup> get_many(std::span<const std::string_view> keys) {
    std::vector<Lookup> results(keys.size());
    get_many(keys, results);
    return results;
  }
  [[nodiscard]] std::vector<Lookup> get_many(std::initializer_list<std::string_view> keys) {
    return get_many(std::span<const std::string_view>(keys.begin(), keys.size()));
  }

  /// Stores `entries` together, each as `write` does; not one step, so some may be stored and others not.
  /// `results` has one result for each. When a key occurs twice, the later one counts.
  void set_many(std::span<const CacheEntry> entries, std::span<Status> results) noexcept {
    each_checked(
        entries, results,
        [](const CacheEntry& entry) { return check_entry(entry.key, entry.value, entry.time_to_live); },
        [this](auto accepted, auto answers) { do_write_many(accepted, answers); });
  }
  /// The same with room for the results. Throws std::bad_alloc.
  std::vector<Status> set_many(std::span<const CacheEntry> entries) {
    std::vector<Status> results(entries.size(), Status(Done{}));
    set_many(entries, results);
    return results;
  }
  std::vector<Status> set_many(std::initializer_list<CacheEntry> entries) {
    return set_many(std::span<const CacheEntry>(entries.begin(), entries.size()));
  }

  /// Removes the entries under `keys` together. `results` has for each what `remove` returns.
  void remove_many(std::span<const std::string_view> keys, std::span<Result<bool>> results) noexcept {
    each_checked(keys, results, check_key,
                 [this](auto accepted, auto answers) { do_remove_many(accepted, answers); });
  }
  /// The same with room for the results. Throws std::bad_alloc.
  std::vector<Result<bool>> remove_many(std::span<const std::string_view> keys) {
    std::vector<Result<bool>> results(keys.size(), Result<bool>(false));
    remove_many(keys, results);
    return results;
  }
  std::vector<Result<bool>> remove_many(std::initializer_list<std::string_view> keys) {
    return remove_many(std::span<const std::string_view>(keys.begin(), keys.size()));
  }

  /// How long the entries under `keys` still live, asked together. `results` has one for each.
  void time_to_live_many(std::span<const std::string_view> keys,
                         std::span<Result<Remaining>> results) noexcept {
    each_checked(keys, results, check_key,
                 [this](auto accepted, auto answers) { do_time_to_live_many(accepted, answers); });
  }

  // --- all keys

  /// The keys that match `pattern` (see matches_key_pattern), fetched while the range is walked. Throws
  /// std::bad_alloc.
  [[nodiscard]] KeyRange keys(std::string_view pattern = "*") {
    return KeyRange(
        [this, pattern = std::string(pattern)](ScanPosition& position, std::vector<std::string>& found) {
          return scan(pattern, position, found);
        });
  }

  /// One step of such a walk: appends the keys of one batch, which may be none, to `keys` and moves
  /// `position`, which begins as a new one. It is finished when `position.finished`.
  Status scan(std::string_view pattern, ScanPosition& position, std::vector<std::string>& keys) noexcept {
    if (position.finished) return Done{};
    return guarded_call<Done>([&] { return do_scan(pattern, position, keys); });
  }

  /// Removes the entries whose keys match `pattern`, a batch at a time, and returns how many there were. A
  /// failure leaves those removed that came first.
  Result<std::uint64_t> remove_matching(std::string_view pattern) noexcept {
    return guarded_call<std::uint64_t>([&] { return do_remove_matching(pattern); });
  }

  /// Removes all entries of this cache: with a prefix, those that begin with it, and nobody else's.
  Status clear() noexcept {
    return guarded_call<Done>([&] { return do_clear(); });
  }

  /// Number of entries of this cache; expired ones that were not swept yet may be counted. On a server that
  /// is shared this may have to walk all keys.
  Result<std::uint64_t> size() noexcept {
    return guarded_call<std::uint64_t>([&] { return do_size(); });
  }

  /// Counters since the cache was made.
  [[nodiscard]] virtual CacheStatistics statistics() const = 0;

  /// Where failures of this cache are logged that nobody else is told about, as by `cached()` and
  /// `evicting()`; null when there is no such place.
  [[nodiscard]] virtual std::shared_ptr<ILogger> logger() const noexcept { return nullptr; }

 protected:
  // What an implementation provides. The arguments have passed the rules above; `results` is as long as what
  // it answers. An exception that escapes becomes a failure: std::bad_alloc becomes no_memory, anything else
  // becomes refused with the exception's text.
  virtual Result<Found> do_read(std::string_view key, Value& destination) = 0;
  virtual Status do_write(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live) = 0;
  virtual Result<bool> do_remove(std::string_view key) = 0;
  virtual Result<bool> do_contains(std::string_view key) = 0;
  virtual Result<Remaining> do_time_to_live(std::string_view key) = 0;

  // What an implementation may provide: without it the call is unsupported.
  virtual Result<bool> do_add(std::string_view, std::optional<ByteView>, TimeToLive) {
    return unsupported("add");
  }
  virtual Result<bool> do_replace(std::string_view, std::optional<ByteView>, TimeToLive) {
    return unsupported("replace");
  }
  virtual Result<std::int64_t> do_increment(std::string_view, std::int64_t, TimeToLive) {
    return unsupported("increment");
  }
  virtual Result<bool> do_expire(std::string_view, TimeToLive) { return unsupported("expire"); }
  virtual Result<bool> do_persist(std::string_view) { return unsupported("persist"); }
  virtual Status do_scan(std::string_view, ScanPosition&, std::vector<std::string>&) {
    return unsupported("scan");
  }
  virtual Result<std::uint64_t> do_size() { return unsupported("size"); }

  // What an implementation may do better than by the calls above.
  virtual void do_read_many(std::span<const std::string_view> keys, std::span<Lookup> results) {
    for (std::size_t index = 0; index < keys.size(); ++index)
      results[index] = get(keys[index]);
  }
  virtual void do_write_many(std::span<const CacheEntry> entries, std::span<Status> results) {
    for (std::size_t index = 0; index < entries.size(); ++index)
      results[index] = write(entries[index].key, entries[index].value, entries[index].time_to_live);
  }
  virtual void do_remove_many(std::span<const std::string_view> keys, std::span<Result<bool>> results) {
    for (std::size_t index = 0; index < keys.size(); ++index)
      results[index] = remove(keys[index]);
  }
  virtual void do_time_to_live_many(std::span<const std::string_view> keys,
                                    std::span<Result<Remaining>> results) {
    for (std::size_t index = 0; index < keys.size(); ++index)
      results[index] = do_time_to_live(keys[index]);
  }
  virtual Result<std::uint64_t> do_remove_matching(std::string_view pattern) {
    std::uint64_t removed = 0;
    ScanPosition position;
    std::vector<std::string> batch;
    while (!position.finished) {
      batch.clear();
      if (const auto scanned = do_scan(pattern, position, batch); !scanned.ok()) return scanned.error();
      const std::vector<std::string_view> keys(batch.begin(), batch.end());
      for (const auto& result : remove_many(std::span<const std::string_view>(keys))) {
        if (!result.ok()) return result.error();
        if (result.value()) ++removed;
      }
    }
    return removed;
  }
  virtual Status do_clear() {
    const auto removed = do_remove_matching("*");
    if (!removed.ok()) return removed.error();
    return Done{};
  }

  /// Told about each call that was refused for its arguments, so that it can be counted.
  virtual void on_refused() noexcept {}

  /// The failure of a call that the implementation does not offer.
  [[nodiscard]] static Error unsupported(std::string_view call) {
    return Error(ErrorCode::unsupported, "this cache does not offer " + std::string(call));
  }

 private:
  // Calls the cache below without the checks that the layer's own caller has passed.
  friend class CacheLayer;

 protected:
  /// The rules for keys and entries, for calls of an implementation's own: why one is refused, if it is.
  static std::optional<Error> check_key(std::string_view key) noexcept {
    if (key.empty()) return Error(ErrorCode::bad_argument, "a key is at least 1 byte long");
    if (key.size() > longest_key) return Error(ErrorCode::too_large, "a key is at most 64 KiB long");
    return std::nullopt;
  }

  static std::optional<Error> check_entry(std::string_view key, const std::optional<ByteView>& value,
                                          TimeToLive time_to_live) noexcept {
    if (auto refused = check_key(key)) return refused;
    if (value && value->size() > largest_value)
      return Error(ErrorCode::too_large, "a value is at most 512 MiB long");
    if (!time_to_live.valid()) return Error(ErrorCode::bad_argument, "a TTL is 1 ms to 10 years");
    return std::nullopt;
  }

  /// A batch some of whose arguments may be refused: `check` gives the reason or std::nullopt for each item,
  /// and those that are refused are answered here; the rest stays one batch, for `all(items, results)`.
  template <class T, class R, class Check, class All>
  void each_checked(std::span<const T> items, std::span<R> results, Check check, All all) noexcept {
    std::size_t refused = 0;
    for (std::size_t index = 0; index < items.size(); ++index) {
      auto reason = check(items[index]);
      if (!reason) continue;
      results[index] = R(refuse(*std::move(reason)));
      ++refused;
    }
    if (refused == items.size()) return;
    const auto done = guarded_call<Done>([&]() -> Status {
      if (refused == 0)
        all(items, results);
      else
        accepted_of(items, results, check, all);
      return Done{};
    });
    if (done.ok()) return;
    for (std::size_t index = 0; index < items.size(); ++index)
      if (refused == 0 || !check(items[index])) results[index] = R(done.error());
  }

 private:
  template <class T, class R, class Check, class All>
  static void accepted_of(std::span<const T> items, std::span<R> results, Check check, All all) {
    std::vector<T> accepted;
    std::vector<std::size_t> places;
    for (std::size_t index = 0; index < items.size(); ++index) {
      if (check(items[index])) continue;
      accepted.push_back(items[index]);
      places.push_back(index);
    }
    std::vector<R> answers(accepted.size(), R(Error(ErrorCode::no_memory)));
    all(std::span<const T>(accepted), std::span<R>(answers));
    for (std::size_t index = 0; index < places.size(); ++index)
      results[places[index]] = std::move(answers[index]);
  }

  Error refuse(Error error) noexcept {
    on_refused();
    return error;
  }
};

}  // namespace cachesite
