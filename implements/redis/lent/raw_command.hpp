#pragma once

#include "redis/wire/command.hpp"
#include "redis/wire/reply.hpp"

#include <cachesite/detail/redis_value.hpp>
#include <cachesite/redis_command.hpp>
#include <cachesite/result.hpp>

#include <chrono>
#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

namespace cachesite::redis {

/// What a command of a user asks of the connection that carries it.
enum class CommandNature : std::uint8_t {
  usual,      // one answer at once: may share a connection
  waiting,    // the answer may take as long as the command says
  stateful,   // changes what later commands on the connection mean
  streaming,  // is not answered by exactly one answer
};

[[nodiscard]] CommandNature nature_of(const RedisCommand& command);

/// How long a waiting command may keep the server waiting; none when without end.
[[nodiscard]] std::optional<std::chrono::milliseconds> waiting_time(const RedisCommand& command);

/// What is wrong with a command whatever it does; none when nothing is.
[[nodiscard]] std::optional<Error> check_command(const RedisCommand& command);

/// A command in the form that connections take. It points into the user's command.
class RawCommand {
 public:
  explicit RawCommand(const RedisCommand& command);
  [[nodiscard]] Command command() const noexcept { return {arguments_, every_kind, repeatable_}; }

 private:
  static constexpr ReplyKinds every_kind = 0xFF;
  std::vector<Argument> arguments_;
  bool repeatable_;
};

/// The answer as users see it; an error within a list stays an element.
[[nodiscard]] RedisValue to_value(Reply&& reply);
/// The answer to `command`; an error becomes a failure.
[[nodiscard]] Result<RedisValue> to_result(Reply&& reply, const RedisCommand& command);
/// The same for a command of which only is known whether it runs a script, or the like, whose error may come
/// after part of its work.
[[nodiscard]] Result<RedisValue> to_result(Reply&& reply, bool runs_script);
[[nodiscard]] bool runs_script(const RedisCommand& command);

}  // namespace cachesite::redis
