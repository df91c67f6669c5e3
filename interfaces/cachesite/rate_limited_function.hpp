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
  /// Names of the arguments in the key template, in order; "" for an argument without a placeholder.
  std::vector<std::string> names = {};
  /// The cost of a call; 1 without it.
  std::function<std::uint64_t(const Arguments&...)> cost = {};
};

/// A function that is called only as often as a limiter allows; made by `rate_limited()`. A copy is the same
/// function under the same limit. Thread-safe if the function is.
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

  /// Calls the function when the limiter allows it. Otherwise throws RateLimitExceeded, or CacheError when
  /// the limiter fails, without calling the function.
  R operator()(Arguments... arguments) const {
    const std::uint64_t cost = options_.cost ? options_.cost(arguments...) : 1;
    const RateDecision decision = or_throw(limiter_->acquire(key_(arguments...), cost));
    if (!decision.allowed) throw RateLimitExceeded(decision);
    return function_(std::forward<Arguments>(arguments)...);
  }

  /// Restores the whole limit of these arguments; see `IRateLimiter::reset`.
  Result<bool> reset(const std::remove_cvref_t<Arguments>&... arguments) const {
    return limiter_->reset(key_(arguments...));
  }

  /// The key for these arguments.
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

/// Wraps a function so that it is called only as often as `limiter` allows for the key of its arguments:
///
///     const auto send_code = cachesite::rate_limited(
///         limiter, "sms:{phone}", [&](const std::string& phone) { sms.send(phone, code()); },
///         {.names = {"phone"}});
///     send_code("+491701234567");        // throws RateLimitExceeded when it comes too often
///
/// `key` is a template (see KeyTemplate), whose placeholders are names in `options.names` or numbers of
/// arguments, or a function of the arguments that returns a std::string, as for `cached()`. Arguments that
/// are not in the template do not affect the limit and may have any type.
///
/// Throws std::invalid_argument for an invalid template, and when `limiter` is null.
template <class Key, class F>
[[nodiscard]] auto rate_limited(std::shared_ptr<IRateLimiter> limiter, Key&& key, F function,
                                RateLimitedOptionsOf<F> options = {}) {
  return typename detail::RateLimitedOf<F>::Made(std::move(limiter), std::forward<Key>(key),
                                                 std::move(function), std::move(options));
}

}  // namespace cachesite
