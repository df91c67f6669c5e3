#pragma once

#include "redis/base/deadline.hpp"
#include "redis/transport/exclusive_connection.hpp"
#include "redis/wire/reply.hpp"

#include <cachesite/error.hpp>
#include <cachesite/redis_command.hpp>

#include <chrono>
#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace cachesite::redis {

/// What became of commands that were sent together over a connection.
struct PipelineResult {
  std::vector<Reply> replies;  // of the first commands, as far as they came
  std::size_t sent = 0;        // commands that the server may have seen
  std::optional<Error> failure;

  /// Why a command has no reply.
  [[nodiscard]] Error failure_of(std::size_t index) const {
    return failure->with(index < sent ? Outcome::unknown : Outcome::not_done);
  }
};

/// Sends all commands at once and reads their answers. After a failure the connection is of no use. `place`
/// names the server in the failure.
[[nodiscard]] PipelineResult run_pipeline(ExclusiveConnection& connection,
                                          std::span<const RedisCommand> commands, CallTime time,
                                          const std::string& place);

}  // namespace cachesite::redis
