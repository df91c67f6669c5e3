#pragma once

#include <cachesite/error.hpp>
#include <cachesite/lookup.hpp>

#include <cassert>
#include <optional>
#include <utility>

namespace cachesite {

/// The outcome of one typed read, told apart completely: a value, a cached null, a miss, or a failure with
/// its reason. Bytes that hold no T are a failure with `ErrorCode::corrupt`.
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
};

}  // namespace cachesite
