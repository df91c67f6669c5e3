#include "queue/server_access.hpp"

#include "redis_client/async_calls.hpp"

#include <cachesite/detail/time_span.hpp>

#include <algorithm>
#include <utility>

namespace cachesite::queue {

using std::chrono::milliseconds;

ServerAccess::Answer ThreadAccess::call(const RedisCommand& command, std::stop_token stop) {
  co_return redis_.call(command, stop);
}

ServerAccess::Answer ThreadAccess::run(const RedisScript& script, std::vector<std::string> keys,
                                       std::vector<std::string> arguments) {
  const std::vector<ByteView> key_views(keys.begin(), keys.end());
  const std::vector<ByteView> argument_views(arguments.begin(), arguments.end());
  co_return redis_.run(script, key_views, argument_views);
}

coroutines::Routine<Status> ThreadAccess::pause(milliseconds, std::stop_token) {
  co_return Done{};
}

AwaitingAccess::AwaitingAccess(IRedis& redis, std::optional<milliseconds> patience, std::stop_token stop)
    : redis_(redis),
      pause_(coroutines::LoopAccess::of(redis)),
      end_(patience ? pause_.now() + std::min(*patience, TimeSpan::longest) : TimePoint::max()),
      stop_(std::move(stop)) {}

std::optional<milliseconds> AwaitingAccess::left() const noexcept {
  if (end_ == TimePoint::max()) return std::nullopt;
  return std::max(std::chrono::ceil<milliseconds>(end_ - pause_.now()), milliseconds(1));
}

ServerAccess::Answer AwaitingAccess::call(const RedisCommand& command, std::stop_token stop) {
  return redis::call_without_thread(redis_, command, left(), std::move(stop));
}

ServerAccess::Answer AwaitingAccess::run(const RedisScript& script, std::vector<std::string> keys,
                                         std::vector<std::string> arguments) {
  return redis::run_without_thread(redis_, script, std::move(keys), std::move(arguments), left(), stop_);
}

coroutines::Routine<Status> AwaitingAccess::pause(milliseconds longest, std::stop_token stop) {
  co_await pause_.until(pause_.now() + std::min(longest, next_pause_), stop);
  next_pause_ = std::min(next_pause_ * 2, longest_pause);
  co_return Done{};
}

}  // namespace cachesite::queue
