#pragma once

#include "coroutines/routine.hpp"

#include <cachesite/redis.hpp>

#include <chrono>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace cachesite::redis {

/// A command that is sent without a thread that waits. Nothing of the command is read once that waits for its answer.
/// Whoever awaits it keeps the connection.
coroutines::Routine<Result<RedisValue>> call_without_thread(IRedis& redis, const RedisCommand& command,
                                                            std::optional<std::chrono::milliseconds> patience,
                                                            std::stop_token stop);

/// A script that is run without a thread that waits, with the keys and arguments that are given. Whoever awaits it
/// keeps the connection and the script.
coroutines::Routine<Result<RedisValue>> run_without_thread(IRedis& redis, const RedisScript& script,
                                                           std::vector<std::string> keys,
                                                           std::vector<std::string> arguments,
                                                           std::optional<std::chrono::milliseconds> patience,
                                                           std::stop_token stop);

}  // namespace cachesite::redis
