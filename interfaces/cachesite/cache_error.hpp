#pragma once

#include <cachesite/error.hpp>

#include <stdexcept>
#include <string>
#include <utility>

namespace cachesite {

/// A failure of a cache as an exception, for calls that have no other way to say that they failed, such as
/// those of a CachedFunction. The caches themselves never throw.
class CacheError : public std::runtime_error {
 public:
  explicit CacheError(Error error)
      : std::runtime_error(std::string(error.message())), error_(std::move(error)) {}
  [[nodiscard]] const Error& error() const noexcept { return error_; }

 private:
  Error error_;
};

}  // namespace cachesite
