#pragma once

#include <cachesite/bytes.hpp>
#include <cachesite/component.hpp>
#include <cachesite/detail/redis_information.hpp>
#include <cachesite/redis_command.hpp>
#include <cachesite/redis_session.hpp>
#include <cachesite/redis_subscription.hpp>
#include <cachesite/redis_value.hpp>
#include <cachesite/result.hpp>
#include <cachesite/time_span.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <initializer_list>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

namespace cachesite {

namespace redis {
struct ConnectionHandle;
}

/// A Redis server for programs that need more of it than a cache: any command, pipelines, transactions,
/// scripts, subscriptions and commands that wait. Several caches and other components can share one.
///
/// Every call ends by its deadline: the `timeout` of the command, or else the time that the component is set
/// to. No command is sent twice unless it says that this does no harm (`RedisCommand::repeatable`), or the
/// server cannot have seen the first. A failure after sending has `Outcome::unknown`: the command may or may
/// not have been done.
///
/// Failures: `timeout`; `unreachable` when there is no connection; `refused` when the server answers with an
/// error, whose words are the message; `protocol` and `too_large` for an answer that is none or beyond the
/// limits, whereupon the connection is replaced; `bad_argument`; `closed` after `stop()`. No call throws but
/// where it says so. All calls are safe from any thread.
class IRedis : public Interface<IRedis, "IRedis"> {
 public:
  /// Sends a command and waits for its answer.
  ///
  /// Usual commands of all threads share connections and are written together. A command that waits at the
  /// server (`BLPOP`, `XREAD ... BLOCK` ...) goes over a connection of its own; its deadline is its own
  /// waiting time and the usual time together, or none when it waits forever, and a request of `stop` ends it
  /// at once with `closed` and `Outcome::unknown`: an element that the server hands out at that very moment
  /// is lost. Commands that change what a connection is (`SELECT`, `MULTI`, `WATCH`, `SUBSCRIBE`, `CLIENT
  /// REPLY`
  /// ...) are refused with `bad_argument`: see `open_session` and `subscribe`.
  Result<RedisValue> call(const RedisCommand& command, const std::stop_token& stop = {}) noexcept;

  /// `call` for a command that is answered by a number.
  Result<std::int64_t> integer(const RedisCommand& command, const std::stop_token& stop = {}) noexcept;
  /// `call` for a command that is answered by text or nothing.
  Result<std::optional<std::string>> text(const RedisCommand& command,
                                          const std::stop_token& stop = {}) noexcept;

  /// Sends all commands in one go, over a connection of their own, and waits for all answers. There is one
  /// result for each command, in their order. When the connection ends half way, the answers that came are
  /// kept; of the rest each tells by its outcome whether it was sent. The commands' own timeouts do not
  /// count: `timeout`, at least 1 ms, is for all of them together, or else the time that the component is set
  /// to. Throws std::bad_alloc when there is no memory for the results.
  std::vector<Result<RedisValue>> pipeline(std::span<const RedisCommand> commands,
                                           std::optional<TimeSpan> timeout = {});

  /// A connection for the caller alone. There are at most `max_connections` of them; when all are in use this
  /// waits for one, until `timeout` (at least 1 ms) has passed.
  Result<std::unique_ptr<IRedisSession>> open_session(std::optional<TimeSpan> timeout = {}) noexcept;

  /// What a transaction does: reads what it needs through the session, and returns the commands to be done in
  /// one step, or an Error to give up.
  using TransactionBody = std::function<Result<std::vector<RedisCommand>>(IRedisSession& session)>;

  /// Runs an optimistic transaction: watches `keys`, calls `body`, and does the commands it returns if nobody
  /// has changed a key meanwhile. Otherwise it starts over, `attempts` times in all; a result that is not
  /// `committed` means that every attempt met a conflict. An Error of `body` is returned as it is.
  Result<RedisTransaction> transact(std::span<const std::string_view> keys, const TransactionBody& body,
                                    std::size_t attempts = 1) noexcept;
  Result<RedisTransaction> transact(std::initializer_list<std::string_view> keys, const TransactionBody& body,
                                    std::size_t attempts = 1) noexcept;
  /// Does all commands in one step.
  Result<RedisTransaction> transact(std::span<const RedisCommand> commands) noexcept;

  /// Makes a script of a Lua text; does not talk to the server. Throws std::bad_alloc.
  [[nodiscard]] virtual RedisScript make_script(std::string text) const = 0;

  /// Runs a script. Its text is sent only when the server does not have it yet (EVALSHA, then EVAL). An error
  /// of the script itself has `Outcome::unknown`, since what the script did before stays done.
  Result<RedisValue> run(const RedisScript& script, std::span<const ByteView> keys,
                         std::span<const ByteView> arguments, std::optional<TimeSpan> timeout = {}) noexcept;
  Result<RedisValue> run(const RedisScript& script, std::initializer_list<ByteView> keys,
                         std::initializer_list<ByteView> arguments,
                         std::optional<TimeSpan> timeout = {}) noexcept;

  /// Subscribes and returns at once; the connection is made in the background and kept up until the
  /// subscription is stopped or destroyed, or this component is stopped. Throws std::invalid_argument when
  /// there is neither a channel nor a pattern, and std::system_error when there are no means for it.
  [[nodiscard]] virtual std::unique_ptr<IRedisSubscription> subscribe(RedisSubscriber subscriber) = 0;

  /// What the server says about itself; `section` is one of INFO's sections, or empty for the usual ones.
  Result<RedisInformation> information(std::string_view section = {}) noexcept;

  /// What the caches of this library use when their `connection` is this component; it lives as long as the
  /// component. Null when they cannot: an implementation that wraps another passes on what that one gives,
  /// and any other leaves this as it is.
  [[nodiscard]] virtual const redis::ConnectionHandle* connection_handle() const noexcept { return nullptr; }

 protected:
  // What an implementation provides. An exception that escapes becomes a failure, as with ICache.
  virtual Result<RedisValue> do_call(const RedisCommand& command, const std::stop_token& stop) = 0;
  virtual std::vector<Result<RedisValue>> do_pipeline(std::span<const RedisCommand> commands,
                                                      std::optional<std::chrono::milliseconds> timeout) = 0;
  virtual Result<std::unique_ptr<IRedisSession>> do_open_session(
      std::optional<std::chrono::milliseconds> timeout) = 0;
  virtual Result<RedisValue> do_run(const RedisScript& script, std::span<const ByteView> keys,
                                    std::span<const ByteView> arguments,
                                    std::optional<std::chrono::milliseconds> timeout) = 0;
};

}  // namespace cachesite
