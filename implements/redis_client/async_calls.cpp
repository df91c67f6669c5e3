#include "redis_client/async_calls.hpp"

#include <cachesite/async_call.hpp>

#include <utility>

namespace cachesite::redis {

namespace {

CallOptions options_of(std::optional<std::chrono::milliseconds> patience, const std::stop_token& stop) {
  CallOptions options;
  options.patience = patience;
  options.stop = stop;
  return options;
}

}  // namespace

coroutines::Routine<Result<RedisValue>> call_without_thread(IRedis& redis, const RedisCommand& command,
                                                            std::optional<std::chrono::milliseconds> patience,
                                                            std::stop_token stop) {
  auto call = redis.async_call(command, options_of(patience, stop));
  auto reply = co_await std::move(call);
  co_return reply;
}

coroutines::Routine<Result<RedisValue>> run_without_thread(IRedis& redis, const RedisScript& script,
                                                           std::vector<std::string> keys,
                                                           std::vector<std::string> arguments,
                                                           std::optional<std::chrono::milliseconds> patience,
                                                           std::stop_token stop) {
  const std::vector<ByteView> key_views(keys.begin(), keys.end());
  const std::vector<ByteView> argument_views(arguments.begin(), arguments.end());
  auto call = redis.async_run(script, key_views, argument_views, options_of(patience, stop));
  auto reply = co_await std::move(call);
  co_return reply;
}

}  // namespace cachesite::redis
