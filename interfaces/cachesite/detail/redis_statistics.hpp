#pragma once

#include <cachesite/component.hpp>
#include <cachesite/detail/latency_histogram.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cachesite {

/// The state of one Redis server, as a component sees it.
enum class RedisEndpointState : std::uint8_t {
  idle,        ///< not used yet
  connecting,  ///< the first attempt to connect is running
  up,          ///< at least one connection is open
  recovering,  ///< the last connection has just ended; calls wait a moment for the next
  down,        ///< calls fail at once, and the component tries to reconnect
  stopped,
};

[[nodiscard]] constexpr std::string_view to_string(RedisEndpointState state) noexcept {
  switch (state) {
    case RedisEndpointState::idle:
      return "idle";
    case RedisEndpointState::connecting:
      return "connecting";
    case RedisEndpointState::up:
      return "up";
    case RedisEndpointState::recovering:
      return "recovering";
    case RedisEndpointState::down:
      return "down";
    case RedisEndpointState::stopped:
      return "stopped";
  }
  return "unknown";
}

/// The state of the circuit breaker of one Redis server. It is for a server that is reachable but does not
/// answer in time.
enum class RedisBreakerState : std::uint8_t {
  closed,     ///< calls are made
  open,       ///< too many calls in a row were not answered: calls fail at once until the pause is over
  half_open,  ///< one call tests the server; others fail at once
};

[[nodiscard]] constexpr std::string_view to_string(RedisBreakerState state) noexcept {
  switch (state) {
    case RedisBreakerState::closed:
      return "closed";
    case RedisBreakerState::open:
      return "open";
    case RedisBreakerState::half_open:
      return "half open";
  }
  return "unknown";
}

/// Statistics of a component about one Redis server since the component was created. Counters are read one
/// after the other during calls, so they may be slightly inconsistent.
struct RedisEndpointStatistics {
  std::string address;  ///< such as "localhost:6379" or "unix:/run/redis.sock"
  RedisEndpointState state = RedisEndpointState::idle;
  std::chrono::system_clock::time_point since;  ///< when the state began

  std::uint64_t connects = 0;         ///< connections that became ready
  std::uint64_t failed_connects = 0;  ///< attempts that failed
  std::uint64_t losses = 0;           ///< ready connections that were lost

  std::uint64_t answered = 0;         ///< calls that the server answered, also with an error
  std::uint64_t failed = 0;           ///< calls without an answer
  std::uint64_t timeouts_queued = 0;  ///< of those, timed out before the command was sent
  std::uint64_t timeouts_sent = 0;    ///< of those, timed out after it: it may have taken effect
  std::uint64_t retries = 0;          ///< commands that were sent or queued again after a loss

  RedisBreakerState breaker = RedisBreakerState::closed;
  std::uint64_t breaker_openings = 0;  ///< how often the breaker opened

  std::uint64_t bytes_received = 0;  ///< as the network sees them, TLS included
  std::uint64_t bytes_sent = 0;

  std::string last_error;                               ///< the last failure; empty when there was none
  std::chrono::system_clock::time_point last_error_at;  ///< when it was

  LatencyHistogram latency;  ///< of the answered calls
};

/// The numbers behind a component that talks to Redis. RedisCache offers it beside ICache:
///
///     - class: RedisCache
///       entries:
///         - {interface: ICache, name: sessions}
///         - {interface: IRedisStatistics, name: sessions}
class IRedisStatistics : public Interface<IRedisStatistics, "IRedisStatistics"> {
 public:
  /// One element for each server that the component knows. Safe from any thread; never waits for a server.
  [[nodiscard]] virtual std::vector<RedisEndpointStatistics> endpoint_statistics() const = 0;
};

}  // namespace cachesite
