#pragma once

#include <cachesite/component_context.hpp>
#include <cachesite/redis.hpp>
#include <cachesite/redis_user_options.hpp>

#include <memory>

namespace cachesite::redis {

/// The connection of a component that works with Redis: its own, which starts and stops with it, or another
/// component's.
class RedisUser {
 public:
  RedisUser(const RedisUserOptions& options, const ComponentContext& context);

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

/// True for a failure that may be over the next time: the server is away, slow, or starting.
[[nodiscard]] bool is_temporary(const Error& error) noexcept;

}  // namespace cachesite::redis
