#pragma once

#include <cachesite/bytes.hpp>
#include <cachesite/cache_base.hpp>
#include <cachesite/change_feed.hpp>
#include <cachesite/component_context.hpp>
#include <cachesite/detail/i_key_explanation.hpp>
#include <cachesite/detail/implementation_pointer.hpp>
#include <cachesite/detail/redis_statistics.hpp>
#include <cachesite/detail/session_options.hpp>
#include <cachesite/parameter.hpp>
#include <cachesite/redis.hpp>
#include <cachesite/redis_connection.hpp>
#include <cachesite/reference.hpp>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cachesite {

namespace redis {
class BatchRounds;
}

/// How a cached null is stored in Redis.
enum class NullAs : std::uint8_t {
  /// As the 20 bytes NUL, `__REDIS_KIT_NONE__`, NUL, like redis-kit: a null is read as a null.
  marker,
  /// As an empty value, like FivcGlue: a null is read as an empty value.
  empty,
};

/// Settings of a RedisCache: those of its connection and its own, explained by `cachesite describe
/// RedisCache` and configs/reference.md.
struct RedisCacheOptions : RedisConnectionOptions, SessionOptions {
  RedisCacheOptions();

  Reference<IRedis> connection;
  std::string prefix;
  NullAs null_as = NullAs::marker;
  ByteSize max_value_bytes{std::uint64_t{64} * 1024 * 1024};
  double ttl_jitter = 0.0;

  /// A cache with the connection of another component does not use a session.
  [[nodiscard]] bool uses_session() const noexcept {
    return !connection.is_set() && SessionOptions::uses_session();
  }

  static ParameterTable parameters();
  [[nodiscard]] std::vector<OptionComplaint> complaints() const;
};

/// A cache on a Redis server (6 or later, or Valkey).
///
/// All threads share a few connections, `channels` and one for large values: concurrent requests are written
/// together, and a single caller needs one send and one receive on its own thread. Every call ends after
/// `socket_timeout`, whatever the server does.
///
/// While the server cannot be reached, calls fail at once with `ErrorCode::unreachable` (`refused` when the
/// server rejects the login), and the cache reconnects in the background with growing, partly random pauses.
/// It logs one warning when the server is lost and one message when it is back. A call whose connection ends
/// is repeated once if that is safe: when the command was not sent, or only reads. Otherwise it fails with
/// `Outcome::unknown`.
///
/// With `startup_nodes` the servers are a Redis Cluster: each key goes to the master of its slot, the cache
/// follows redirections (at most five for a call) and moved slots, and a dead master affects only its own
/// slots until the cluster has replaced it. With `sentinels` the master is the server that they name and that
/// confirms it by `ROLE`; the cache follows a fail-over. Redis replicates asynchronously, so a fail-over may
/// lose the last writes.
///
/// On the wire: `PING` on connecting, `GET`, `EXISTS`, `PTTL`, `DEL`, `PEXPIRE` and `PERSIST`; `SETEX` for an
/// integer of seconds, `PSETEX` for others, `SET` for an entry that never expires; `SET` with `NX` for `add`
/// and with `XX` for `replace`. `increment` is `INCRBY` where the counter never expires, else a script that
/// gives a new counter its TTL (`EVALSHA`, and `EVAL` when the server does not know it yet). A stored value
/// is the caller's bytes, except for nulls (see NullAs), and for a value that begins like the null marker,
/// which is stored after one marker.
///
/// Batches are sent to all servers before any answer is awaited. `get_many` is one `MGET` for 512 keys, to
/// which a key that holds no string is a miss; on a cluster it is a `GET` for each. `set_many` is a `SETEX`
/// for each entry and `remove_many` an `UNLINK` for each key, sent together and without `MULTI`. A batch of
/// more than 4096 keys or 4 MiB is done in several rounds by one deadline. When a server does not answer,
/// only its keys fail. Only reads are sent again if they may have arrived.
///
/// `keys`, `clear`, `remove_matching`, and `size` with a prefix iterate over all keys of the database with
/// `SCAN`, on a cluster over one master after the other, and remove with `UNLINK` in batches: never `KEYS`,
/// which blocks the server, and never `FLUSHDB`, which ignores prefixes. Each step has the deadline of a
/// call; the iteration has none. All bytes of the prefix are literal, also `*` and `[`. When a server is
/// replaced meanwhile, the iteration starts again on the new one; keys of slots that move during the
/// iteration may be missing. `size` without a prefix is `DBSIZE`.
///
/// Asynchronous calls go on without a thread of their own, on the loop that `event_loop` names: single operations,
/// and batches when there is only one server. Workers make the others, and go on with those that a cluster or
/// a fail-over sends elsewhere.
///
/// `entries`, `bytes`, `evictions` and `expirations` of the statistics are 0: only the server knows them. A
/// batch counts once for each key.
///
/// In a forked child every call fails with `closed`, and the the connections belong to the parent; the child
/// creates its own component.
class RedisCache final : public CacheBase,
                         public IRedisStatistics,
                         public IRedisDatabase,
                         public IChangeFeed,
                         public detail::IKeyExplanation {
 public:
  using provides = Provides<ICache, IRedisStatistics, IRedisDatabase, IChangeFeed>;

  using Options = RedisCacheOptions;

  /// Throws std::invalid_argument with the first of `options.complaints()`.
  explicit RedisCache(RedisCacheOptions options, const ComponentContext& context = {});
  ~RedisCache() override;

  /// Begins to connect in the background. Without it, the first call does.
  void start() override;
  /// Waits until the first attempt to connect has succeeded or failed.
  void await_started() override;
  void stop() noexcept override;
  [[nodiscard]] Health health() const override;
  [[nodiscard]] CacheStatistics statistics() const override;
  [[nodiscard]] std::shared_ptr<ILogger> logger() const noexcept override;
  [[nodiscard]] std::vector<RedisEndpointStatistics> endpoint_statistics() const override;
  /// Deletes every key of the database, including those of other programs; see IRedisDatabase.
  Status flush_database() noexcept override;
  /// News of the entries of this cache; keys are without `prefix`, the parameter. A cache that shares a
  /// connection shares its feed too.
  [[nodiscard]] std::unique_ptr<IFeedWatch> watch(std::string prefix, FeedOptions options,
                                                  IFeedListener& listener) override;
  [[nodiscard]] std::string_view obstacle() const noexcept override;
  void explain_key(std::string_view key, Node& facts) override;

 protected:
  Result<Found> do_read(std::string_view key, Value& destination) override;
  Status do_write(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live) override;
  Result<bool> do_remove(std::string_view key) override;
  Result<bool> do_contains(std::string_view key) override;
  Result<Remaining> do_time_to_live(std::string_view key) override;
  Result<bool> do_add(std::string_view key, std::optional<ByteView> value, TimeToLive time_to_live) override;
  Result<bool> do_replace(std::string_view key, std::optional<ByteView> value,
                          TimeToLive time_to_live) override;
  Result<std::int64_t> do_increment(std::string_view key, std::int64_t by, TimeToLive time_to_live) override;
  Result<bool> do_expire(std::string_view key, TimeToLive time_to_live) override;
  Result<bool> do_persist(std::string_view key) override;
  Result<Found> do_read_with_life(std::string_view key, Value& destination, EntryLife& life,
                                  const ReadLimits& limits) override;
  void do_read_many(std::span<const std::string_view> keys, std::span<Lookup> results) override;
  void do_read_with_life_many(std::span<const std::string_view> keys, std::span<Lookup> results,
                              std::span<EntryLife> lives, const ReadLimits& limits) override;
  void do_write_many(std::span<const CacheEntry> entries, std::span<Status> results) override;
  void do_remove_many(std::span<const std::string_view> keys, std::span<Result<bool>> results) override;
  void do_time_to_live_many(std::span<const std::string_view> keys,
                            std::span<Result<Remaining>> results) override;
  Status do_scan(std::string_view pattern, ScanPosition& position, std::vector<std::string>& keys) override;
  Result<std::uint64_t> do_remove_matching(std::string_view pattern) override;
  Status do_clear() override;
  Result<std::uint64_t> do_size() override;
  void on_refused() noexcept override;
  bool do_begin_async(AsyncRequest& request) override;

 private:
  class Inner;
  class ServerRequest;
  class ServerBatchRequest;
  friend class redis::BatchRounds;
  detail::ImplementationPointer<Inner> inner_;
};

}  // namespace cachesite
