#pragma once

#include <cachesite/error.hpp>

#include <cassert>
#include <memory>
#include <type_traits>
#include <utility>

namespace cachesite {

/// The outcome of a call that may fail: a `T` or an `Error`. There is no conversion to bool, since it would
/// be misread for `Result<bool>`: call `ok()`.
template <class T>
class [[nodiscard]] Result {
 public:
  Result(T value) noexcept : value_(std::move(value)), ok_(true) {}
  Result(Error error) noexcept : error_(std::move(error)), ok_(false) {}

  Result(const Result& other) requires std::is_copy_constructible_v<T> : ok_(other.ok_) { construct(other); }
  Result(Result&& other) noexcept : ok_(other.ok_) { construct(std::move(other)); }
  Result& operator=(const Result& other) requires std::is_copy_constructible_v<T> {
    if (this != &other) *this = Result(other);
    return *this;
  }
  Result& operator=(Result&& other) noexcept {
    if (this == &other) return *this;
    destroy();
    ok_ = other.ok_;
    construct(std::move(other));
    return *this;
  }
  ~Result() { destroy(); }

  /// True when there is a value.
  [[nodiscard]] bool ok() const noexcept { return ok_; }

  /// The value. Precondition: ok().
  [[nodiscard]] const T& value() const& noexcept {
    assert(ok());
    return value_;
  }
  [[nodiscard]] T&& value() && noexcept {
    assert(ok());
    return std::move(value_);
  }

  /// The value, or `fallback` when the call failed.
  [[nodiscard]] T value_or(T fallback) const { return ok_ ? value_ : std::move(fallback); }

  /// The reason of the failure. Precondition: !ok().
  [[nodiscard]] const Error& error() const noexcept {
    assert(!ok());
    return error_;
  }

 private:
// g++ 12 takes the member that is not there for one that is moved or destroyed.
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wmaybe-uninitialized"
#endif
  template <class Other>
  void construct(Other&& other) {
    if (ok_)
      std::construct_at(std::addressof(value_), std::forward<Other>(other).value_);
    else
      std::construct_at(std::addressof(error_), std::forward<Other>(other).error_);
  }
  void destroy() noexcept {
    if (ok_)
      value_.~T();
    else
      error_.~Error();
  }
#if defined(__GNUC__) && !defined(__clang__)
#pragma GCC diagnostic pop
#endif

  // Not a std::variant, which takes compilers long for each T.
  union {
    T value_;
    Error error_;
  };
  bool ok_;
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
