#pragma once

#include <cachesite/detail/redis_client_options.hpp>
#include <cachesite/parameter.hpp>
#include <cachesite/result.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cachesite {

/// How often something may happen: `count` times in `period`.
struct Rate {
  std::uint64_t count = 1;
  std::chrono::milliseconds period{1000};

  friend bool operator==(const Rate&, const Rate&) = default;
};

/// Reads a rate: a number, a slash, and a time, such as `100/minute`, `10/second`, `5/30s` or `1000/12h`. The
/// words second, minute, hour and day may end in s; any other time is as for `parse_duration`, with a unit,
/// and whole milliseconds. Spaces around the slash are ignored. Fails with `bad_argument`, without repeating
/// the text, for any other text, for a number outside of 1 to 1000000000, and for a time outside of 1 ms to
/// 365 days.
[[nodiscard]] Result<Rate> parse_rate(std::string_view text);

/// Where a limiter keeps its state.
enum class RateLimitStore : std::uint8_t {
  /// On Redis when a `connection` or settings of one are given, in memory otherwise. In a component file a
  /// setting is given if it is present, even with the default; in code if it differs from the default.
  automatic,
  memory,  ///< in the process: the limit is for its threads together
  redis,   ///< on a Redis server: the limit is for all programs that use it together
};

/// How a limiter's state is written on Redis.
enum class RateLimitForm : std::uint8_t {
  cachesite,  ///< one short key for each limit, exact to the millisecond
  redis_kit,  ///< the keys and values of redis-kit, so that its programs share the limits
};

/// What a limiter on Redis does while the server gives no answer.
enum class WithoutServer : std::uint8_t {
  deny,   ///< it refuses every call, with `retry_after` of a second
  allow,  ///< it allows every call
  local,  ///< it limits the process by `local_share` of the limit
};

/// Settings that all rate limiters have, explained in configs/reference.md. Settings of connections, and
/// those from `form` to `local_share`, are only for limiters on Redis and may not be given otherwise. A
/// configuration session gives those of connections.
struct RateLimiterOptions : RedisClientOptions {
  /// As `parse_rate` reads it.
  std::string rate;
  RateLimitStore store = RateLimitStore::automatic;
  RateLimitForm form = RateLimitForm::cachesite;
  std::optional<std::string> prefix;
  std::chrono::milliseconds timeout{500};
  WithoutServer without_server = WithoutServer::deny;
  double local_share = 1.0;
  /// TokenBucketLimiter says what happens beyond.
  std::uint64_t max_keys = 100'000;

  /// Whether `store` puts the limits on a Redis server.
  [[nodiscard]] bool on_redis() const;
  /// A limiter in memory does not use a session.
  [[nodiscard]] bool uses_session() const { return on_redis() && RedisClientOptions::uses_session(); }

  static ParameterTable parameters();
  [[nodiscard]] std::vector<OptionComplaint> complaints() const;

 private:
  static ParameterTable own_parameters();
  static ParameterTable server_parameters();
  static ParameterTable connection_parameters();
  // The same, but what is stored is noted in `stored_`.
  static ParameterTable noting(const ParameterTable& table);
  // Names of those that are given and not null.
  [[nodiscard]] std::vector<std::string> given_among(const ParameterTable& table) const;

  std::vector<std::string> stored_;  // by a component file
};

}  // namespace cachesite
