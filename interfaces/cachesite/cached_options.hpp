#pragma once

#include <cachesite/error.hpp>
#include <cachesite/time_to_live.hpp>
#include <cachesite/typed_cache.hpp>

#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <vector>

namespace cachesite {

/// What a CachedFunction does when its cache fails.
enum class OnCacheError : std::uint8_t {
  /// It calls the function and returns its value, which is stored when the cache is able to.
  execute,
  /// It throws CacheError, before the function has run. A value that was computed is returned all the same
  /// when it cannot be stored.
  raise,
};

/// Settings of a CachedFunction with arguments of these types.
template <class... Arguments>
struct CachedOptions {
  /// What the arguments are called in the key template, from the first on; "" for one that has no place
  /// there.
  std::vector<std::string> names = {};
  OnCacheError on_error = OnCacheError::execute;
  /// For calls that want a fresh value: when it returns true the function is called without a look into the
  /// cache, and its value is stored.
  std::function<bool(const Arguments&...)> bypass = {};
  /// For calls that are not to be cached: when it returns true the function is called, and the cache is
  /// neither read nor written.
  std::function<bool(const Arguments&...)> skip = {};
  /// Tags of the entry. The cache has to be an ITaggedCache then.
  std::function<std::vector<std::string>(const Arguments&...)> tags = {};
  /// How long it is cached that there is no value; without it what the cache is set to.
  std::optional<TimeToLive> null_time_to_live = {};
  NullForm null_form = NullForm::cached;
  /// Told of every failure that is not thrown, such as a value that could not be stored. Must not throw, and
  /// may be called from any thread. Without it the cache's logger gets a warning, once in 10 s at most.
  std::function<void(const Error&)> report = {};
};

}  // namespace cachesite
