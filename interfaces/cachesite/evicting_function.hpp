#pragma once

#include <cachesite/argument_key.hpp>
#include <cachesite/cache.hpp>
#include <cachesite/error.hpp>

#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace cachesite {

/// Settings of an EvictingFunction.
struct EvictingOptions {
  /// What the arguments are called in the key template, from the first on.
  std::vector<std::string> names = {};
  /// Told when the entry could not be removed; it then stays until its TTL is over. Must not throw, and may
  /// be called from any thread.
  std::function<void(const Error&)> report = {};
};

/// A function that makes an entry of a cache out of date; made by `evicting()`.
template <class R, class... Arguments>
class EvictingFunction {
 public:
  /// See `evicting()`.
  template <class F, class Key>
  EvictingFunction(std::shared_ptr<ICache> cache, Key&& key, F&& function, EvictingOptions options)
      : cache_(std::move(cache)),
        function_(std::forward<F>(function)),
        options_(std::move(options)),
        key_(std::forward<Key>(key), options_.names) {
    if (!cache_) throw std::invalid_argument("an evicting function needs a cache");
  }

  /// Calls the function, and removes the entry when it has returned. What it throws goes to the caller, and
  /// the entry stays.
  R operator()(Arguments... arguments) const {
    const std::string key = key_(arguments...);  // before anything is changed
    if constexpr (std::is_void_v<R>) {
      function_(arguments...);
      evict(key);
    } else {
      R result = function_(arguments...);
      evict(key);
      return result;
    }
  }

 private:
  void evict(const std::string& key) const {
    const auto removed = cache_->remove(key);
    if (!removed.ok() && options_.report) options_.report(removed.error());
  }

  std::shared_ptr<ICache> cache_;
  std::function<R(Arguments...)> function_;
  EvictingOptions options_;
  ArgumentKey<std::remove_cvref_t<Arguments>...> key_;
};

namespace detail {

template <class F>
struct EvictingOf : EvictingOf<decltype(std::function{std::declval<F>()})> {};
template <class R, class... A>
struct EvictingOf<std::function<R(A...)>> {
  using Made = EvictingFunction<std::remove_cvref_t<R>, A...>;
};

}  // namespace detail

/// A function after whose success the entry of its arguments is removed from `cache`:
///
///     const auto rename = cachesite::evicting(
///         users, "user:{id}", [&](int id, const std::string& name) { database.rename(id, name); },
///         {.names = {"id"}});
///
/// `key` is that of the cached function, as for `cached()`. Throws std::invalid_argument for a wrong template
/// and when `cache` is null.
template <class Key, class F>
[[nodiscard]] auto evicting(std::shared_ptr<ICache> cache, Key&& key, F function,
                            EvictingOptions options = {}) {
  return typename detail::EvictingOf<F>::Made(std::move(cache), std::forward<Key>(key), std::move(function),
                                              std::move(options));
}

}  // namespace cachesite
