#pragma once

#include <cachesite/component.hpp>
#include <cachesite/detail/latency_histogram.hpp>

#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cachesite {

/// What a component thinks of one Redis server.
enum class RedisEndpointState : std::uint8_t {
  idle,        ///< nothing was asked yet
  connecting,  ///< the first attempt to connect is under way
  up,          ///< at least one connection is open
  recovering,  ///< the last connection ended just now; calls wait a moment for the next
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

/// What the circuit breaker of one Redis server does, which is for a server that can be reached and does not
/// answer in time.
enum class RedisBreakerState : std::uint8_t {
  closed,     ///< calls are made
  open,       ///< too many calls in a row were not answered: calls fail at once until the pause is over
  half_open,  ///< one call is on its way to find out; others fail at once
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

/// What happened between a component and one Redis server since the component was made. Counters are read one
/// after the other while calls go on, so they may differ by the calls of that moment.
struct RedisEndpointStatistics {
  std::string address;  ///< such as "localhost:6379" or "unix:/run/redis.sock"
  RedisEndpointState state = RedisEndpointState::idle;
  std::chrono::system_clock::time_point since;  ///< when the state began

  std::uint64_t connects = 0;         ///< connections that became ready
  std::uint64_t failed_connects = 0;  ///< attempts that did not
  std::uint64_t losses = 0;           ///< ready connections that ended without being asked to

  std::uint64_t answered = 0;         ///< calls that the server answered, be it with an error
  std::uint64_t failed = 0;           ///< calls without an answer, for whatever reason
  std::uint64_t timeouts_queued = 0;  ///< of those, timed out before the command was sent
  std::uint64_t timeouts_sent = 0;    ///< of those, timed out after it: it may have taken effect
  std::uint64_t retries = 0;          ///< commands that were sent or queued again after a loss

  RedisBreakerState breaker = RedisBreakerState::closed;
  std::uint64_t breaker_openings = 0;  ///< how often the breaker opened

  std::uint64_t bytes_received = 0;  ///< as the network sees them, TLS included
  std::uint64_t bytes_sent = 0;

  std::string last_error;                               ///< the last failure; empty when there was none
  std::chrono::system_clock::time_point last_error_at;  ///< when it was

  LatencyHistogram latency;  ///< of the answered calls, from their beginning to their answer
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
