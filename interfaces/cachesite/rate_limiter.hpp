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

/// What a limiter answers to one call. The fields are what HTTP headers such as `RateLimit-Remaining` and
/// `Retry-After` say. Times are lengths, so they mean the same on every machine, whatever its clock shows.
struct RateDecision {
  /// Whether the caller may go on. Only then was something taken.
  bool allowed = false;
  /// The most that can be taken at once: the capacity of a bucket, the limit of a window.
  std::uint64_t limit = 0;
  /// How much of it is left now.
  std::uint64_t remaining = 0;
  /// For a caller who may not go on: after so long the same call is allowed, if nobody else takes anything of
  /// the key until then. 0 when it was allowed.
  std::chrono::milliseconds retry_after{0};
  /// After so long all of the limit is there again, if nobody takes anything until then.
  std::chrono::milliseconds reset_after{0};
  /// True when the server could not be asked, and the limiter decided as it is set to (`without_server`).
  bool without_server = false;
};

/// What a limiter has done since it was made. Counters are read while calls go on, so they may differ by the
/// calls of that moment.
struct RateLimiterStatistics {
  std::uint64_t allowed = 0;  ///< calls that were allowed
  std::uint64_t refused = 0;  ///< calls that were not
  /// Calls that the server did not answer; the limiter decided without it. They are among the two above.
  std::uint64_t without_server = 0;
  /// Calls, among the first two, of keys that share one limit, since there was no room for their own.
  std::uint64_t crowded = 0;
  std::uint64_t keys = 0;  ///< keys that the process remembers at the moment
};

/// Limits how often something is done, for each key by itself: requests of a client, mails to a customer,
/// attempts to log in.
///
///     const auto limiter = site->get_component<cachesite::IRateLimiter>("api");
///     const auto decision = limiter->acquire("client:42");
///     if (decision.ok() && !decision.value().allowed) refuse(decision.value().retry_after);
///
/// A function that is limited as a whole is made by `rate_limited`. All calls are safe from any thread.
class IRateLimiter : public Interface<IRateLimiter, "IRateLimiter"> {
 public:
  static constexpr std::size_t longest_key = 1024;

  /// Takes `cost` from what the key has left, if there is so much; otherwise nothing is taken. A key is any 1
  /// to 1024 bytes; a key that was never seen has all of the limit.
  ///
  /// Failures: `bad_argument` for a key of another length, for a cost of 0, and for one above the limit,
  /// which could never be allowed, or above what the limiter takes at once; `closed` when the component is
  /// stopped, or the process is a fork of the one that made it; `refused` when the server answers with an
  /// error, and `corrupt` when what is stored there is no limit; `no_memory`. A server that does not answer
  /// is no failure: see `RateDecision::without_server`.
  Result<RateDecision> acquire(std::string_view key, std::uint64_t cost = 1) noexcept {
    if (key.empty() || key.size() > longest_key) return key_error();
    return guarded_call<RateDecision>([&] { return do_acquire(key, cost); });
  }

  /// Gives a key all of its limit again. True when something was known of it. A key that has no limit of its
  /// own (`RateLimiterStatistics::crowded`) answers false, and nothing is changed. Failures as above, and
  /// those of the server.
  Result<bool> reset(std::string_view key) noexcept {
    if (key.empty() || key.size() > longest_key) return key_error();
    return guarded_call<bool>([&] { return do_reset(key); });
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

/// Thrown by a function that `rate_limited` has made, in place of a call that is not allowed.
class RateLimitExceeded : public std::runtime_error {
 public:
  /// The text is `Rate limit exceeded: 0/100, retry after 1.5s`, as redis-kit has it, the time rounded up to
  /// tenths. Throws std::bad_alloc.
  explicit RateLimitExceeded(const RateDecision& decision);

  [[nodiscard]] const RateDecision& decision() const noexcept { return decision_; }

 private:
  RateDecision decision_;
};

}  // namespace cachesite
