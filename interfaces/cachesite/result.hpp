#pragma once

#include <cachesite/error.hpp>

#include <cassert>
#include <utility>
#include <variant>

namespace cachesite {

/// The outcome of a call that may fail: a `T` or an `Error`. There is no conversion to bool, since it would
/// be misread for `Result<bool>`: call `ok()`.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) noexcept : state_(std::in_place_index<0>, std::move(value)) {}
  Result(Error error) noexcept : state_(std::in_place_index<1>, std::move(error)) {}

  /// True when there is a value.
  [[nodiscard]] bool ok() const noexcept { return state_.index() == 0; }

  /// The value. Precondition: ok().
  [[nodiscard]] const T& value() const& noexcept {
    assert(ok());
    return *std::get_if<0>(&state_);
  }
  [[nodiscard]] T&& value() && noexcept {
    assert(ok());
    return std::move(*std::get_if<0>(&state_));
  }

  /// The value, or `fallback` when the call failed.
  [[nodiscard]] T value_or(T fallback) const {
    const T* value = std::get_if<0>(&state_);
    return value ? *value : std::move(fallback);
  }

  /// The reason of the failure. Precondition: !ok().
  [[nodiscard]] const Error& error() const noexcept {
    assert(!ok());
    return *std::get_if<1>(&state_);
  }

 private:
  std::variant<T, Error> state_;
};

/// The value of a call that returns nothing but success.
struct Done {
  friend constexpr bool operator==(Done, Done) noexcept { return true; }
};

/// The outcome of a call that either succeeds or fails.
using Status = Result<Done>;

/// The value of a call that succeeded; throws CacheError when it failed:
///
///     const bool removed = or_throw(cache->remove("user:42"));
template <class T>
T or_throw(Result<T> result) {
  if (!result.ok()) throw CacheError(result.error());
  return std::move(result).value();
}

}  // namespace cachesite
