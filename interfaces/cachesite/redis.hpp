#pragma once

#include <cachesite/bytes.hpp>
#include <cachesite/component.hpp>
#include <cachesite/detail/async_call_names.hpp>
#include <cachesite/detail/redis_information.hpp>
#include <cachesite/detail/redis_value.hpp>
#include <cachesite/detail/time_span.hpp>
#include <cachesite/error.hpp>
#include <cachesite/redis_command.hpp>
#include <cachesite/result.hpp>

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

/// A published message. The views are valid during the callback.
struct RedisMessage {
  std::string_view channel;
  /// The pattern that matched; empty for a channel subscribed by its name.
  std::string_view pattern;
  /// Any bytes.
  std::string_view payload;
};

/// A period in which messages were missed.
struct RedisGap {
  /// Why the connection was lost.
  Error reason;
  /// From the detected loss until the server confirmed every subscription again.
  std::chrono::milliseconds length;
};

/// What to subscribe to, and functions for the events. A thread of the subscription calls them one at a time,
/// in the order of events; each may be empty. They should return soon: the server disconnects a slow
/// subscriber, which then has a gap. Their exceptions are logged and ignored.
struct RedisSubscriber {
  /// Names of channels.
  std::vector<std::string> channels;
  /// Patterns of names, such as `news.*`.
  std::vector<std::string> patterns;

  std::function<void(const RedisMessage& message)> on_message;
  /// The connection was lost, or the first attempt to connect failed; it is being replaced.
  std::function<void(const Error& reason)> on_lost;
  /// Everything is subscribed again after a loss: messages of the gap never arrive. Called before any message
  /// of the new connection.
  std::function<void(const RedisGap& gap)> on_gap;
};

/// A subscription that repairs itself: it has its own connection, checks it while no messages arrive, and
/// after a loss connects and subscribes again, with growing pauses, until it is stopped. Safe from any
/// thread.
class IRedisSubscription {
 public:
  /// Stops.
  virtual ~IRedisSubscription() = default;

  /// Ends the subscription at once; no function of the subscriber is called afterwards. Called from one of
  /// these functions, it takes effect when that returns. Idempotent.
  virtual void stop() noexcept = 0;

  /// True while the server has confirmed every channel and pattern and the connection holds.
  [[nodiscard]] virtual bool active() const noexcept = 0;

  /// Waits until `active()`. False when `limit` passes first or the subscription is stopped.
  virtual bool wait_until_active(TimeSpan limit) noexcept = 0;
};

/// The result of a successful transaction.
struct RedisTransaction {
  /// False when somebody else changed a watched key first: then nothing was executed.
  bool committed = false;
  /// The answers to the commands, in their order; empty unless committed. An element may be an error: Redis
  /// still executes the other commands of the transaction.
  std::vector<RedisValue> replies;
};

/// A connection for one caller, for commands that belong together, such as transactions. Destroy it to return
/// the connection. Use it from one thread at a time.
///
/// When the connection ends, this call and every later one fails: the server has lost the state of the
/// session, so nothing is repeated.
class IRedisSession {
 public:
  virtual ~IRedisSession() = default;

  /// Sends a command and waits for its answer. An error of the server is a failure with `ErrorCode::refused`
  /// and its text. Commands with more than one answer (`SUBSCRIBE`, `MONITOR` ...) are refused with
  /// `bad_argument`.
  virtual Result<RedisValue> call(const RedisCommand& command) noexcept = 0;

  /// Sends all commands at once. One result for each, in their order; see `IRedis::pipeline`.
  virtual std::vector<Result<RedisValue>> pipeline(std::span<const RedisCommand> commands) = 0;

  /// Watches keys: the next `execute` does nothing if somebody changes one of them after this call.
  virtual Status watch(std::span<const std::string_view> keys) noexcept = 0;

  /// Executes all commands atomically: MULTI, the commands and EXEC, sent together. A conflict with a watched
  /// key is not a failure: see `RedisTransaction::committed`. Fails with `refused`, without any effect, when
  /// the server does not know or permit one of the commands, and with `bad_argument`, before anything is
  /// sent, when one of them cannot be part of a transaction. When the server refuses MULTI itself, the commands
  /// may have been executed one by one: `refused` with Outcome::unknown. After an answer the keys are no longer
  /// watched; after `bad_argument` they still are.
  virtual Result<RedisTransaction> execute(std::span<const RedisCommand> commands) noexcept = 0;

  /// Stops watching keys without executing anything.
  virtual Status discard() noexcept = 0;
};

namespace redis {
struct ConnectionHandle;
}

/// A Redis server for programs that need more than a cache: any command, pipelines, transactions, scripts,
/// subscriptions and blocking commands. Several caches and other components can share one.
///
/// Every call ends by its deadline: the `timeout` of the command, or else `socket_timeout` of the component.
/// No command is sent twice unless it is marked `RedisCommand::repeatable`, or the server cannot have seen
/// the first. A failure after sending has `Outcome::unknown`: the command may have been executed.
///
/// Failures: `timeout`; `unreachable` when there is no connection; `refused` when the server answers with an
/// error, whose text is the message; `protocol` and `too_large` for an invalid answer or one beyond the
/// limits, after which the connection is replaced; `bad_argument`; `closed` after `stop()`. No call throws
/// unless its comment says so. All calls are safe from any thread.
class IRedis : public Interface<IRedis, "IRedis"> {
 public:
  /// Sends a command and waits for its answer.
  ///
  /// Ordinary commands of all threads share connections and are written together. A blocking command
  /// (`BLPOP`, `XREAD ... BLOCK` ...) uses its own connection; its deadline is its blocking time plus the
  /// usual time, or none when it blocks forever, and `stop` ends it at once with `closed` and
  /// `Outcome::unknown`: an element that the server returns at that moment is lost. Commands that change the
  /// state of a connection (`SELECT`, `MULTI`, `WATCH`, `SUBSCRIBE`, `CLIENT REPLY` ...) are refused with
  /// `bad_argument`: see `open_session` and `subscribe`.
  Result<RedisValue> call(const RedisCommand& command, const std::stop_token& stop = {}) noexcept;

  /// `call` for a command whose answer is a number.
  Result<std::int64_t> integer(const RedisCommand& command, const std::stop_token& stop = {}) noexcept;
  /// `call` for a command whose answer is text or nil.
  Result<std::optional<std::string>> text(const RedisCommand& command,
                                          const std::stop_token& stop = {}) noexcept;

  /// Sends all commands at once, over one connection of their own, and waits for all answers. There is one
  /// result for each command, in their order. When the connection ends early, the received answers are kept;
  /// the outcomes of the others say whether they were sent. The commands' own timeouts are ignored: `timeout`
  /// (at least 1 ms), or else `socket_timeout` of the component, is for all of them together. Throws
  /// std::bad_alloc when there is no memory for the results.
  std::vector<Result<RedisValue>> pipeline(std::span<const RedisCommand> commands,
                                           std::optional<TimeSpan> timeout = {});

  /// A connection for this caller only. There are at most `max_connections` of them; when all are in use,
  /// this waits for one, at most `timeout` (at least 1 ms).
  Result<std::unique_ptr<IRedisSession>> open_session(std::optional<TimeSpan> timeout = {}) noexcept;

  /// The body of a transaction: reads through the session, and returns the commands to execute atomically, or
  /// an Error to give up.
  using TransactionBody = std::function<Result<std::vector<RedisCommand>>(IRedisSession& session)>;

  /// Runs an optimistic transaction: watches `keys`, calls `body`, and executes its commands if nobody has
  /// changed a key meanwhile. Otherwise it starts over, `attempts` times in total; a result that is not
  /// `committed` means that every attempt had a conflict. An Error of `body` is returned unchanged.
  Result<RedisTransaction> transact(std::span<const std::string_view> keys, const TransactionBody& body,
                                    std::size_t attempts = 1) noexcept;
  Result<RedisTransaction> transact(std::initializer_list<std::string_view> keys, const TransactionBody& body,
                                    std::size_t attempts = 1) noexcept;
  /// Executes all commands atomically.
  Result<RedisTransaction> transact(std::span<const RedisCommand> commands) noexcept;

  /// Makes a script from a Lua text; does not ask the server. Throws std::bad_alloc.
  [[nodiscard]] virtual RedisScript make_script(std::string text) const = 0;

  /// Runs a script. Its text is sent only if the server does not have it yet (EVALSHA, then EVAL). An error
  /// of the script itself has `Outcome::unknown`, since the changes it made before are kept.
  Result<RedisValue> run(const RedisScript& script, std::span<const ByteView> keys,
                         std::span<const ByteView> arguments, std::optional<TimeSpan> timeout = {}) noexcept;
  Result<RedisValue> run(const RedisScript& script, std::initializer_list<ByteView> keys,
                         std::initializer_list<ByteView> arguments,
                         std::optional<TimeSpan> timeout = {}) noexcept;

  // The asynchronous calls; include <cachesite/async_call.hpp> to use them. Their arguments have to be valid
  // until the call has begun; nothing of them is read later. The patience of the options, or else that of the
  // command, or else `socket_timeout` is for the whole call. A call that was cancelled fails with `closed`; when
  // it was sent it may have been executed, and the connection stays. While there is no connection the call
  // waits as `call` does. After `stop()`, and when the component is destroyed, all calls end with `closed`.

  /// `call` for programs that do not wait. A blocking command (`BLPOP` ...) fails with `unsupported`: call it
  /// on a thread. With `max_waiting` calls in line, further ones fail with `refused`.
  ///
  ///     auto reply = co_await redis->async_call({"GET", key});
  [[nodiscard]] AsyncCall<Result<RedisValue>> async_call(
      const RedisCommand& command, const CallOptions& options = detail::usual_call_options);

  /// `run` for programs that do not wait.
  [[nodiscard]] AsyncCall<Result<RedisValue>> async_run(
      const RedisScript& script, std::span<const ByteView> keys, std::span<const ByteView> arguments,
      const CallOptions& options = detail::usual_call_options);
  [[nodiscard]] AsyncCall<Result<RedisValue>> async_run(
      const RedisScript& script, std::initializer_list<ByteView> keys,
      std::initializer_list<ByteView> arguments, const CallOptions& options = detail::usual_call_options);

  /// `pipeline` for programs that do not wait. The commands share a connection with others, and are sent next to
  /// each other with nothing between them. When the connection ends before all answers, they are sent again only
  /// if all of them are repeatable. Throws std::bad_alloc.
  [[nodiscard]] AsyncCall<std::vector<Result<RedisValue>>> async_pipeline(
      std::span<const RedisCommand> commands, const CallOptions& options = detail::usual_call_options);

  /// Subscribes and returns at once; the connection is made in the background and kept until the subscription
  /// is stopped or destroyed, or this component is stopped. Throws std::invalid_argument without a channel or
  /// a pattern, and std::system_error when no thread can be started.
  [[nodiscard]] virtual std::unique_ptr<IRedisSubscription> subscribe(RedisSubscriber subscriber) = 0;

  /// The answer to INFO; `section` is one of its sections, or empty for the default ones.
  Result<RedisInformation> information(std::string_view section = {}) noexcept;

  /// The connection for caches of this library whose `connection` is this component; valid as long as the
  /// component. Null when they cannot share it. An implementation that wraps another returns the handle of
  /// that one; any other does not override this.
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

  using AsyncAnswer = detail::AsyncOperationOf<Result<RedisValue>>;
  using AsyncAnswers = detail::AsyncOperationOf<Result<std::vector<Result<RedisValue>>>>;
  // What an implementation provides that has an asynchronous form: each makes an operation that is begun next.
  // Null: the call is not offered, `unsupported`.
  virtual std::unique_ptr<AsyncAnswer> do_make_call(const RedisCommand& command,
                                                    std::optional<std::chrono::milliseconds> patience);
  virtual std::unique_ptr<AsyncAnswer> do_make_run(const RedisScript& script, std::span<const ByteView> keys,
                                                   std::span<const ByteView> arguments,
                                                   std::optional<std::chrono::milliseconds> patience);
  virtual std::unique_ptr<AsyncAnswers> do_make_pipeline(std::span<const RedisCommand> commands,
                                                         std::optional<std::chrono::milliseconds> patience);
};

/// The whole database behind a component that talks to Redis. RedisCache offers it beside ICache:
///
///     - class: RedisCache
///       entries:
///         - {interface: ICache, name: sessions}
///         - {interface: IRedisDatabase, name: sessions}
///
/// A program that only uses caches does not need it: `ICache::clear` removes the entries of one cache.
class IRedisDatabase : public Interface<IRedisDatabase, "IRedisDatabase"> {
 public:
  /// **Destroys everything in the database**: the keys of every prefix, of every cache, and of every other
  /// program that uses the same database of the same server; on a cluster, everything on all its masters.
  /// This cannot be undone. The server frees the memory in the background (`FLUSHDB ASYNC`). After a failure
  /// on one master of a cluster, other masters may already be empty.
  virtual Status flush_database() noexcept = 0;
};

}  // namespace cachesite
