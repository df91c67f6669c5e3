#pragma once

#include <cachesite/component_context.hpp>
#include <cachesite/detail/redis_client_options.hpp>
#include <cachesite/redis.hpp>

#include <memory>

namespace cachesite::redis {

/// The connection of a component that works with Redis: its own, which starts and stops with it, or another
/// component's.
class RedisClient {
 public:
  RedisClient(const RedisClientOptions& options, const ComponentContext& context);

  void start() const;
  void await_started() const;
  void stop() const noexcept;
  [[nodiscard]] bool reachable() const;
  [[nodiscard]] Health health() const { return redis_->health(); }
  [[nodiscard]] const std::shared_ptr<IRedis>& redis() const noexcept { return redis_; }

 private:
  std::shared_ptr<IRedis> redis_;
  bool own_;
};

}  // namespace cachesite::redis
