#pragma once

#include <cachesite/byte_size.hpp>
#include <cachesite/cache.hpp>
#include <cachesite/component_context.hpp>
#include <cachesite/parameter.hpp>
#include <cachesite/redis.hpp>
#include <cachesite/redis_connection_options.hpp>
#include <cachesite/redis_statistics.hpp>
#include <cachesite/reference.hpp>
#include <cachesite/session_options.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace cachesite {

/// How a cached null is stored in Redis.
enum class NullAs : std::uint8_t {
  /// As the 20 bytes NUL, `__REDIS_KIT_NONE__`, NUL, which redis-kit writes too: a null reads back as a null.
  marker,
  /// As a value of no bytes, which FivcGlue writes: a null reads back as an empty value.
  empty,
};

/// Settings of a RedisCache: those of its connections, and its own.
struct RedisCacheOptions : RedisConnectionOptions, SessionOptions {
  RedisCacheOptions();

  /// Use the connection of this component, a RedisConnection, instead of one of the cache's own. The settings
  /// of connections are then those of the component and may not be given here.
  Reference<IRedis> connection;
  /// Put in front of every key.
  std::string prefix;
  NullAs null_as = NullAs::marker;
  /// Longer values are refused, and not read either.
  ByteSize max_value_bytes{std::uint64_t{64} * 1024 * 1024};

  /// A cache that uses the connection of a component takes nothing from a session.
  [[nodiscard]] bool uses_session() const noexcept {
    return !connection.is_set() && SessionOptions::uses_session();
  }

  static ParameterTable parameters();
  [[nodiscard]] std::vector<OptionComplaint> complaints() const;
};

/// A cache on a Redis server (6 or later, or Valkey).
///
/// All threads share one connection: requests that come at the same time are written together, and a caller
/// without company needs one send and one receive on its own thread. Every call ends by its deadline,
/// `socket_timeout` after it began, whatever the server does.
///
/// While the server cannot be reached, calls fail at once with `ErrorCode::unreachable` (`refused` when the
/// server rejects the login), and the cache reconnects in the background with growing, partly random pauses.
/// It writes one warning when the server is lost and one message when it is back. A call whose connection
/// ends under it is done again once when that cannot do harm: when the command was not sent, or only reads.
/// Otherwise it fails with `Outcome::unknown`.
///
/// With `startup_nodes` the servers are a Redis Cluster: each key goes to the master of its slot,
/// redirections (at most five for a call) and slots that move are followed, and a master that dies costs only
/// its own slots until the cluster has replaced it. With `sentinels` the master is the one that they name and
/// that says so itself by `ROLE`; when another takes its place, the cache follows. Redis copies writes to
/// replicas afterwards, so a fail-over may lose the last ones.
///
/// On the wire: `SETEX` for a whole number of seconds and `PSETEX` for others, `GET`, `DEL`, `EXISTS` and
/// `PTTL`; `PING` on connecting. A stored value is the caller's bytes, except for nulls (see NullAs) and for
/// a value that could be taken for the null marker, which is stored with one marker in front.
///
/// `entries`, `bytes`, `evictions` and `expirations` of the statistics are 0: the server knows them, not the
/// cache.
class RedisCache final : public ICache, public IRedisStatistics {
 public:
  using provides = Provides<ICache, IRedisStatistics>;

  using Options = RedisCacheOptions;

  /// Throws std::invalid_argument with the first of `options.complaints()`.
  explicit RedisCache(RedisCacheOptions options, const ComponentContext& context = {});
  ~RedisCache() override;

  /// Begins to connect in the background. The first call of a cache that was never started does it too.
  void start() override;
  /// Waits until the first attempt to connect has ended, well or not.
  void await_started() override;
  void stop() noexcept override;
  [[nodiscard]] Health health() const override;
  [[nodiscard]] CacheStatistics statistics() const override;
  [[nodiscard]] std::vector<RedisEndpointStatistics> endpoint_statistics() const override;

 protected:
  Result<Found> do_read(std::string_view key, Value& destination) override;
  Status do_write(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live) override;
  Result<bool> do_remove(std::string_view key) override;
  Result<bool> do_contains(std::string_view key) override;
  Result<Remaining> do_time_to_live(std::string_view key) override;
  void on_refused() noexcept override;

 private:
  class Inner;
  std::unique_ptr<Inner> inner_;
};

}  // namespace cachesite
