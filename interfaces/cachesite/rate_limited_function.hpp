#pragma once

#include <cachesite/detail/argument_key.hpp>
#include <cachesite/rate_limiter.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <stdexcept>
#include <string>
#include <type_traits>
#include <utility>
#include <vector>

namespace cachesite {

/// Settings of a RateLimitedFunction with arguments of these types.
template <class... Arguments>
struct RateLimitedOptions {
  /// What the arguments are called in the key template, from the first on; "" for one that has no place
  /// there.
  std::vector<std::string> names = {};
  /// What a call costs; 1 without it.
  std::function<std::uint64_t(const Arguments&...)> cost = {};
};

/// A function that is called only as often as a limiter allows; made by `rate_limited()`. A copy is the same
/// function under the same limit. Calls are safe from any thread, if those of the function are.
template <class R, class... Arguments>
class RateLimitedFunction {
 public:
  using Options = RateLimitedOptions<std::remove_cvref_t<Arguments>...>;

  /// See `rate_limited()`.
  template <class F, class Key>
  RateLimitedFunction(std::shared_ptr<IRateLimiter> limiter, Key&& key, F&& function, Options options)
      : limiter_(std::move(limiter)),
        function_(std::forward<F>(function)),
        options_(std::move(options)),
        key_(std::forward<Key>(key), options_.names) {
    if (!limiter_) throw std::invalid_argument("a rate-limited function needs a limiter");
  }

  /// Calls the function when that is allowed. Otherwise throws RateLimitExceeded, and CacheError when the
  /// limiter fails; the function has not run then.
  R operator()(Arguments... arguments) const {
    const std::uint64_t cost = options_.cost ? options_.cost(arguments...) : 1;
    const RateDecision decision = or_throw(limiter_->acquire(key_(arguments...), cost));
    if (!decision.allowed) throw RateLimitExceeded(decision);
    return function_(std::forward<Arguments>(arguments)...);
  }

  /// Gives these arguments all of their limit again; see `IRateLimiter::reset`.
  Result<bool> reset(const std::remove_cvref_t<Arguments>&... arguments) const {
    return limiter_->reset(key_(arguments...));
  }

  /// The key that these arguments make.
  [[nodiscard]] std::string key(const std::remove_cvref_t<Arguments>&... arguments) const {
    return key_(arguments...);
  }

  /// Never null.
  [[nodiscard]] const std::shared_ptr<IRateLimiter>& limiter() const noexcept { return limiter_; }

 private:
  std::shared_ptr<IRateLimiter> limiter_;
  std::function<R(Arguments...)> function_;
  Options options_;
  ArgumentKey<std::remove_cvref_t<Arguments>...> key_;
};

namespace detail {

template <class F>
struct RateLimitedOf : RateLimitedOf<decltype(std::function{std::declval<F>()})> {};
template <class R, class... A>
struct RateLimitedOf<std::function<R(A...)>> {
  using Made = RateLimitedFunction<R, A...>;
};

}  // namespace detail

/// The settings of a function made by `rate_limited()` from an F.
template <class F>
using RateLimitedOptionsOf = typename detail::RateLimitedOf<F>::Made::Options;

/// A function that is called only as often as `limiter` allows for the key of its arguments:
///
///     const auto send_code = cachesite::rate_limited(
///         limiter, "sms:{phone}", [&](const std::string& phone) { sms.send(phone, code()); },
///         {.names = {"phone"}});
///     send_code("+491701234567");        // throws RateLimitExceeded when it comes too often
///
/// `key` is a template (see KeyTemplate), whose places are the names in `options.names` and the numbers of
/// the arguments, or a function of the arguments that returns a std::string, as for `cached()`. Arguments
/// that are not in the template share a limit and may be of any type.
///
/// Throws std::invalid_argument for a template that is wrong, and when `limiter` is null.
template <class Key, class F>
[[nodiscard]] auto rate_limited(std::shared_ptr<IRateLimiter> limiter, Key&& key, F function,
                                RateLimitedOptionsOf<F> options = {}) {
  return typename detail::RateLimitedOf<F>::Made(std::move(limiter), std::forward<Key>(key),
                                                 std::move(function), std::move(options));
}

}  // namespace cachesite
