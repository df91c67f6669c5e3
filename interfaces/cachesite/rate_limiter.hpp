#pragma once

#include <cachesite/component.hpp>
#include <cachesite/detail/guarded_call.hpp>
#include <cachesite/result.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>

namespace cachesite {

/// The answer of a limiter to one call, with the numbers for HTTP headers such as `RateLimit-Remaining` and
/// `Retry-After`. Times are durations, so they do not depend on the clocks of machines.
struct RateDecision {
  /// Whether the call is allowed. Only then is its cost taken.
  bool allowed = false;
  /// The most that can be taken at once: the capacity of a bucket, the limit of a window.
  std::uint64_t limit = 0;
  /// How much is left now.
  std::uint64_t remaining = 0;
  /// Time until the same call would be allowed, if nobody else takes anything. 0 when it was allowed.
  std::chrono::milliseconds retry_after{0};
  /// Time until the whole limit is available again, if nobody takes anything.
  std::chrono::milliseconds reset_after{0};
  /// True when the server could not be asked, and `without_server` decided.
  bool without_server = false;
};

/// Counters of a limiter since it was created. They are read during calls, so they may be slightly
/// inconsistent.
struct RateLimiterStatistics {
  std::uint64_t allowed = 0;  ///< calls that were allowed
  std::uint64_t refused = 0;  ///< calls that were not
  /// Calls that were decided without the server. They are among the two above.
  std::uint64_t without_server = 0;
  /// Calls, among the first two, of keys that share one limit for lack of room.
  std::uint64_t crowded = 0;
  std::uint64_t keys = 0;  ///< keys that the process remembers now
};

/// Limits how often something happens for each key: requests of a client, mails to a customer, login
/// attempts.
///
///     const auto limiter = site->get_component<cachesite::IRateLimiter>("api");
///     const auto decision = limiter->acquire("client:42");
///     if (decision.ok() && !decision.value().allowed) refuse(decision.value().retry_after);
///
/// `rate_limited` makes a limited function. All calls are safe from any thread.
class IRateLimiter : public Interface<IRateLimiter, "IRateLimiter"> {
 public:
  static constexpr std::size_t longest_key = 1024;

  /// Takes `cost` from the rest of the key's limit, if that is enough; otherwise nothing is taken. A key is
  /// any 1 to 1024 bytes; a new key has its whole limit.
  ///
  /// Failures: `bad_argument` for a key of another length, for a cost of 0, and for a cost above the limit or
  /// above the most that the limiter takes at once; `closed` when the component is stopped, or the process is
  /// a fork of the one that made it; `refused` when the server answers with an error; `corrupt` when the key
  /// there holds no limit; `no_memory`. A server that does not answer is not a failure: see
  /// `RateDecision::without_server`.
  Result<RateDecision> acquire(std::string_view key, std::uint64_t cost = 1) noexcept {
    if (key.empty() || key.size() > longest_key) return key_error();
    return guarded_call<RateDecision>([&] { return do_acquire(key, cost); }, Outcome::unknown);
  }

  /// Restores the whole limit of a key. True when the key was known. False, without a change, for a key that
  /// shares a limit (`RateLimiterStatistics::crowded`). Failures as above, and those of the server.
  Result<bool> reset(std::string_view key) noexcept {
    if (key.empty() || key.size() > longest_key) return key_error();
    return guarded_call<bool>([&] { return do_reset(key); }, Outcome::unknown);
  }

  /// Never waits for a server.
  [[nodiscard]] virtual RateLimiterStatistics statistics() const = 0;

 protected:
  // What an implementation provides. An exception that escapes becomes a failure, as with ICache.
  virtual Result<RateDecision> do_acquire(std::string_view key, std::uint64_t cost) = 0;
  virtual Result<bool> do_reset(std::string_view key) = 0;

 private:
  static Error key_error() noexcept {
    return Error(ErrorCode::bad_argument, "the key of a rate limit is 1 to 1024 bytes long");
  }
};

/// Thrown by a function of `rate_limited` in place of a call above the limit.
class RateLimitExceeded : public std::runtime_error {
 public:
  /// The text is `Rate limit exceeded: 0/100, retry after 1.5s`, as in redis-kit, with the time rounded up to
  /// tenths. Throws std::bad_alloc.
  explicit RateLimitExceeded(const RateDecision& decision);

  [[nodiscard]] const RateDecision& decision() const noexcept { return decision_; }

 private:
  RateDecision decision_;
};

}  // namespace cachesite
