#pragma once

#include <cachesite/error.hpp>
#include <cachesite/lookup.hpp>
#include <cachesite/result.hpp>

#include <stdexcept>
#include <utility>

namespace cachesite {

/// A failed call as an exception, for programs that would rather catch than ask. The library itself does not
/// throw it at run time except where a call says so; `or_throw` makes it of any result.
class CacheError : public std::runtime_error {
 public:
  /// The text is the code's name and the sentence: `timeout: no answer within 250 ms`. Throws std::bad_alloc.
  explicit CacheError(Error error);

  /// The failure itself, to decide by.
  [[nodiscard]] const Error& error() const noexcept { return error_; }
  /// The same as `error().code()`.
  [[nodiscard]] ErrorCode code() const noexcept { return error_.code(); }

 private:
  Error error_;
};

/// The value of a call that succeeded; throws CacheError when it failed:
///
///     const bool removed = or_throw(cache->remove("user:42"));
template <class T>
T or_throw(Result<T> result) {
  if (!result.ok()) throw CacheError(result.error());
  return std::move(result).value();
}

/// The outcome of a read that had an answer (a hit, a cached null or a miss); throws CacheError when it
/// failed.
inline Lookup or_throw(Lookup lookup) {
  if (lookup.failed()) throw CacheError(lookup.error());
  return lookup;
}

}  // namespace cachesite
