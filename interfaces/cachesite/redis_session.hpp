#pragma once

#include <cachesite/redis_command.hpp>
#include <cachesite/redis_value.hpp>
#include <cachesite/result.hpp>

#include <span>
#include <string_view>
#include <vector>

namespace cachesite {

/// How a transaction ended that did not fail.
struct RedisTransaction {
  /// False when a watched key was changed by somebody else first: then nothing was done.
  bool committed = false;
  /// The answers to the commands, in their order; empty unless committed. An element may be an error: Redis
  /// does the other commands of the transaction all the same.
  std::vector<RedisValue> replies;
};

/// A connection that its holder has alone, for commands that belong together: transactions above all. Destroy
/// it to give the connection back. Use it from one thread at a time.
///
/// When the connection ends, the call fails and so does every later one: what the server knew about the
/// session is gone, so nothing is sent again here.
class IRedisSession {
 public:
  virtual ~IRedisSession() = default;

  /// Sends a command and waits for its answer. An error of the server is a failure with
  /// `ErrorCode::refused` and the server's words. Commands after which a server sends more than one answer
  /// (`SUBSCRIBE`, `MONITOR` ...) are refused with `bad_argument`.
  virtual Result<RedisValue> call(const RedisCommand& command) noexcept = 0;

  /// Sends all commands at once. One result for each, in their order; see `IRedis::pipeline`.
  virtual std::vector<Result<RedisValue>> pipeline(std::span<const RedisCommand> commands) = 0;

  /// Watches keys: the next `execute` does nothing if somebody changes one of them from now on.
  virtual Status watch(std::span<const std::string_view> keys) noexcept = 0;

  /// Does all commands in one step that nobody can come between: MULTI, the commands and EXEC, sent together.
  /// A conflict with a watched key is no failure: see `RedisTransaction::committed`. Fails with `refused` and
  /// without any effect when the server does not know or permit one of the commands, and with `bad_argument`
  /// before anything is sent when one of them cannot be part of a transaction. The keys are no longer watched
  /// once the transaction was sent and answered; after `bad_argument` they still are.
  virtual Result<RedisTransaction> execute(std::span<const RedisCommand> commands) noexcept = 0;

  /// Gives the watched keys up without doing anything.
  virtual Status discard() noexcept = 0;
};

}  // namespace cachesite
