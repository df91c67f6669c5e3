#pragma once

#include <cachesite/error.hpp>
#include <cachesite/value.hpp>

#include <cassert>
#include <chrono>
#include <cstdint>
#include <optional>
#include <utility>

namespace cachesite {

/// What a successful read found.
enum class Found : std::uint8_t {
  hit,   ///< a value
  null,  ///< a cached null: somebody stored that there is no value
  miss,  ///< nothing
};

/// The remaining TTL of an entry.
struct Remaining {
  enum class State : std::uint8_t {
    absent,     ///< there is no such entry
    no_expiry,  ///< the entry never expires
    expires,    ///< the entry expires after `left`
  };
  State state = State::absent;
  std::chrono::milliseconds left{0};  ///< above 0 when `state` is expires, else 0
};

/// The outcome of one read: a value, a cached null, a miss, or a failure with its reason.
class [[nodiscard]] Lookup {
 public:
  /// A miss.
  Lookup() noexcept = default;
  Lookup(Found found, Value&& value) noexcept : value_(std::move(value)), found_(found) {}
  Lookup(Found found, const Value& value) noexcept : value_(value), found_(found) {}
  explicit Lookup(Error error) noexcept : error_(std::move(error)), failed_(true) {}

  /// For implementers of caches: makes this the outcome of another read, without a copy in between.
  void set(Found found, Value&& value) noexcept {
    if (failed_) *this = Lookup();
    value_ = std::move(value);
    found_ = found;
    stale_ = false;
  }
  /// For implementers of caches: its TTL has ended. Precondition: hit() or null().
  void mark_stale() noexcept { stale_ = true; }

  [[nodiscard]] bool hit() const noexcept { return !failed_ && found_ == Found::hit; }
  [[nodiscard]] bool null() const noexcept { return !failed_ && found_ == Found::null; }
  [[nodiscard]] bool miss() const noexcept { return !failed_ && found_ == Found::miss; }
  [[nodiscard]] bool failed() const noexcept { return failed_; }
  /// The opposite of failed(), named as in Result.
  [[nodiscard]] bool ok() const noexcept { return !failed_; }
  /// True for a value, or a null, whose TTL has ended: it is served because no newer one could be computed or
  /// read in time. Only a cache that is set to keep such values returns them (see RememberCache).
  [[nodiscard]] bool stale() const noexcept { return stale_; }

  /// The value; empty unless hit().
  [[nodiscard]] const Value& value() const& noexcept { return value_; }
  [[nodiscard]] Value&& value() && noexcept { return std::move(value_); }

  /// The reason. Precondition: failed().
  [[nodiscard]] const Error& error() const noexcept {
    assert(failed_);
    return error_;
  }

 private:
  // No std::optional: GCC 12 believes under ThreadSanitizer that one without an error might destroy one.
  Error error_{ErrorCode::refused};
  Value value_;
  Found found_ = Found::miss;
  bool failed_ = false;
  bool stale_ = false;
};

/// The outcome of a successful read (a hit, a cached null or a miss); throws CacheError when the read failed.
inline Lookup or_throw(Lookup lookup) {
  if (lookup.failed()) throw CacheError(lookup.error());
  return lookup;
}

/// The outcome of one typed read: a value, a cached null, a miss, or a failure with its reason. Bytes that
/// are not a T are a failure with `ErrorCode::corrupt`.
template <class T>
class [[nodiscard]] TypedLookup {
 public:
  explicit TypedLookup(T value) : value_(std::move(value)), found_(Found::hit) {}
  /// Precondition: `found` is not hit.
  explicit TypedLookup(Found found) noexcept : found_(found) { assert(found != Found::hit); }
  explicit TypedLookup(Error error) noexcept : error_(std::move(error)), found_(Found::miss) {}

  [[nodiscard]] bool hit() const noexcept { return value_.has_value(); }
  [[nodiscard]] bool null() const noexcept { return !error_ && found_ == Found::null; }
  [[nodiscard]] bool miss() const noexcept { return !error_ && found_ == Found::miss; }
  [[nodiscard]] bool failed() const noexcept { return error_.has_value(); }
  /// As Lookup::stale.
  [[nodiscard]] bool stale() const noexcept { return stale_; }
  void mark_stale() noexcept { stale_ = true; }

  /// The value. Precondition: hit().
  [[nodiscard]] const T& value() const& noexcept {
    assert(hit());
    return *value_;
  }
  [[nodiscard]] T&& value() && noexcept {
    assert(hit());
    return *std::move(value_);
  }
  /// The value, or `fallback` for anything but a hit.
  [[nodiscard]] T value_or(T fallback) const { return value_ ? *value_ : std::move(fallback); }

  /// The reason. Precondition: failed().
  [[nodiscard]] const Error& error() const noexcept {
    assert(failed());
    return *error_;
  }

 private:
  std::optional<T> value_;
  std::optional<Error> error_;
  Found found_;
  bool stale_ = false;
};

}  // namespace cachesite
