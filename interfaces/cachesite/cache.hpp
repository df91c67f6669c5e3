#pragma once

#include <cachesite/bytes.hpp>
#include <cachesite/cache_statistics.hpp>
#include <cachesite/component.hpp>
#include <cachesite/guarded_call.hpp>
#include <cachesite/lookup.hpp>
#include <cachesite/result.hpp>
#include <cachesite/time_to_live.hpp>
#include <cachesite/value.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <string_view>

namespace cachesite {

/// A cache: keys and values are any bytes, and every entry has a time to live.
///
/// There are two ways to use one. The **graceful** calls, `get_value` and `set_value`, treat a failing
/// backend as a miss: right for code that can always do without the cache. The **precise** calls, `get`,
/// `read`, `write` and the rest, tell a hit, a cached null, a miss and a failure with its reason apart. No
/// call throws.
///
/// Rules that hold for every implementation: a key is 1 byte to 64 KiB long; a value is at most 512 MiB long
/// (an implementation may be set to less); a TTL is 1 ms to 10 years; arguments outside that are refused with
/// `bad_argument` or `too_large` before anything else happens. An entry is never returned after its TTL. All
/// calls are safe from any thread.
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
    if (const auto refused = check_key(key)) return refuse(*refused);
    if (value && value->size() > largest_value)
      return refuse(Error(ErrorCode::too_large, "a value is at most 512 MiB long"));
    if (!time_to_live.valid()) return refuse(Error(ErrorCode::bad_argument, "a TTL is 1 ms to 10 years"));
    return guarded_call<Done>([&] { return do_write(key, value, time_to_live); });
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

  /// Counters since the cache was made.
  [[nodiscard]] virtual CacheStatistics statistics() const = 0;

 protected:
  // What an implementation provides. The arguments have passed the rules above. An exception that escapes
  // becomes a failure: std::bad_alloc becomes no_memory, anything else becomes refused with the exception's
  // text.
  virtual Result<Found> do_read(std::string_view key, Value& destination) = 0;
  virtual Status do_write(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live) = 0;
  virtual Result<bool> do_remove(std::string_view key) = 0;
  virtual Result<bool> do_contains(std::string_view key) = 0;
  virtual Result<Remaining> do_time_to_live(std::string_view key) = 0;

  /// Told about each call that was refused for its arguments, so that it can be counted.
  virtual void on_refused() noexcept {}

 private:
  static std::optional<Error> check_key(std::string_view key) noexcept {
    if (key.empty()) return Error(ErrorCode::bad_argument, "a key is at least 1 byte long");
    if (key.size() > longest_key) return Error(ErrorCode::too_large, "a key is at most 64 KiB long");
    return std::nullopt;
  }

  Error refuse(Error error) noexcept {
    on_refused();
    return error;
  }
};

}  // namespace cachesite
