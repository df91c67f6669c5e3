#pragma once

#include "coroutines/pause.hpp"
#include "coroutines/routine.hpp"

#include <cachesite/redis.hpp>

#include <chrono>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

namespace cachesite::queue {

/// How a routine asks the server: with a thread that waits for each answer, so that the routine ends at once, or
/// without one. Used by one routine.
class ServerAccess {
 public:
  using Answer = coroutines::Routine<Result<RedisValue>>;

  virtual Answer call(const RedisCommand& command, std::stop_token stop) = 0;
  virtual Answer run(const RedisScript& script, std::vector<std::string> keys,
                     std::vector<std::string> arguments) = 0;
  /// How long a command may wait at the server that would like to wait for `longest`; 0: not at all.
  [[nodiscard]] virtual std::chrono::milliseconds wait_at_server(
      std::chrono::milliseconds longest) const noexcept = 0;
  /// Lets time pass where commands do not wait at the server, at most `longest`.
  virtual coroutines::Routine<Status> pause(std::chrono::milliseconds longest, std::stop_token stop) = 0;

 protected:
  ~ServerAccess() = default;
};

/// With a thread.
class ThreadAccess final : public ServerAccess {
 public:
  explicit ThreadAccess(IRedis& redis) noexcept : redis_(redis) {}

  Answer call(const RedisCommand& command, std::stop_token stop) override;
  Answer run(const RedisScript& script, std::vector<std::string> keys,
             std::vector<std::string> arguments) override;
  [[nodiscard]] std::chrono::milliseconds wait_at_server(
      std::chrono::milliseconds longest) const noexcept override {
    return longest;
  }
  coroutines::Routine<Status> pause(std::chrono::milliseconds longest, std::stop_token stop) override;

 private:
  IRedis& redis_;
};

/// Without a thread, up to a time and, for scripts, a stop. Commands that wait at the server would need a connection each: instead it is
/// asked again and again, with pauses that grow to `longest_pause`.
class AwaitingAccess final : public ServerAccess {
 public:
  using TimePoint = coroutines::TimePoint;
  static constexpr std::chrono::milliseconds longest_pause{32};

  AwaitingAccess(IRedis& redis, std::optional<std::chrono::milliseconds> patience, std::stop_token stop = {});

  Answer call(const RedisCommand& command, std::stop_token stop) override;
  Answer run(const RedisScript& script, std::vector<std::string> keys,
             std::vector<std::string> arguments) override;
  [[nodiscard]] std::chrono::milliseconds wait_at_server(std::chrono::milliseconds) const noexcept override {
    return std::chrono::milliseconds(0);
  }
  coroutines::Routine<Status> pause(std::chrono::milliseconds longest, std::stop_token stop) override;

 private:
  [[nodiscard]] std::optional<std::chrono::milliseconds> left() const noexcept;

  IRedis& redis_;
  coroutines::Pause pause_;
  const TimePoint end_;
  const std::stop_token stop_;
  std::chrono::milliseconds next_pause_{1};
};

/// The key, or argument, of a script that has one.
[[nodiscard]] inline std::vector<std::string> one_key(const std::string& key) {
  return {key};
}

}  // namespace cachesite::queue
