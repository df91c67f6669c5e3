#pragma once

#include <cachesite/bytes.hpp>
#include <cachesite/component_context.hpp>
#include <cachesite/detail/session_options.hpp>
#include <cachesite/parameter.hpp>
#include <cachesite/redis.hpp>
#include <cachesite/redis_connection_options.hpp>
#include <cachesite/redis_statistics.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <vector>

namespace cachesite {

/// Settings of a RedisConnection: those of its connections and its own, explained by `cachesite describe
/// RedisConnection` and configs/reference.md. `max_connections` counts the shared connections, at most half
/// of it, and the lent ones. Each subscription has one more.
struct RedisConnectionComponentOptions : RedisConnectionOptions, SessionOptions {
  RedisConnectionComponentOptions();

  ByteSize max_reply_bytes{std::uint64_t{512} * 1024 * 1024};
  std::chrono::milliseconds max_idle_time{60'000};

  static ParameterTable parameters();
  [[nodiscard]] std::vector<OptionComplaint> complaints() const;
};

/// A Redis server (6 or later, or Valkey) for everything beyond caching, and a connection that caches share:
/// a RedisCache whose parameter `connection` names this component uses it instead of one of its own.
///
/// Usual commands of all threads and of all caches that share the component go over a few connections,
/// `channels` and one for large values, written together when they come together. Pipelines, sessions and
/// commands that wait each borrow another connection from a pool; it is checked before it is used again, and
/// closed when it is idle for long. A pipeline whose connection ends before it was sent, or all of whose
/// unanswered commands are repeatable, is carried on once on a new connection.
///
/// While the server cannot be reached, calls fail at once with `unreachable` and the component reconnects in
/// the background. `stop()` ends every call that waits, sessions and subscriptions included.
///
/// In a child that the process forks calls end with `closed`, and the connections stay the parent's; a child
/// makes a component of its own.
class RedisConnection final : public IRedis, public IRedisStatistics {
 public:
  using provides = Provides<IRedis, IRedisStatistics>;
  using Options = RedisConnectionComponentOptions;

  /// Throws std::invalid_argument with the first of `options.complaints()`.
  explicit RedisConnection(Options options, const ComponentContext& context = {});
  ~RedisConnection() override;

  /// Begins to connect in the background. The first call does it too.
  void start() override;
  /// Waits until the first attempt to connect has ended, well or not.
  void await_started() override;
  void stop() noexcept override;
  [[nodiscard]] Health health() const override;

  [[nodiscard]] RedisScript make_script(std::string text) const override;
  [[nodiscard]] std::unique_ptr<IRedisSubscription> subscribe(RedisSubscriber subscriber) override;

  /// The numbers of the shared connection; what goes over lent ones is not counted.
  [[nodiscard]] std::vector<RedisEndpointStatistics> endpoint_statistics() const override;

  /// Connections at this moment that are lent or kept for lending; the shared one and those of subscriptions
  /// are not counted.
  [[nodiscard]] std::size_t lent_connections() const;

  [[nodiscard]] const redis::ConnectionHandle* connection_handle() const noexcept override;

 protected:
  Result<RedisValue> do_call(const RedisCommand& command, const std::stop_token& stop) override;
  std::vector<Result<RedisValue>> do_pipeline(std::span<const RedisCommand> commands,
                                              std::optional<std::chrono::milliseconds> timeout) override;
  Result<std::unique_ptr<IRedisSession>> do_open_session(
      std::optional<std::chrono::milliseconds> timeout) override;
  Result<RedisValue> do_run(const RedisScript& script, std::span<const ByteView> keys,
                            std::span<const ByteView> arguments,
                            std::optional<std::chrono::milliseconds> timeout) override;

 private:
  class Inner;
  std::shared_ptr<Inner> inner_;
};

}  // namespace cachesite
