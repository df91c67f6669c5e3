#include "redis_client/redis_client.hpp"

#include <cachesite/redis_connection.hpp>

namespace cachesite::redis {

RedisClient::RedisClient(const RedisClientOptions& options, const ComponentContext& context)
    : redis_(options.connection.component()), own_(!options.connection.is_set()) {
  if (own_) redis_ = std::make_shared<RedisConnection>(RedisConnectionComponentOptions(options), context);
}

void RedisClient::start() const {
  if (own_) redis_->start();
}

void RedisClient::await_started() const {
  if (own_) redis_->await_started();
}

void RedisClient::stop() const noexcept {
  if (own_) redis_->stop();
}

bool RedisClient::reachable() const {
  return redis_->call(RedisCommand("PING").repeatable()).ok();
}

}  // namespace cachesite::redis
