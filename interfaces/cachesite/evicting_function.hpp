#pragma once

#include <cachesite/cache.hpp>
#include <cachesite/detail/argument_key.hpp>
#include <cachesite/detail/failure_report.hpp>
#include <cachesite/error.hpp>
#include <cachesite/i_tagged_cache.hpp>

#include <concepts>
#include <functional>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <vector>

namespace cachesite {

/// Settings of an EvictingFunction with arguments of these types.
template <class... Arguments>
struct EvictingOptions {
  /// Names of the arguments in the key template, in order; "" for an argument without a placeholder.
  std::vector<std::string> names = {};
  /// Tags to evict; the cache then has to be an ITaggedCache.
  std::function<std::vector<std::string>(const Arguments&...)> tags = {};
  /// Called when an entry could not be removed; the entry then stays until its TTL ends. Must not throw;
  /// called from any thread. Without it the cache's logger gets a warning, at most once in 10 s.
  std::function<void(const Error&)> report = {};
};

namespace detail {
void evict(ICache& cache, const std::optional<std::string>& key, const std::vector<std::string>& tags,
           const FailureReport& report);
}  // namespace detail

/// A function that invalidates entries of a cache; made by `evicting()`.
template <class R, class... Arguments>
class EvictingFunction {
 public:
  using Options = EvictingOptions<std::remove_cvref_t<Arguments>...>;

  /// See `evicting()`.
  template <class F, class Key>
  EvictingFunction(std::shared_ptr<ICache> cache, Key&& key, F&& function, Options options)
      : cache_(std::move(cache)), function_(std::forward<F>(function)), options_(std::move(options)) {
    if (!cache_) throw std::invalid_argument("an evicting function needs a cache");
    report_.emplace(options_.report, cache_->logger(),
                    "what is out of date could not be removed, and may be served until its TTL ends");
    if constexpr (!std::same_as<std::remove_cvref_t<Key>, std::nullopt_t>)
      key_.emplace(std::forward<Key>(key), options_.names);
    if (!key_ && !options_.tags) throw std::invalid_argument("an evicting function needs a key or tags");
    if (options_.tags && !find_interface<ITaggedCache>(*cache_))
      throw std::invalid_argument("a function with tags needs a cache that has them");
  }

  /// Calls the function, and removes the entries when it returns. When it throws, the caller gets the
  /// exception, and the entries stay.
  R operator()(Arguments... arguments) const {
    // Before anything is changed, lest it fail then.
    std::optional<std::string> key;
    if (key_) key.emplace((*key_)(arguments...));
    std::vector<std::string> tags;
    if (options_.tags) tags = options_.tags(arguments...);
    if constexpr (std::is_void_v<R>) {
      function_(arguments...);
      detail::evict(*cache_, key, tags, *report_);
    } else {
      R result = function_(arguments...);
      detail::evict(*cache_, key, tags, *report_);
      return result;
    }
  }

 private:
  std::shared_ptr<ICache> cache_;
  std::function<R(Arguments...)> function_;
  Options options_;
  std::optional<detail::FailureReport> report_;
  std::optional<ArgumentKey<std::remove_cvref_t<Arguments>...>> key_;
};

namespace detail {

template <class F>
struct EvictingOf : EvictingOf<decltype(std::function{std::declval<F>()})> {};
template <class R, class... A>
struct EvictingOf<std::function<R(A...)>> {
  using Made = EvictingFunction<std::remove_cvref_t<R>, A...>;
};

}  // namespace detail

/// The settings of a function made by `evicting()` from an F.
template <class F>
using EvictingOptionsOf = typename detail::EvictingOf<F>::Made::Options;

/// Wraps a function so that the entry for its arguments is removed from `cache` when it succeeds:
///
///     const auto rename = cachesite::evicting(
///         users, "user:{id}", [&](int id, const std::string& name) { database.rename(id, name); },
///         {.names = {"id"}});
///
/// `key` is that of the cached function, as for `cached()`, or std::nullopt for tags only. Throws
/// std::invalid_argument for a wrong template, when there is neither a key nor tags, when the cache has no
/// tags, and when `cache` is null.
template <class Key, class F>
[[nodiscard]] auto evicting(std::shared_ptr<ICache> cache, Key&& key, F function,
                            EvictingOptionsOf<F> options = {}) {
  return typename detail::EvictingOf<F>::Made(std::move(cache), std::forward<Key>(key), std::move(function),
                                              std::move(options));
}

}  // namespace cachesite
