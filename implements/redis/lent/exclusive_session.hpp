#pragma once

#include "redis/lent/exclusive_pool.hpp"

#include <cachesite/redis.hpp>

#include <chrono>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cachesite::redis {

/// A session on a connection of the pool.
class ExclusiveSession final : public IRedisSession {
 public:
  ExclusiveSession(std::shared_ptr<ExclusivePool> pool, ExclusivePool::Lease lease,
                   std::chrono::milliseconds patience, std::string place);
  ~ExclusiveSession() override;

  Result<RedisValue> call(const RedisCommand& command) noexcept override;
  std::vector<Result<RedisValue>> pipeline(std::span<const RedisCommand> commands) override;
  Status watch(std::span<const std::string_view> keys) noexcept override;
  Result<RedisTransaction> execute(std::span<const RedisCommand> commands) noexcept override;
  Status discard() noexcept override;

 private:
  Result<RedisValue> send(const RedisCommand& command);
  std::optional<Error> check(const RedisCommand& command);

  std::shared_ptr<ExclusivePool> pool_;
  ExclusivePool::Lease lease_;
  const std::chrono::milliseconds patience_;
  const std::string place_;
  bool watching_ = false;
  bool changed_ = false;  // the connection is not as it was
};

}  // namespace cachesite::redis
