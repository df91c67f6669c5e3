#pragma once

#include <cachesite/byte_size.hpp>
#include <cachesite/cache.hpp>
#include <cachesite/component_context.hpp>
#include <cachesite/parameter.hpp>
#include <cachesite/secret.hpp>

#include <chrono>
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

/// Settings of a RedisCache.
struct RedisCacheOptions {
  std::string host = "localhost";
  std::uint16_t port = 6379;
  /// Number of the database within the server.
  std::uint32_t db = 0;
  /// User of the server's access control list; without one the default user is meant.
  std::optional<std::string> username;
  std::optional<Secret> password;
  /// Connect to this socket instead of host and port.
  std::optional<std::string> unix_socket_path;
  /// Put in front of every key.
  std::string prefix;
  /// Longest time for a connection to become ready: finding the host, connecting, logging in.
  std::chrono::milliseconds socket_connect_timeout{5000};
  /// Longest time of one call, whatever happens in it.
  std::chrono::milliseconds socket_timeout{5000};
  NullAs null_as = NullAs::marker;
  /// Longer values are refused, and not read either.
  ByteSize max_value_bytes{std::uint64_t{64} * 1024 * 1024};
  /// Name of the connections in the server's CLIENT LIST.
  std::optional<std::string> client_name;
  bool socket_keepalive = true;
  /// Most requests that wait for their answers on one connection; further calls wait for room.
  std::uint32_t max_inflight = 1024;
  /// Pause before the second attempt to reconnect; each later one is about twice as long.
  std::chrono::milliseconds reconnect_delay{50};
  /// Longest pause between two attempts.
  std::chrono::milliseconds reconnect_max_delay{1000};
  /// Allows a password to be sent over an unencrypted connection to another machine.
  bool allow_plaintext_auth = false;

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
/// On the wire: `SETEX` for a whole number of seconds and `PSETEX` for others, `GET`, `DEL`, `EXISTS` and
/// `PTTL`; `PING` on connecting. A stored value is the caller's bytes, except for nulls (see NullAs) and for
/// a value that could be taken for the null marker, which is stored with one marker in front.
///
/// `entries`, `bytes`, `evictions` and `expirations` of the statistics are 0: the server knows them, not the
/// cache.
class RedisCache final : public ICache {
 public:
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
